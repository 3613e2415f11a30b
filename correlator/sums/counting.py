"""Days of some jobs counted from the stored attempts: whole months, or some days with all of the runs that touch them.

Either way a month sees the attempts that began in it or within a week of it, so both give the same counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Select, and_, or_, select, union

from correlator.history.building import build_history
from correlator.history.columns import IS_FAILURE, NEVER, History
from correlator.store.arrow import fetch_columns
from correlator.store.frames import STRADDLE
from correlator.store.schema import runs
from correlator.store.shaping import column_types, shaped
from correlator.sums.touched import DAY
from correlator.tables.checking import empty_frame
from correlator.tables.frames import NO_TIME, Tables
from correlator.tables.layout import CHANGES, INCIDENTS, METRICS, RUNS
from correlator.text.months import bounds

IntArray = NDArray[np.int64]
Stream = tuple[str, str]
"""Tenant and job."""
Days = dict[int, tuple[int, ...]]
"""By day of the month, of the runs whose first attempts began on it: those whose first attempt ended as success,
failure or time-out; those of them that failed first; those that needed a retry; attempts beyond the first; µs burnt."""
_NOT_NEEDED: Final = frozenset({"error", "service", "host", "tags"})
_TYPES: Final = {name: kind for name, kind in column_types(RUNS).items() if name not in _NOT_NEEDED}
_MOST_DAYS: Final = 32
FEW: Final = 100
"""Of so many jobs each is read for itself."""


@dataclass(frozen=True)
class Counted:
    """`loose`: jobs with attempts of which only their neighbours tell what they are retries of: some days alone do not
    tell their counts."""

    days: dict[Stream, Days]
    loose: frozenset[Stream]


def count(connection: Connection, month: str, wanted: Select[Any], several: bool) -> Counted:
    """The days of what `month_of_jobs` or `days_of_jobs` selects. `several`: whether runs come from more than one
    source."""
    columns = fetch_columns(connection, _newest(wanted) if several else wanted, list(_TYPES.values()))
    metrics, changes, incidents = (empty_frame(layout) for layout in (METRICS, CHANGES, INCIDENTS))
    history = build_history(Tables(shaped(columns, RUNS), metrics, changes, incidents), NEVER)
    return Counted(dict(_counted(history, *bounds(month))), frozenset(_loose(history)))


def month_of_jobs(month: str, streams: Collection[Stream]) -> Select[Any]:
    """The attempts of these jobs in the month and a week around it. Of a few jobs each is a walk along the index of its
    own; of many all of their tenants' are read in the order of time, in which they were stored."""
    begin, end = bounds(month)
    inside = (runs.c.started_at >= begin - STRADDLE, runs.c.started_at < end + STRADDLE)
    each = or_(*(and_(runs.c.job == job, runs.c.tenant == tenant, *inside) for tenant, job in streams))
    every = and_(*inside, runs.c.tenant.concat("").in_(sorted({tenant for tenant, _ in streams})))
    return select(*(runs.c[name] for name in _TYPES)).where(each if len(streams) <= FEW else every)


def days_of_jobs(month: str, days: Mapping[Stream, Collection[int]]) -> Select[Any]:
    """The attempts of these jobs on these days, and the others of the same runs in the month and a week around it.

    Nothing but the run's own key is left to an index: databases like to go through all of a job's month instead, once
    for each attempt.
    """
    begin, end = bounds(month)
    near, own = runs.alias("near"), (runs.c.source, runs.c.run_id)
    inside = or_(*(_on(near, stream, begin, some) for stream, some in days.items()))
    start, bare = runs.c.started_at + 0, runs.c.logical_run_id.concat("")
    whole = (start >= begin - STRADDLE, start < end + STRADDLE)
    same_job = and_(runs.c.job.concat("") == near.c.job, runs.c.tenant.concat("") == near.c.tenant)
    by_id = and_(runs.c.logical_run_id == near.c.logical_run_id, near.c.logical_run_id != "", same_job)
    place = and_(runs.c.job == near.c.job, runs.c.tenant == near.c.tenant)
    by_plan = and_(place, runs.c.scheduled_at == near.c.scheduled_at, near.c.logical_run_id == "", bare == "")
    every = union(
        select(near.c.source, near.c.run_id).where(inside),
        *(select(*own).select_from(near.join(runs, same)).where(inside, *whole) for same in (by_id, by_plan)),
    ).subquery("every")
    found = and_(every.c.source == runs.c.source, every.c.run_id == runs.c.run_id)
    return select(*(runs.c[name] for name in _TYPES)).select_from(every.join(runs, found))


def _on(table: Any, stream: Stream, begin: int, days: Collection[int]) -> Any:
    tenant, job = stream
    spans = [(begin + (first - 1) * DAY, begin + last * DAY) for first, last in _spans(sorted(days))]
    mine = (table.c.job == job, table.c.tenant == tenant)
    return or_(*(and_(*mine, table.c.started_at >= one[0], table.c.started_at < one[1]) for one in spans))


def _spans(days: list[int]) -> Iterator[tuple[int, int]]:
    """Days that follow on each other, as first and last."""
    first = last = days[0]
    for day in days[1:]:
        if day != last + 1:
            yield first, last
            first = day
        last = day
    yield first, last


def _newest(statement: Select[Any]) -> Select[Any]:
    """Without attempts that another source revised later, be it under another job or tenant."""
    other = runs.alias("other")
    later = or_(
        other.c.revised_at > runs.c.revised_at,
        and_(other.c.revised_at == runs.c.revised_at, other.c.source > runs.c.source),
    )
    same = and_(other.c.run_id == runs.c.run_id, other.c.source != runs.c.source)
    return statement.where(~select(other.c.run_id).where(same, later).exists())


def _names(history: History) -> list[Stream]:
    pairs = zip(history.stream_tenant.tolist(), history.stream_job.tolist(), strict=True)
    return [(history.tenants[tenant], history.jobs[job]) for tenant, job in pairs]


def _loose(history: History) -> Iterator[Stream]:
    """Jobs with attempts that have neither a logical id nor a schedule."""
    frame, names = history.tables.runs, _names(history)
    row = history.attempts.row
    bare = (frame["logical_run_id"].to_numpy()[row] == "") & (frame["scheduled_at"].to_numpy(np.int64)[row] == NO_TIME)
    run = np.repeat(np.arange(len(history.runs.size)), history.runs.size)[bare]
    for stream in np.unique(np.searchsorted(history.stream_start, run, side="right") - 1).tolist():
        yield names[stream]


def _counted(history: History, begin: int, end: int) -> Iterator[tuple[Stream, Days]]:
    of, burnt = history.runs, _burnt(history)
    inside = (of.start >= begin) & (of.start < end)
    stream = np.searchsorted(history.stream_start, np.arange(len(of.start)), side="right") - 1
    place = (stream * _MOST_DAYS + (of.start - begin) // DAY + 1)[inside]
    columns = (of.counted, of.failed & of.counted, of.recovered, of.size - 1, burnt)
    sums = [_summed(place, column[inside], len(history.stream_tenant)) for column in columns]
    some = np.any([one != 0 for one in sums], axis=0)
    names = _names(history)
    for number in np.flatnonzero(some.any(axis=1)).tolist():
        days = np.flatnonzero(some[number]).tolist()
        yield names[number], {day: tuple(int(one[number, day]) for one in sums) for day in days}


def _summed(place: IntArray, values: NDArray[Any], streams: int) -> IntArray:
    """By stream and day. Whole numbers stay whole."""
    total = np.zeros(streams * _MOST_DAYS, np.int64)
    np.add.at(total, place, values.astype(np.int64))
    return total.reshape(streams, _MOST_DAYS)


def _burnt(history: History) -> IntArray:
    """Of each run the time that attempts took which failed and whose end is recorded, in µs."""
    attempts = history.attempts
    recorded = history.tables.runs["finished_at"].to_numpy(np.int64)[attempts.row] != NO_TIME
    lost = np.where(IS_FAILURE[attempts.status] & recorded, attempts.end - attempts.start, 0)
    total: IntArray = np.add.reduceat(lost, history.runs.first) if len(lost) else lost
    return total
