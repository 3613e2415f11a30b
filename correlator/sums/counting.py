"""A month of some jobs, counted day by day from the stored attempts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Select, and_, or_, select

from correlator.history import IS_FAILURE, NEVER, History, build_history, run_id_of
from correlator.months import bounds
from correlator.store.arrow import fetch_columns
from correlator.store.frames import STRADDLE
from correlator.store.schema import runs
from correlator.store.shaping import column_types, shaped
from correlator.sums.touched import DAY
from correlator.tables.checking import empty_frame
from correlator.tables.frames import NO_TIME, Tables
from correlator.tables.layout import CHANGES, INCIDENTS, METRICS, RUNS

IntArray = NDArray[np.int64]
Stream = tuple[str, str]
"""Tenant and job."""
_NOT_NEEDED: Final = frozenset({"error", "service", "host", "tags"})
_TYPES: Final = {name: kind for name, kind in column_types(RUNS).items() if name not in _NOT_NEEDED}


@dataclass(frozen=True)
class Month:
    """What the runs of one job did whose first attempts began in the month. `runs`: those whose first attempt ended as
    success, failure or time-out. By day of the month: these, those that failed first, and the ids of the latter."""

    runs: int = 0
    failed_first: int = 0
    needed_retry: int = 0
    extra_attempts: int = 0
    burnt_us: int = 0
    by_day: dict[int, tuple[int, int]] = field(default_factory=dict)
    failed: dict[int, frozenset[str]] = field(default_factory=dict)


def count_month(connection: Connection, month: str, streams: Sequence[Stream], several: bool) -> dict[Stream, Month]:
    """The sums of these jobs. `several`: whether runs come from more than one source. Jobs without runs are left
    out."""
    columns = fetch_columns(connection, attempts_of(month, streams, several), list(_TYPES.values()))
    metrics, changes, incidents = (empty_frame(layout) for layout in (METRICS, CHANGES, INCIDENTS))
    history = build_history(Tables(shaped(columns, RUNS), metrics, changes, incidents), NEVER)
    return dict(_counted(history, *bounds(month)))


def attempts_of(month: str, streams: Sequence[Stream], several: bool) -> Select[Any]:
    """The attempts of these jobs in the month and a week around it."""
    begin, end = bounds(month)
    wanted = _of_streams(streams, begin - STRADDLE, end + STRADDLE)
    statement = select(*(runs.c[name] for name in _TYPES)).where(wanted)
    return _newest(statement) if several else statement


def _of_streams(streams: Sequence[Stream], begin: int, end: int) -> Any:
    """The stretch of time stands in each branch, so that each is one walk along the index."""
    inside = (runs.c.started_at >= begin, runs.c.started_at < end)
    return or_(*(and_(runs.c.job == job, runs.c.tenant == tenant, *inside) for tenant, job in streams))


def _newest(statement: Select[Any]) -> Select[Any]:
    """Without attempts that another source revised later, be it under another job or tenant."""
    other = runs.alias("other")
    later = or_(
        other.c.revised_at > runs.c.revised_at,
        and_(other.c.revised_at == runs.c.revised_at, other.c.source > runs.c.source),
    )
    same = and_(other.c.run_id == runs.c.run_id, other.c.source != runs.c.source)
    return statement.where(~select(other.c.run_id).where(same, later).exists())


def _counted(history: History, begin: int, end: int) -> Iterator[tuple[Stream, Month]]:
    burnt = _burnt(history)
    for stream, (tenant, job) in enumerate(zip(history.stream_tenant, history.stream_job, strict=True)):
        rows = history.runs_of(stream)
        start = history.runs.start[rows]
        mine = np.arange(rows.start, rows.stop)[(start >= begin) & (start < end)]
        if len(mine):
            yield (history.tenants[tenant], history.jobs[job]), _month(history, mine, burnt, begin)


def _burnt(history: History) -> IntArray:
    """Of each run the time that attempts took which failed and whose end is recorded, in µs."""
    attempts = history.attempts
    recorded = history.tables.runs["finished_at"].to_numpy(np.int64)[attempts.row] != NO_TIME
    lost = np.where(IS_FAILURE[attempts.status] & recorded, attempts.end - attempts.start, 0)
    total: IntArray = np.add.reduceat(lost, history.runs.first) if len(lost) else lost
    return total


def _month(history: History, mine: IntArray, burnt: IntArray, begin: int) -> Month:
    of = history.runs
    day = (of.start[mine] - begin) // DAY + 1
    counted, failed = of.counted[mine], (of.failed & of.counted)[mine]
    runs_a_day, failed_a_day = np.bincount(day[counted], minlength=32), np.bincount(day[failed], minlength=32)
    days = np.flatnonzero(runs_a_day).tolist()
    return Month(
        runs=int(counted.sum()),
        failed_first=int(failed.sum()),
        needed_retry=int(of.recovered[mine].sum()),
        extra_attempts=int((of.size[mine] - 1).sum()),
        burnt_us=int(burnt[mine].sum()),
        by_day={one: (int(runs_a_day[one]), int(failed_a_day[one])) for one in days},
        failed=_ids(history, mine[failed], day[failed]),
    )


def _ids(history: History, failed: IntArray, day: IntArray) -> dict[int, frozenset[str]]:
    found: dict[int, set[str]] = {}
    for run, one in zip(failed.tolist(), day.tolist(), strict=True):
        found.setdefault(one, set()).add(run_id_of(history, run))
    return {one: frozenset(ids) for one, ids in found.items()}
