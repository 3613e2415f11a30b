"""What became of findings: one row a step, only ever added, never changed or taken out."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, Select, and_, func, insert, select, text
from sqlalchemy.engine import RowMapping

from correlator.model.documents import parsed
from correlator.store.database import reading, writing
from correlator.store.facts import dumped, put
from correlator.store.kinds import Row
from correlator.store.schema import finding_events as table
from correlator.store.schema import finding_watches, findings
from correlator.text.times import micros, moment


@dataclass(frozen=True, slots=True)
class FindingEvent:
    """One step in the life of a finding. `at`: when it was entered; `as_of`: up to when the history was known that it
    rests on (event time). `number` counts the finding's events from 1; 0 until it is stored."""

    finding_id: str
    at: datetime
    as_of: datetime
    step: str
    actor: str
    machine: bool
    reason: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    number: int = 0


_KEY: Final = ("finding_id", "number")
_NOT_KEY: Final = ("at", "as_of", "machine", "actor", "step", "reason", "details")

Decide = Callable[[tuple[FindingEvent, ...]], Sequence[FindingEvent]]
"""From the events that stand to those that are to be added; raises where that must not be."""


def append_events(engine: Engine, finding_id: str, decide: Decide) -> tuple[FindingEvent, ...]:
    """Add what `decide` says and give all events of the finding. Nobody else adds to them meanwhile."""
    with writing(engine) as connection:
        _lock(connection, finding_id)
        before = tuple(_event(row) for row in connection.execute(_of(finding_id)).mappings())
        added = tuple(decide(before))
        if added:
            connection.execute(insert(table), [_row(one, len(before) + n) for n, one in enumerate(added, 1)])
        return tuple(_event(row) for row in connection.execute(_of(finding_id)).mappings())


def events_of(engine: Engine, finding_id: str) -> tuple[FindingEvent, ...]:
    """The finding's events in their order."""
    with reading(engine) as connection:
        return tuple(_event(row) for row in connection.execute(_of(finding_id)).mappings())


def events_of_all(engine: Engine, finding_ids: Collection[str]) -> dict[str, tuple[FindingEvent, ...]]:
    """The events of these findings in their order, by id; findings without any are left out."""
    if not finding_ids:
        return {}
    wanted = table.c.finding_id.in_(sorted(finding_ids))
    return _grouped(engine, select(table).where(wanted).order_by(table.c.finding_id, table.c.number))


def events_since(
    engine: Engine, steps: Sequence[str], since: datetime, most: int
) -> list[tuple[FindingEvent, str, str]]:
    """(event, tenant, job) of the latest events of these steps entered at or after `since`, the newest first."""
    wanted = (table.c.step.in_(list(steps)), table.c.at >= micros(since))
    joined = select(table, findings.c.tenant, findings.c.job).join(findings, findings.c.id == table.c.finding_id)
    statement = joined.where(*wanted).order_by(table.c.at.desc(), table.c.finding_id, table.c.number.desc())
    with reading(engine) as connection:
        rows = connection.execute(statement.limit(most)).mappings()
        return [(_event(row), row["tenant"], row["job"]) for row in rows]


def all_events(engine: Engine, but_first_only: bool = False) -> dict[str, tuple[FindingEvent, ...]]:
    """The events of every finding, by its id; with `but_first_only` without findings of which nothing followed on the
    first."""
    statement = select(table).order_by(table.c.finding_id, table.c.number)
    if but_first_only:
        more = select(table.c.finding_id).where(table.c.number == 2)
        statement = statement.where(table.c.finding_id.in_(more))
    return _grouped(engine, statement)


def events_with(engine: Engine, step: str) -> dict[str, tuple[FindingEvent, ...]]:
    """All events of the findings that ever took this step, by id: people do little, machines mark much."""
    took = select(table.c.finding_id).where(table.c.step == step)
    return _grouped(
        engine, select(table).where(table.c.finding_id.in_(took)).order_by(table.c.finding_id, table.c.number)
    )


def _grouped(engine: Engine, statement: Select[Any]) -> dict[str, tuple[FindingEvent, ...]]:
    found: dict[str, list[FindingEvent]] = {}
    with reading(engine) as connection:
        for row in connection.execute(statement).mappings().all():
            found.setdefault(row["finding_id"], []).append(_event(row))
    return {key: tuple(events) for key, events in found.items()}


def unmarked(engine: Engine) -> list[tuple[str, datetime, dict[str, Any]]]:
    """Of systemic findings that stand and have no event yet: id, when they were looked at last, and document."""
    known = select(table.c.finding_id)
    wanted = and_(findings.c.verdict == "systemic", findings.c.gone_at.is_(None), findings.c.id.not_in(known))
    statement = select(findings.c.id, findings.c.updated_at, findings.c.document).where(wanted).order_by(findings.c.id)
    with reading(engine) as connection:
        return [(row.id, moment(row.updated_at), json.loads(row.document)) for row in connection.execute(statement)]


def append_first(engine: Engine, events: Sequence[FindingEvent]) -> None:
    """Add the first event of each of these findings, where nobody was quicker."""
    with writing(engine) as connection:
        put(connection, table, [_row(event, 1) for event in events], keys=_KEY, keep=_NOT_KEY)


def standing_at(engine: Engine, steps: Sequence[str]) -> list[str]:
    """The ids of findings whose last event, answers apart, is one of these steps."""
    with reading(engine) as connection:
        return sorted(connection.execute(_last_events(steps).with_only_columns(table.c.finding_id)).scalars())


def systemic_at(engine: Engine, steps: Sequence[str]) -> Iterator[tuple[str, datetime, dict[str, Any]]]:
    """Of systemic findings that stand and whose last event, answers apart, is one of these steps: id, `as_of` of that
    event, and document. They are read one after the other: there can be as many as there ever were."""
    said = (findings.c.verdict == "systemic") & findings.c.gone_at.is_(None)
    joined = _last_events(steps).join(findings, findings.c.id == table.c.finding_id).where(said)
    statement = joined.with_only_columns(table.c.finding_id, table.c.as_of, findings.c.document)
    with reading(engine) as connection:
        for row in connection.execute(statement.order_by(table.c.finding_id)):
            yield row.finding_id, moment(row.as_of), json.loads(row.document)


def _last_events(steps: Sequence[str]) -> Select[Any]:
    """The last events of findings, answers apart, that are one of these steps."""
    last = select(table.c.finding_id, func.max(table.c.number).label("number")).where(table.c.step != "answer")
    newest = last.group_by(table.c.finding_id).subquery()
    same = and_(newest.c.finding_id == table.c.finding_id, newest.c.number == table.c.number)
    return select(table).join(newest, same).where(table.c.step.in_(steps))


def keep_count(engine: Engine, finding_id: str, as_of: datetime, document: Mapping[str, Any]) -> None:
    """What a look counted of the runs since a fix; the last one is kept."""
    row = {"finding_id": finding_id, "as_of": micros(as_of), "document": dumped(dict(document))}
    with writing(engine) as connection:
        put(connection, finding_watches, [row], keys=("finding_id",))


def last_count(engine: Engine, finding_id: str) -> tuple[datetime, dict[str, Any]] | None:
    """What the last look counted, and up to when; None where no look has watched the finding."""
    statement = select(finding_watches).where(finding_watches.c.finding_id == finding_id)
    with reading(engine) as connection:
        row = connection.execute(statement).mappings().first()
    return None if row is None else (moment(row["as_of"]), json.loads(row["document"]))


def _lock(connection: Connection, finding_id: str) -> None:
    """SQLite has the one write lock; PostgreSQL needs to be told."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(8, hashtext(:id))"), {"id": finding_id})


def _of(finding_id: str) -> Select[Any]:
    return select(table).where(table.c.finding_id == finding_id).order_by(table.c.number)


def _row(event: FindingEvent, number: int) -> Row:
    return {
        "finding_id": event.finding_id,
        "number": number,
        "at": micros(event.at),
        "as_of": micros(event.as_of),
        "machine": event.machine,
        "actor": event.actor,
        "step": event.step,
        "reason": event.reason,
        "details": dumped(dict(event.details)),
    }


def _event(row: RowMapping) -> FindingEvent:
    texts = {name: row[name] for name in ("finding_id", "step", "actor", "reason", "number")}
    return FindingEvent(
        at=moment(row["at"]),
        as_of=moment(row["as_of"]),
        machine=bool(row["machine"]),
        details=parsed(row["details"]),
        **texts,
    )
