"""What the Incident pages ask: incidents, what was noted beside them, and the findings that may explain one.

Every question is bounded: by a number of rows over an index, or by a stretch of time around the incident.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Engine, Row, Select, and_, func, or_, select

from correlator.explaining import EARLIEST, LATEST
from correlator.model import Finding, Incident, Verdict
from correlator.store.database import reading
from correlator.store.schema import changes, findings, incident_entries, incidents, monitor_transitions, runs
from correlator.store.times import micros, moment

INCIDENTS_SHOWN: Final = 50
OPEN_WITHIN: Final = timedelta(days=30)
EARLIER_SHOWN: Final = 10
MOST_EVENTS: Final = 200
MOST_CANDIDATES: Final = 100
_TEXTS: Final = ("title", "service", "urgency", "job", "url", "status", "priority")


@dataclass(frozen=True, slots=True)
class Stored:
    """An incident and the source that told it."""

    source: str
    incident: Incident


@dataclass(frozen=True, slots=True)
class Event:
    """Something on the incident's clock; kind: `opened`, `resolved`, `log entry`, `alert`, `change`, `monitor`.

    `job` is "" where the event names none."""

    at: datetime
    kind: str
    text: str
    source: str
    job: str = ""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page of the list goes on: at the incidents before this one."""

    created_at: datetime
    incident_id: str


def incidents_before(engine: Engine, cursor: Cursor | None = None) -> list[Stored]:
    """The newest incidents before the cursor, the newest first; at most INCIDENTS_SHOWN and one, which tells that
    there are more."""
    statement = select(incidents)
    if cursor is not None:
        at = micros(cursor.created_at)
        same = and_(incidents.c.created_at == at, incidents.c.incident_id < cursor.incident_id)
        statement = statement.where(incidents.c.created_at <= at, or_(incidents.c.created_at < at, same))
    return _stored(engine, _newest_first(statement).limit(INCIDENTS_SHOWN + 1))


def open_incidents(engine: Engine) -> list[Stored]:
    """Those not resolved, of the last days up to the newest incident, the newest first."""
    with reading(engine) as connection:
        newest = connection.execute(select(func.max(incidents.c.created_at))).scalar()
    if newest is None:
        return []
    lately = incidents.c.created_at >= micros(moment(newest) - OPEN_WITHIN)
    still = select(incidents).where(lately, incidents.c.resolved_at.is_(None))
    return _stored(engine, _newest_first(still).limit(INCIDENTS_SHOWN))


def incidents_named(engine: Engine, names: Sequence[str], source: str | None = None) -> list[Stored]:
    """Those with one of these ids, of this source or of any."""
    statement = select(incidents).where(incidents.c.incident_id.in_(names))
    if source is not None:
        statement = statement.where(incidents.c.source == source)
    return _stored(engine, statement.order_by(incidents.c.source))


def earlier_of_job(engine: Engine, incident: Incident) -> list[Stored]:
    """The latest incidents of the same job and tenant before this one."""
    if not incident.job:
        return []
    same = (incidents.c.job == incident.job) & (incidents.c.tenant == incident.tenant)
    before = incidents.c.created_at < micros(incident.created_at)
    return _stored(engine, _newest_first(select(incidents).where(same, before)).limit(EARLIER_SHOWN))


def _newest_first(statement: Select[Any]) -> Select[Any]:
    return statement.order_by(incidents.c.created_at.desc(), incidents.c.incident_id.desc())


def _stored(engine: Engine, statement: Select[Any]) -> list[Stored]:
    with reading(engine) as connection:
        return [incident_of(row) for row in connection.execute(statement)]


def incident_of(row: Row[Any]) -> Stored:
    texts = {name: getattr(row, name) or None for name in _TEXTS}
    incident = Incident(
        incident_id=row.incident_id,
        created_at=moment(row.created_at),
        resolved_at=moment(row.resolved_at),
        tenant=row.tenant,
        **texts,
    )
    return Stored(row.source, incident)


# --- what was noted ----------------------------------------------------------------------------------------------


def events_of(engine: Engine, stored: Stored, start: datetime, end: datetime) -> list[Event]:
    """Opened, resolved, and the incident's own log whole; changes and monitors of `[start, end]`; oldest first."""
    incident = stored.incident
    found = [Event(incident.created_at, "opened", incident.title or "opened", stored.source)]
    if incident.resolved_at:
        found.append(Event(incident.resolved_at, "resolved", "resolved", stored.source))
    found += [*_entries(engine, stored), *_around(engine, incident.tenant, start, end)]
    return sorted(found, key=lambda event: (event.at, event.kind != "opened", event.text))


def _entries(engine: Engine, stored: Stored) -> Iterator[Event]:
    table = incident_entries
    own = (table.c.incident_id == stored.incident.incident_id) & (table.c.source == stored.source)
    statement = select(table).where(own).order_by(table.c.at, table.c.entry_id).limit(MOST_EVENTS)
    with reading(engine) as connection:
        for row in connection.execute(statement).all():
            yield Event(moment(row.at), row.kind.replace("_", " "), row.text, row.source)


def _around(engine: Engine, tenant: str, start: datetime, end: datetime) -> Iterator[Event]:
    with reading(engine) as connection:
        for table, kind in ((changes, "change"), (monitor_transitions, "monitor")):
            within = table.c.at.between(micros(start), micros(end))
            ours = table.c.tenant.in_(sorted({"", tenant})) if tenant else within
            for row in connection.execute(select(table).where(within, ours).order_by(table.c.at).limit(MOST_EVENTS)):
                text = f"{row.state}: {row.title}" if kind == "monitor" else row.title
                yield Event(moment(row.at), kind, text, row.source, row.job)


# --- what may explain it -----------------------------------------------------------------------------------------


def jobs_of_service(engine: Engine, incident: Incident) -> frozenset[str]:
    """Jobs that ran under the incident's service around its beginning."""
    if not incident.service:
        return frozenset()
    began = runs.c.started_at.between(micros(incident.created_at - LATEST), micros(incident.created_at + EARLIEST))
    ran = select(runs.c.job).where(began, runs.c.service == incident.service).distinct()
    with reading(engine) as connection:
        return frozenset(connection.execute(ran).scalars())


def systemic_findings(engine: Engine, jobs: Sequence[str], tenant: str) -> list[Finding]:
    """Systemic findings that stand about these jobs, of this tenant or (for "") of all, the latest said first."""
    wanted: ColumnElement[bool] = findings.c.job.in_(jobs) & findings.c.gone_at.is_(None)
    wanted &= findings.c.verdict == str(Verdict.SYSTEMIC)
    if tenant:
        wanted &= findings.c.tenant == tenant
    latest = select(findings.c.document).where(wanted).order_by(findings.c.updated_at.desc(), findings.c.id)
    with reading(engine) as connection:
        documents = connection.execute(latest.limit(MOST_CANDIDATES)).scalars().all()
    return [Finding.from_dict(json.loads(document)) for document in documents]
