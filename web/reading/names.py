"""From what somebody pasted to runs and jobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Row, select, tuple_

from correlator.model import Attempt
from correlator.store.database import reading
from correlator.store.schema import incidents, runs
from web.reading.runs import COLUMNS, as_attempts


def attempts_named(engine: Engine, names: Sequence[str]) -> list[Attempt]:
    """All attempts of the logical runs that one of the names (a run id or a logical run id) belongs to."""
    with reading(engine) as connection:
        named = runs.c.run_id.in_(names) | (runs.c.logical_run_id.in_(names) & (runs.c.logical_run_id != ""))
        found = connection.execute(select(*COLUMNS).where(named)).all()
        return as_attempts({row.run_id: row for row in [*found, *_siblings(connection, found)]}.values())


def _siblings(connection: Connection, found: Sequence[Row[Any]]) -> list[Row[Any]]:
    """The other attempts of the same scheduled runs: by logical run id, or by job, tenant and schedule."""
    logical = {row.logical_run_id for row in found if row.logical_run_id}
    planned = {(row.job, row.tenant, row.scheduled_at) for row in found if not row.logical_run_id and row.scheduled_at}
    key = tuple_(runs.c.job, runs.c.tenant, runs.c.scheduled_at)
    wanted = runs.c.logical_run_id.in_(logical) | ((runs.c.logical_run_id == "") & key.in_(planned))
    return list(connection.execute(select(*COLUMNS).where(wanted)))


def jobs_named(engine: Engine, names: Sequence[str]) -> list[tuple[str, str, str]]:
    """(name, tenant, job) for each name that is a job, or an incident of a job."""
    with reading(engine) as connection:
        jobs = connection.execute(select(runs.c.job, runs.c.tenant).where(runs.c.job.in_(names)).distinct()).all()
        of_incident = (incidents.c.incident_id.in_(names)) & (incidents.c.job != "")
        columns = (incidents.c.incident_id, incidents.c.tenant, incidents.c.job)
        hit = connection.execute(select(*columns).where(of_incident).distinct()).all()
    return sorted([(job, tenant, job) for job, tenant in jobs] + [(name, tenant, job) for name, tenant, job in hit])


def known_jobs(engine: Engine) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """All job names and all tenants, sorted, for the choice on the Check page."""
    with reading(engine) as connection:
        rows = connection.execute(select(runs.c.job, runs.c.tenant).distinct()).all()
    return tuple(sorted({job for job, _ in rows})), tuple(sorted({tenant for _, tenant in rows}))
