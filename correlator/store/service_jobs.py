"""Which jobs an incident that names none may be about."""

from __future__ import annotations

from sqlalchemy import Engine, select

from correlator.explaining import EARLIEST, LATEST
from correlator.model import Incident
from correlator.store.database import reading
from correlator.store.schema import runs
from correlator.store.times import micros


def jobs_around(engine: Engine, incident: Incident) -> frozenset[str]:
    """Jobs that ran under the incident's service around its beginning."""
    if not incident.service:
        return frozenset()
    began = runs.c.started_at.between(micros(incident.created_at - LATEST), micros(incident.created_at + EARLIEST))
    ran = select(runs.c.job).where(began, runs.c.service == incident.service).distinct()
    with reading(engine) as connection:
        return frozenset(connection.execute(ran).scalars())
