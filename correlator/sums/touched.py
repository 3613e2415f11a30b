"""Which days of which jobs have to be counted again: those of the runs that a written attempt is, or was, part of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, and_, func, or_, select

from correlator.store.frames import STRADDLE
from correlator.store.schema import fact_revisions, findings, runs
from correlator.store.sums import Key, Positions
from correlator.text.months import between, bounds, month_of

DAY: Final = 86_400_000_000
_LATE_CLOCK: Final = 600_000_000
"""Findings are told apart by when they were written; clocks of two machines may differ by so much (µs)."""
_AT_ONCE: Final = 200
_WRITES_AT_ONCE: Final = 500
"""Of a thousand rows or so each."""
_COLUMNS: Final = tuple(
    runs.c[name] for name in ("run_id", "tenant", "job", "started_at", "logical_run_id", "scheduled_at")
)
_T = TypeVar("_T")


@dataclass
class Touched:
    """`whole`: months to be counted from end to end; `days`: of others the days of the month."""

    whole: set[Key] = field(default_factory=set)
    days: dict[Key, set[int]] = field(default_factory=dict)

    def add(self, tenant: str, job: str, at: int) -> None:
        """The day of an attempt."""
        month = month_of(at)
        self.days.setdefault((month, tenant, job), set()).add((at - bounds(month)[0]) // DAY + 1)

    def add_whole(self, tenant: str, job: str, at: int) -> None:
        """The months whose sums depend on an attempt of which only its neighbours tell what it is a retry of."""
        self.whole |= {(month, tenant, job) for month in between(month_of(at - STRADDLE), month_of(at + STRADDLE))}

    def settled(self) -> Touched:
        """Without days of months that are counted as a whole."""
        return Touched(self.whole, {key: days for key, days in self.days.items() if key not in self.whole})


@dataclass(frozen=True, slots=True)
class Stretch:
    """Writes of a source: those after number `after`, up to `last`. After 0: all it has, as it was never counted."""

    source: str
    after: int
    last: int


def stretches(before: Positions, until: Mapping[str, int]) -> Iterator[Stretch]:
    """What was written after `before` up to `until`, in parts whose rows fit into memory well."""
    for source, last in until.items():
        first = before.written.get(source, 0)
        if first:
            for after in range(first, last, _WRITES_AT_ONCE):
                yield Stretch(source, after, min(after + _WRITES_AT_ONCE, last))
        elif last:
            yield Stretch(source, 0, last)


def touched(connection: Connection, stretch: Stretch, *, several: bool) -> Touched:
    """What the rows of a stretch concern. `several`: whether others tell of attempts too."""
    found, source = Touched(), stretch.source
    if stretch.after:
        written = and_(runs.c.source == source, runs.c.written > stretch.after, runs.c.written <= stretch.last)
        _of_rows(connection, _places(connection, source, written, several=several), found)
    else:
        _everything(connection, source, found, several=several)
    return found.settled()


def _everything(connection: Connection, source: str, found: Touched, *, several: bool) -> None:
    """A source that was never counted: all months that it has runs in, and those that others tell of the same
    attempts."""
    day = (runs.c.started_at // DAY).label("day")
    for row in connection.execute(select(runs.c.tenant, runs.c.job, day).where(runs.c.source == source).distinct()):
        found.whole.add((month_of(row.day * DAY), row.tenant, row.job))
    if not several:
        return
    other = runs.alias("other")
    same = and_(other.c.run_id == runs.c.run_id, other.c.source != runs.c.source)
    columns = (other.c.tenant, other.c.job, other.c.started_at)
    for tenant, job, at in connection.execute(select(*columns).join(runs, same).where(runs.c.source == source)):
        found.add_whole(tenant, job, at)


Place = tuple[str, str, str, int, str, int | None]
"""An attempt: id, tenant, job, start (µs), logical id, schedule (µs)."""


def _places(connection: Connection, source: str, written: Any, *, several: bool) -> list[Place]:
    """The rows that were written, what stood there before, and what other sources say about the same attempts."""
    places = [tuple(row) for row in connection.execute(select(*_COLUMNS).where(written))]
    revised = select(runs.c.run_id).where(written, runs.c.revised_at > runs.c.known_at)
    known = fact_revisions.c
    mine = (known.kind == "runs", known.source == source, known.fact_id.in_(revised))
    for content in connection.execute(select(known.content).where(*mine)).scalars():
        row = json.loads(content)
        places.append(tuple(row[column.name] for column in _COLUMNS))
    for part in _parts([place[0] for place in places]) if several else ():
        others = (runs.c.run_id.in_(part), runs.c.source != source)
        places += [tuple(row) for row in connection.execute(select(*_COLUMNS).where(*others))]
    return places


def _of_rows(connection: Connection, places: Iterable[Place], found: Touched) -> None:
    """The days of all attempts of the runs that these are part of."""
    logical, planned = set(), set()
    for _, tenant, job, at, logical_id, scheduled in places:
        if not logical_id and scheduled is None:
            found.add_whole(tenant, job, at)
            continue
        found.add(tenant, job, at)
        if logical_id:
            logical.add(logical_id)
        else:
            planned.add((tenant, job, scheduled))
    columns = (runs.c.tenant, runs.c.job, runs.c.started_at)
    for some in _parts(sorted(logical)):
        for row in connection.execute(select(*columns).where(runs.c.logical_run_id.in_(some))):
            found.add(*row)
    for keys in _parts(sorted(planned)):
        for row in connection.execute(select(*columns).where(or_(*map(_planned, keys)))):
            found.add(*row)


def _planned(key: tuple[str, str, int | None]) -> Any:
    tenant, job, at = key
    return and_(runs.c.job == job, runs.c.tenant == tenant, runs.c.scheduled_at == at, runs.c.logical_run_id == "")


def _parts(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    return (items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE))


def judged(connection: Connection, since: int, window: tuple[int, int]) -> set[Key]:
    """The months, in the `window` (µs) of looks, of findings that were written, or went, since then."""
    months, begin = list(between(month_of(window[0]), month_of(window[1]))), max(since - _LATE_CLOCK, 0)
    new = or_(findings.c.updated_at >= begin, findings.c.gone_at >= begin)
    rows = connection.execute(select(findings.c.tenant, findings.c.job).where(new)).all()
    return {(month, row.tenant, row.job) for row in rows for month in months}


def newest_finding(connection: Connection) -> int:
    """When a finding was last written (µs); 0 where there is none."""
    return connection.execute(select(func.max(findings.c.updated_at))).scalar() or 0
