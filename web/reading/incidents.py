"""What the Incident pages ask: incidents, what was noted beside them, and the findings that may explain one.

Every question is bounded: by a number of rows over an index, or by a stretch of time around the incident.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, Select, Table, and_, func, or_, select

from correlator.incident_matching import EARLIEST, LATEST
from correlator.model import Finding, Incident, Verdict
from correlator.model.documents import parsed
from correlator.store.database import reading
from correlator.store.kinds import CHANGES, ENTRIES, INCIDENTS, TRANSITIONS
from correlator.store.schema import findings, incident_entries, incidents, runs
from correlator.text.times import micros, moment
from web.reading.known import standing

INCIDENTS_SHOWN: Final = 50
OPEN_WITHIN: Final = timedelta(days=30)
EARLIER_SHOWN: Final = 10
MOST_EVENTS: Final = 200
MOST_CANDIDATES: Final = 100
_TEXTS: Final = ("title", "service", "urgency", "job", "url", "status", "priority", "number")


@dataclass(frozen=True, slots=True)
class Stored:
    """An incident and the source that told it."""

    source: str
    incident: Incident


@dataclass(frozen=True, slots=True)
class Event:
    """Something on the incident's clock; kind: `opened`, `resolved`, `log entry`, `alert`, `change`, `monitor`.

    `job` is "" where the event names none; `known_at`: when it arrived, None where that is not asked."""

    at: datetime
    kind: str
    text: str
    source: str
    job: str = ""
    known_at: datetime | None = None


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


def incident_of(row: Any) -> Stored:
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


def as_known(engine: Engine, stored: Stored, by: datetime) -> Stored | None:
    """The incident as it stood at that moment; None before it had arrived."""
    own = (incidents.c.source == stored.source) & (incidents.c.incident_id == stored.incident.incident_id)
    with reading(engine) as connection:
        rows = standing(connection, INCIDENTS, own, by)
    return incident_of(rows[0]) if rows else None


def events_of(
    engine: Engine, stored: Stored, start: datetime, end: datetime, by: datetime | None = None
) -> list[Event]:
    """Opened, resolved, and the incident's own log whole; changes and monitors of `[start, end]`; oldest first.

    With `by`, as far as they had arrived at that moment, as they stood then."""
    told = stored if by is None else as_known(engine, stored, by)
    found = [] if told is None else _course(told)
    found += [*_entries(engine, stored, by), *_around(engine, stored.incident.tenant, start, end, by)]
    return sorted(found, key=lambda event: (event.at, event.kind != "opened", event.text))


def _course(stored: Stored) -> list[Event]:
    incident = stored.incident
    found = [Event(incident.created_at, "opened", incident.title or "opened", stored.source)]
    if incident.resolved_at:
        found.append(Event(incident.resolved_at, "resolved", "resolved", stored.source))
    return found


def _entries(engine: Engine, stored: Stored, by: datetime | None) -> Iterator[Event]:
    table = incident_entries
    own = (table.c.incident_id == stored.incident.incident_id) & (table.c.source == stored.source)
    with reading(engine) as connection:
        for row in standing(connection, ENTRIES, own, by, ("at", "entry_id"), MOST_EVENTS):
            kind = row.kind.replace("_", " ")
            yield Event(moment(row.at), kind, row.text, row.source, known_at=moment(row.known_at))


def _around(engine: Engine, tenant: str, start: datetime, end: datetime, by: datetime | None) -> Iterator[Event]:
    with reading(engine) as connection:
        for kind, word in ((CHANGES, "change"), (TRANSITIONS, "monitor")):
            table = kind.table
            within = table.c.at.between(micros(start), micros(end))
            ours = within & table.c.tenant.in_(sorted({"", tenant})) if tenant else within
            for row in standing(connection, kind, ours, by, ("at",), MOST_EVENTS):
                text = f"{row.state}: {row.title}" if word == "monitor" else row.title
                yield Event(moment(row.at), word, text, row.source, row.job, moment(row.known_at))


# --- when it arrived -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Arrival:
    """So many facts of a kind (`attempt`, `log entry`, ...) that arrived, or were corrected, at one moment."""

    at: datetime
    kind: str
    count: int


def arrivals_of(
    engine: Engine, stored: Stored, tenant: str, jobs: Sequence[str], start: datetime, end: datetime
) -> list[Arrival]:
    """When the incident and the attempts of these jobs in `[start, end]` arrived and changed; at most MOST_EVENTS
    moments of each."""
    incident = incidents.c.incident_id == stored.incident.incident_id
    ran = runs.c.job.in_(jobs) & runs.c.tenant.in_(sorted({"", tenant}))
    ran &= runs.c.started_at.between(micros(start), micros(end))
    with reading(engine) as connection:
        told = _arrived(connection, incidents, incident & (incidents.c.source == stored.source), "the incident")
        return told + (_arrived(connection, runs, ran, "attempt") if jobs else [])


def _arrived(connection: Connection, table: Table, wanted: ColumnElement[bool], kind: str) -> list[Arrival]:
    known, revised = table.c.known_at, table.c.revised_at
    found: Counter[int] = Counter()
    for column, which in ((known, wanted), (revised, wanted & (revised > known))):
        counts = select(column, func.count()).where(which).group_by(column).order_by(column).limit(MOST_EVENTS)
        found.update({row[0]: row[1] for row in connection.execute(counts)})
    return [Arrival(moment(at), kind, count) for at, count in sorted(found.items())]


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
    return [Finding.from_dict(parsed(document)) for document in documents]
