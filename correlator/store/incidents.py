"""Incidents, their entries and the services they are about."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Engine, select
from sqlalchemy.engine import RowMapping

from correlator.model import Incident
from correlator.ports import IncidentRelation
from correlator.store.database import reading
from correlator.store.schema import incident_relations, incidents
from correlator.text.times import micros, moment

_TEXTS: Final = ("title", "service", "urgency", "job", "url", "status", "priority", "number")


def get_incident(engine: Engine, incident_id: str, source: str | None = None) -> Incident | None:
    """One incident by the source's own id, of this source or of any."""
    statement = select(incidents).where(incidents.c.incident_id == incident_id).order_by(incidents.c.source)
    if source is not None:
        statement = statement.where(incidents.c.source == source)
    with reading(engine) as connection:
        row = connection.execute(statement).mappings().first()
    return None if row is None else _incident(row)


def list_incidents(
    engine: Engine, since: datetime | None = None, *, open_only: bool = False, source: str | None = None
) -> list[Incident]:
    """Incidents created at or after `since`, of this source or of any, oldest first."""
    statement = select(incidents).order_by(incidents.c.created_at, incidents.c.incident_id)
    if since is not None:
        statement = statement.where(incidents.c.created_at >= micros(since))
    if source is not None:
        statement = statement.where(incidents.c.source == source)
    if open_only:
        statement = statement.where(incidents.c.resolved_at.is_(None))
    with reading(engine) as connection:
        return [_incident(row) for row in connection.execute(statement).mappings()]


def relations_of(engine: Engine, incident_id: str) -> list[IncidentRelation]:
    """Incidents the vendor lays beside this one: the related ones first, the likest, then the newest."""
    table = incident_relations
    likest = (table.c.kind.desc(), table.c.score.desc().nulls_last(), table.c.at.desc().nulls_last(), table.c.other_id)
    statement = select(table).where(table.c.incident_id == incident_id).order_by(*likest)
    with reading(engine) as connection:
        return [
            IncidentRelation(
                row.incident_id, row.kind, row.other_id, moment(row.at), row.title or None, row.reason, row.score
            )
            for row in connection.execute(statement)
        ]


def _incident(row: RowMapping) -> Incident:
    texts = {name: row[name] or None for name in _TEXTS}
    return Incident(
        incident_id=row["incident_id"],
        created_at=moment(row["created_at"]),
        resolved_at=moment(row["resolved_at"]),
        tenant=row["tenant"],
        **texts,
    )
