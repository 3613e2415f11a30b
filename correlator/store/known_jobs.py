"""Which jobs ran where, how often and from when to when: kept with every write of runs, so that nobody has to go
through all runs to tell. `runs` counts stored attempts; `known_at` is when the last of them was written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, Select, func, select
from sqlalchemy.dialects import postgresql, sqlite

from correlator.store.database import reading
from correlator.store.kinds import Row
from correlator.store.schema import known_jobs as table
from correlator.text.times import moment

_KEY: Final = ("source", "job", "tenant")


@dataclass(frozen=True, slots=True)
class Reach:
    """How many attempts are stored of how many jobs, when the oldest and the newest of them began, and when the last
    was written."""

    runs: int
    jobs: int
    oldest: datetime
    newest: datetime
    known: datetime


def note_runs(
    connection: Connection, source: str, new: Iterable[Row], changed: Iterable[tuple[Row, Row]], known_at: int
) -> None:
    """Enter attempts that were written: new ones, and those (as they stood, as they stand) that were revised. Where an
    attempt moved, its old place keeps the times it had."""
    found: dict[tuple[str, str], list[int]] = {}
    for row in new:
        _count(found, row, 1)
    for before, after in changed:
        moved = (before["job"], before["tenant"]) != (after["job"], after["tenant"])
        if moved:
            _count(found, before, -1)
        _count(found, after, int(moved))
    written = {"source": source, "known_at": known_at}
    rows = [
        {"job": job, "tenant": tenant, "runs": runs, "oldest_at": oldest, "newest_at": newest} | written
        for (job, tenant), (runs, oldest, newest) in found.items()
    ]
    if rows:
        connection.execute(_statement(connection.dialect.name), rows)


def _count(found: dict[tuple[str, str], list[int]], row: Row, number: int) -> None:
    at = row["started_at"]
    entry = found.setdefault((row["job"], row["tenant"]), [0, at, at])
    entry[0] += number
    entry[1], entry[2] = min(entry[1], at), max(entry[2], at)


def _statement(dialect: str) -> Any:
    """Insert, or widen what stands; the smaller and greater of two have other names in each database."""
    kind: Any = postgresql if dialect == "postgresql" else sqlite
    least, greatest = (func.least, func.greatest) if dialect == "postgresql" else (func.min, func.max)
    statement = kind.insert(table)
    given = statement.excluded
    wider = {
        "runs": table.c.runs + given.runs,
        "oldest_at": least(table.c.oldest_at, given.oldest_at),
        "newest_at": greatest(table.c.newest_at, given.newest_at),
        "known_at": greatest(table.c.known_at, given.known_at),
    }
    return statement.on_conflict_do_update(index_elements=list(_KEY), set_=wider)


def reach_by_source(engine: Engine) -> dict[str, Reach]:
    """What is stored of each source of runs, by its name."""
    statement = _reach(table.c.source).group_by(table.c.source).order_by(table.c.source)
    with reading(engine) as connection:
        return {source: _as_reach(told) for source, *told in connection.execute(statement)}


def newest_by_source(engine: Engine, sources: Collection[str]) -> dict[str, tuple[datetime, datetime]]:
    """When the newest attempt of each of these sources began, and when the last of them was written, by name."""
    if not sources:
        return {}
    ends = select(table.c.source, func.max(table.c.newest_at), func.max(table.c.known_at))
    mine = ends.where(table.c.source.in_(sorted(sources))).group_by(table.c.source)
    with reading(engine) as connection:
        return {source: (moment(newest), moment(known)) for source, newest, known in connection.execute(mine)}


def reach(engine: Engine) -> Reach | None:
    """What is stored of all of them; None where no run is."""
    with reading(engine) as connection:
        told = connection.execute(_reach()).one()
    return _as_reach(told) if told[0] else None


def _reach(*columns: ColumnElement[Any]) -> Select[Any]:
    sums = (func.sum(table.c.runs), func.count(table.c.job.distinct()))
    ends = (func.min(table.c.oldest_at), func.max(table.c.newest_at), func.max(table.c.known_at))
    return select(*columns, *sums, *ends)


def _as_reach(told: Sequence[Any]) -> Reach:
    runs, jobs, *times = told
    return Reach(int(runs), jobs, *(moment(at) for at in times))
