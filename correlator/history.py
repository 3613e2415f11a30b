"""A history as columns: attempts grouped into logical runs, as far as they were known at one moment.

A *stream* is one job of one tenant. Runs are sorted by stream and due time, attempts by run and start, so that a
stream is a slice of the runs and a run is a slice of the attempts; everything else is array arithmetic on these.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from correlator.model import Status
from correlator.tables.frames import MICROSECONDS, NO_TIME, Tables

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

NEVER: Final = int(np.iinfo(np.int64).max)
"""The ready time of a run that never passed: later than any real time."""

STATUSES: Final = tuple(Status)
_CODE: Final = {status: code for code, status in enumerate(STATUSES)}
SUCCESS, RUNNING = _CODE[Status.SUCCESS], _CODE[Status.RUNNING]
FAILED_CODES: Final = np.array([_CODE[Status.FAILED], _CODE[Status.TIMED_OUT]])
TIMED_OUT: Final = _CODE[Status.TIMED_OUT]


@dataclass(frozen=True)
class Attempts:
    """One entry an attempt, sorted by run and start. `end` is `NO_TIME` while it runs; `row` is its row in the table."""

    start: IntArray
    end: IntArray
    status: NDArray[np.int8]
    number: NDArray[np.int32]
    row: IntArray


@dataclass(frozen=True)
class Runs:
    """One entry a logical run, sorted by stream and due time.

    `failed`: whether the first attempt failed or timed out (or is missing although a later one stands
    there, `hidden`). `counted`: the first attempt ended as success, failure or time-out, so the run is part of the
    denominators. `ready` is when its first passing attempt finished, `NEVER` if none did.
    """

    due: IntArray
    start: IntArray
    first_end: IntArray
    ready: IntArray
    failed: BoolArray
    counted: BoolArray
    hidden: BoolArray
    recovered: BoolArray
    first: IntArray
    size: IntArray


@dataclass(frozen=True)
class History:
    """Streams, runs and attempts by `as_of` (µs). `stream_start` has one entry more than there are streams."""

    as_of: int
    tables: Tables
    tenants: tuple[str, ...]
    jobs: tuple[str, ...]
    stream_tenant: IntArray
    stream_job: IntArray
    stream_start: IntArray
    runs: Runs
    attempts: Attempts

    def stream(self, tenant: int, job: str) -> int | None:
        """The number of the stream of this tenant code and job name, None when it has no runs."""
        return self._streams.get((tenant, job))

    @cached_property
    def _streams(self) -> dict[tuple[int, str], int]:
        pairs = zip(self.stream_tenant.tolist(), self.stream_job.tolist(), strict=True)
        return {(tenant, self.jobs[job]): number for number, (tenant, job) in enumerate(pairs)}

    def runs_of(self, stream: int) -> slice:
        return slice(int(self.stream_start[stream]), int(self.stream_start[stream + 1]))


def build_history(tables: Tables, as_of: int) -> History:
    """Group the attempts known at `as_of` (µs) into runs. See the table contract for what groups them."""
    frame = tables.runs
    started = frame["started_at"].to_numpy(np.int64)
    row = np.flatnonzero(started <= as_of)
    start = started[row]
    status, end = _as_known(frame, row, as_of)
    tenant, tenants = _codes(frame["tenant"], row)
    job, jobs = _codes(frame["job"], row)
    stream = tenant * max(len(jobs), 1) + job
    number = frame["attempt"].to_numpy(np.int32)[row]
    scheduled = frame["scheduled_at"].to_numpy(np.int64)[row]
    end = _impute_ends(stream, start, end, status)
    kind, key = _run_keys(frame["logical_run_id"], row, stream, start, end, status, number, scheduled)
    order = np.lexsort((row, number, start, key, kind, stream))
    new = np.ones(len(order), bool)
    for column in (stream, kind, key):
        new[1:] &= column[order][1:] == column[order][:-1]
    new[1:] = ~new[1:]
    first = np.flatnonzero(new)
    due = _due(scheduled[order], start[order], first)
    again = np.lexsort((start[order][first], due, stream[order][first]))
    size = np.diff(np.append(first, len(order)))
    order = order[_expand(first[again], size[again])]
    first = np.concatenate(([0], np.cumsum(size[again])[:-1])) if len(first) else first
    attempts = Attempts(start[order], end[order], status[order], number[order], row[order])
    runs = _summarise(attempts, first.astype(np.int64), size[again], due[again])
    run_stream = stream[order][runs.first]
    numbers, begins = np.unique(run_stream, return_index=True)
    return History(
        as_of=as_of,
        tables=tables,
        tenants=tenants,
        jobs=jobs,
        stream_tenant=numbers // max(len(jobs), 1),
        stream_job=numbers % max(len(jobs), 1),
        stream_start=np.append(begins, len(run_stream)).astype(np.int64),
        runs=runs,
        attempts=attempts,
    )


def _as_known(frame: pd.DataFrame, row: IntArray, as_of: int) -> tuple[NDArray[np.int8], IntArray]:
    """Status codes and ends: what had not finished by then is running, whatever its row says."""
    categories = frame["status"].cat.categories
    lookup = np.array([_CODE[Status(name)] for name in categories], dtype=np.int8)
    status = lookup[frame["status"].cat.codes.to_numpy()[row]]
    end = frame["finished_at"].to_numpy(np.int64)[row].copy()
    open_ = (end > as_of) | (status == RUNNING)
    status[open_] = RUNNING
    end[open_] = NO_TIME
    return status, end


def _codes(column: pd.Series, row: IntArray) -> tuple[IntArray, tuple[str, ...]]:
    """Codes in the alphabetical order of the names in use, so that nothing depends on the order of rows."""
    names = column.cat.categories
    codes = column.cat.codes.to_numpy()[row]
    used = np.unique(codes)
    order = sorted(used.tolist(), key=lambda code: str(names[code]))
    rank = np.zeros(len(names) + 1, np.int64)
    rank[order] = np.arange(len(order))
    return rank[codes], tuple(str(names[code]) for code in order)


def _impute_ends(stream: IntArray, start: IntArray, end: IntArray, status: NDArray[np.int8]) -> IntArray:
    """Ended attempts without an end get their stream's median duration: late rather than never."""
    missing = (end == NO_TIME) & (status != RUNNING)
    if not missing.any():
        return end
    known = (end != NO_TIME) & (status != RUNNING)
    medians = pd.Series((end - start)[known]).groupby(stream[known]).median()
    guess = pd.Series(stream[missing]).map(medians).fillna(0.0).to_numpy().astype(np.int64)
    end = end.copy()
    end[missing] = start[missing] + guess
    return end


def _run_keys(
    logical: pd.Series,
    row: IntArray,
    stream: IntArray,
    start: IntArray,
    end: IntArray,
    status: NDArray[np.int8],
    number: NDArray[np.int32],
    scheduled: IntArray,
) -> tuple[NDArray[np.int8], IntArray]:
    """What groups each attempt: (0, its logical id), (1, its scheduled time) or (2, the number of its session)."""
    codes = pd.factorize(logical.iloc[row], use_na_sentinel=True)
    empty = np.flatnonzero(codes[1] == "")
    key = codes[0].astype(np.int64)
    kind = np.zeros(len(row), np.int8)
    without = key == (empty[0] if len(empty) else -1)
    kind[without & (scheduled != NO_TIME)] = 1
    kind[without & (scheduled == NO_TIME)] = 2
    key[kind == 1] = scheduled[kind == 1]
    loose = np.flatnonzero(kind == 2)
    if len(loose):
        key[loose] = _sessions(stream[loose], start[loose], end[loose], status[loose], number[loose])
    return kind, key


def _sessions(
    stream: IntArray, start: IntArray, end: IntArray, status: NDArray[np.int8], number: NDArray[np.int32]
) -> IntArray:
    """Attempts by the retry pattern: a retry follows a failure of the same stream, soon, with a higher number.

    Where attempts are numbered the numbers decide. Else a retry is an attempt that starts, after one that did not
    pass, within half of the stream's usual time between attempts that follow a success.
    """
    order = np.lexsort((number, start, stream))
    s, t, e, ok, n = stream[order], start[order], end[order], status[order] == SUCCESS, number[order]
    same = np.zeros(len(order), bool)
    same[1:] = s[1:] == s[:-1]
    gap = np.zeros(len(order), np.int64)
    gap[1:] = t[1:] - np.where(e[:-1] == NO_TIME, t[:-1], e[:-1])
    after_success = same.copy()
    after_success[1:] &= ok[:-1]
    period = np.diff(t, prepend=t[:1])
    usual = pd.Series(period[after_success]).groupby(s[after_success]).median()
    soon = gap <= pd.Series(s).map(usual).fillna(np.inf).to_numpy() / 2
    numbered = np.zeros(len(order), bool)
    numbered[1:] = (n[1:] > 0) & (n[:-1] > 0)
    higher = np.zeros(len(order), bool)
    higher[1:] = n[1:] > n[:-1]
    retry = same & ~after_success & np.where(numbered, higher, soon)
    session = np.empty(len(order), np.int64)
    session[order] = np.cumsum(~retry)
    return session


def _due(scheduled: IntArray, start: IntArray, first: IntArray) -> IntArray:
    """When a run was due: its earliest scheduled time, or its first start where none is given."""
    if not len(first):
        return first.astype(np.int64)
    filled = np.where(scheduled == NO_TIME, NEVER, scheduled)
    due = np.minimum.reduceat(filled, first)
    return np.where(due == NEVER, start[first], due)


def _expand(first: IntArray, size: IntArray) -> IntArray:
    """The positions of slices `[first, first + size)` one after the other."""
    total = int(size.sum())
    offsets = np.repeat(first - np.concatenate(([0], np.cumsum(size)[:-1])), size) if total else np.zeros(0, int)
    return (offsets + np.arange(total)).astype(np.int64)


def _summarise(attempts: Attempts, first: IntArray, size: IntArray, due: IntArray) -> Runs:
    """The columns of the runs from their attempts."""
    passed = attempts.status == SUCCESS
    done = np.where(passed & (attempts.end != NO_TIME), attempts.end, NEVER)
    ready = np.minimum.reduceat(done, first) if len(first) else first
    failure = np.isin(attempts.status, FAILED_CODES)
    first_status = attempts.status[first]
    hidden = (attempts.number[first] > 1) & (first_status != RUNNING)
    failed = failure[first] | hidden
    counted = failed | (first_status == SUCCESS)
    return Runs(
        due=due,
        start=attempts.start[first],
        first_end=attempts.end[first],
        ready=ready,
        failed=failed,
        counted=counted,
        hidden=hidden,
        recovered=failed & (ready != NEVER),
        first=first,
        size=size,
    )


def run_id_of(history: History, run: int) -> str:
    """The logical run's id; where the source gives none, the id of its first recorded attempt."""
    row = int(history.attempts.row[history.runs.first[run]])
    return str(history.tables.runs["logical_run_id"].iat[row] or history.tables.runs["run_id"].iat[row])


def usual_period(due: IntArray) -> int:
    """The median time between the runs of a stream (µs); a day when there are too few to tell."""
    if len(due) < 3:
        return 24 * 3600 * MICROSECONDS
    gaps = np.diff(due)
    gaps = gaps[gaps > 0]
    return int(np.median(gaps)) if len(gaps) else 24 * 3600 * MICROSECONDS
