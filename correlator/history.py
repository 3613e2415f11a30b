"""A history as columns: attempts grouped into logical runs, as far as they were known at one moment.

A *stream* is one job of one tenant. Runs are sorted by stream and due time, attempts by run and start, so that a
stream is a slice of the runs and a run is a slice of the attempts; everything else is array arithmetic on these.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from correlator.changes import ChangeIndex
from correlator.grouping import BY_ID, BY_PATTERN, BY_SCHEDULE, Grouping, Ids, group_attempts
from correlator.labels import Place, places_of
from correlator.model import Status
from correlator.tables.columns import arrow_texts
from correlator.tables.frames import MICROSECONDS, NO_TIME, Tables

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

NEVER: Final = int(np.iinfo(np.int64).max)
"""The ready time of a run that never passed: later than any real time."""

STATUSES: Final = tuple(Status)
_CODE: Final = {status: code for code, status in enumerate(STATUSES)}
SUCCESS, RUNNING = _CODE[Status.SUCCESS], _CODE[Status.RUNNING]
FAILED_CODES: Final = np.array([_CODE[Status.FAILED], _CODE[Status.TIMED_OUT]])
IS_FAILURE: Final = np.isin(np.arange(len(STATUSES)), FAILED_CODES)
"""By status code: whether it counts as the attempt's own failure."""
TIMED_OUT: Final = _CODE[Status.TIMED_OUT]


@dataclass(frozen=True)
class Attempts:
    """One entry an attempt, sorted by run and start. `end` is `NO_TIME` while it runs, `row` its row in the table."""

    start: IntArray
    end: IntArray
    status: NDArray[np.int8]
    number: NDArray[np.int32]
    row: IntArray

    def at(self, places: IntArray) -> Attempts:
        """The attempts at these places."""
        return Attempts(
            self.start[places], self.end[places], self.status[places], self.number[places], self.row[places]
        )


@dataclass(frozen=True)
class Runs:
    """One entry a logical run, sorted by stream and due time.

    `failed`: whether the first attempt failed or timed out (or is missing although a later one stands
    there, `hidden`). `counted`: the first attempt ended as success, failure or time-out, so the run is part of the
    denominators. `ready` is when its first passing attempt finished, `NEVER` if none did. `skipped`: there was nothing
    to do, and no attempt did anything.
    """

    due: IntArray
    start: IntArray
    first_end: IntArray
    ready: IntArray
    failed: BoolArray
    counted: BoolArray
    hidden: BoolArray
    recovered: BoolArray
    skipped: BoolArray
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
    labels: tuple[str, ...] | None = None
    """The labels of runs that come back, where it is known from more runs than these."""

    def stream(self, tenant: int, job: str) -> int | None:
        """The number of the stream of this tenant code and job name, None when it has no runs."""
        return self._streams.get((tenant, job))

    @cached_property
    def _streams(self) -> dict[tuple[int, str], int]:
        pairs = zip(self.stream_tenant.tolist(), self.stream_job.tolist(), strict=True)
        return {(tenant, self.jobs[job]): number for number, (tenant, job) in enumerate(pairs)}

    def runs_of(self, stream: int) -> slice:
        return slice(int(self.stream_start[stream]), int(self.stream_start[stream + 1]))

    def first_row(self, run: int) -> int:
        """The row, in the table, of the first recorded attempt of a run."""
        return int(self.attempts.row[self.runs.first[run]])

    def error_of(self, run: int) -> str:
        """The error text of the run's first recorded attempt, "" for none."""
        text: str = self._errors[self.first_row(run)].as_py()
        return text

    def errors_of(self, runs: IntArray) -> list[str]:
        """The same for several runs."""
        texts: list[str] = self._errors.take(pa.array(self.attempts.row[self.runs.first[runs]])).to_pylist()
        return texts

    @cached_property
    def failed_streams(self) -> BoolArray:
        """Streams with any failed or timed-out attempt, be it one that is not recorded although later ones are."""
        runs = np.repeat(np.arange(len(self.runs.size)), self.runs.size)[IS_FAILURE[self.attempts.status]]
        runs = np.append(runs, np.flatnonzero(self.runs.hidden))
        result = np.zeros(len(self.stream_tenant), bool)
        result[np.searchsorted(self.stream_start, runs, side="right") - 1] = True
        return result

    @cached_property
    def failures_by_stream(self) -> IntArray:
        """How many counted runs of each stream failed first."""
        bad = (self.runs.failed & self.runs.counted).astype(np.int64)
        return np.add.reduceat(bad, self.stream_start[:-1]) if len(bad) else bad

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Where the runs took place, by every label that comes back; one entry a run."""
        return places_of(self.tables.runs, self.attempts.row[self.runs.first], self.labels)

    @cached_property
    def changes(self) -> ChangeIndex:
        """The changes known by then."""
        return ChangeIndex.of(self.tables, self.as_of)

    @cached_property
    def logical_ids(self) -> Any:
        """The logical ids as an Arrow array, one entry a row of the table."""
        return arrow_texts(self.tables.runs["logical_run_id"])

    @cached_property
    def run_ids(self) -> Any:
        return arrow_texts(self.tables.runs["run_id"])

    @cached_property
    def _errors(self) -> Any:
        return arrow_texts(self.tables.runs["error"])


def build_history(tables: Tables, as_of: int) -> History:
    """Group the attempts known at `as_of` (µs) into runs. See the table contract for what groups them."""
    frame = tables.runs
    row = _known_rows(frame["started_at"].to_numpy(np.int64), as_of)
    tenant, tenants = _codes(frame["tenant"], row)
    job, jobs = _codes(frame["job"], row)
    stream = tenant * max(len(jobs), 1) + job
    order = _by_stream(frame, row, stream)
    row, stream = row[order], stream[order]
    start = frame["started_at"].to_numpy(np.int64)[row]
    number = frame["attempt"].to_numpy(np.int32)[row]
    status, end = _as_known(frame, row, as_of)
    end = _impute_ends(stream, start, end, status)
    scheduled = frame["scheduled_at"].to_numpy(np.int64)[row]
    attempts = Attempts(start, end, status, number, row)
    grouping = _grouped(frame, attempts, stream, scheduled)
    due = _due(scheduled, start, grouping)
    attempts, first, size, runs = _in_order(attempts, grouping, stream, due)
    run_stream = stream[grouping.first][runs]
    begins = np.flatnonzero(np.append(True, run_stream[1:] != run_stream[:-1])) if len(run_stream) else run_stream
    numbers = run_stream[begins]
    return History(
        as_of=as_of,
        tables=tables,
        tenants=tenants,
        jobs=jobs,
        stream_tenant=numbers // max(len(jobs), 1),
        stream_job=numbers % max(len(jobs), 1),
        stream_start=np.append(begins, len(run_stream)).astype(np.int64),
        runs=_summarise(attempts, first, size, due[runs]),
        attempts=attempts,
    )


def _known_rows(started: IntArray, as_of: int) -> IntArray:
    known = started <= as_of
    return np.arange(len(started)) if known.all() else np.flatnonzero(known)


def _by_stream(frame: pd.DataFrame, row: IntArray, stream: IntArray) -> IntArray:
    """The rows sorted by stream, start, number and row. Tables come sorted by start, which leaves little to do."""
    order = stable_order(stream)
    start, number = frame["started_at"].to_numpy(np.int64), frame["attempt"].to_numpy(np.int32)
    s, t, n = stream[order], start[row[order]], number[row[order]]
    same = s[1:] == s[:-1]
    unsorted = same & ((t[1:] < t[:-1]) | ((t[1:] == t[:-1]) & (n[1:] < n[:-1])))
    if not unsorted.any():
        return order
    return order[np.lexsort((n, t, s))]


def stable_order(codes: IntArray) -> IntArray:
    """What `np.argsort(codes, kind="stable")` gives, for small codes of at least 0, by one sort of packed integers."""
    bits = len(codes).bit_length()
    if int(codes.max(initial=0)).bit_length() + bits > 63:
        return np.argsort(codes, kind="stable")
    packed = (codes << bits) | np.arange(len(codes))
    packed.sort()
    packed &= (1 << bits) - 1
    return packed


def _grouped(frame: pd.DataFrame, attempts: Attempts, stream: IntArray, scheduled: IntArray) -> Grouping:
    """Attempts grouped by their logical id, else by their scheduled time, else by the retry pattern."""
    ids = Ids.of(arrow_texts(frame["logical_run_id"]))
    absent = ids.absent[attempts.row]
    kind = np.where(absent, np.where(scheduled == NO_TIME, BY_PATTERN, BY_SCHEDULE), BY_ID).astype(np.int8)
    key = scheduled.copy()
    loose = np.flatnonzero(kind == BY_PATTERN)
    if len(loose):
        mine = attempts.at(loose)
        key[loose] = _sessions(stream[loose], mine.start, mine.end, mine.status, mine.number)
    return group_attempts(stream, kind, key, attempts.row, ids)


def _in_order(
    attempts: Attempts, grouping: Grouping, stream: IntArray, due: IntArray
) -> tuple[Attempts, IntArray, IntArray, IntArray]:
    """The attempts run by run, the first attempt and the number of attempts of each run, and the runs' order by
    stream, due time and start. (They stand by stream and start, which is nearly always the same.)"""
    size = np.bincount(grouping.run, minlength=len(due))
    runs = np.arange(len(due))
    of = stream[grouping.first]
    early = np.flatnonzero((of[1:] == of[:-1]) & (due[1:] < due[:-1]))
    if len(early):
        touched = np.flatnonzero(np.isin(of, of[early]))
        runs[touched] = touched[np.lexsort((due[touched], of[touched]))]
    rank = np.empty(len(runs), np.int64)
    rank[runs] = np.arange(len(runs))
    place = rank[grouping.run]
    size = size[runs]
    first = np.cumsum(size) - size
    if (place[1:] >= place[:-1]).all():
        return attempts, first, size, runs
    return attempts.at(stable_order(place)), first, size, runs


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
    codes = column.cat.codes.to_numpy()[row].astype(np.int64)
    used = np.flatnonzero(np.bincount(codes, minlength=len(names)))
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


def _due(scheduled: IntArray, start: IntArray, grouping: Grouping) -> IntArray:
    """When a run was due: its earliest scheduled time, or its first start where none is given."""
    due = scheduled[grouping.first]
    if len(grouping.several):
        given = scheduled[grouping.several]
        least = np.minimum.reduceat(np.where(given == NO_TIME, NEVER, given), grouping.begin)
        due[grouping.run[grouping.several[grouping.begin]]] = np.where(least == NEVER, NO_TIME, least)
    return np.where(due == NO_TIME, start[grouping.first], due)


def _summarise(attempts: Attempts, first: IntArray, size: IntArray, due: IntArray) -> Runs:
    """The columns of the runs from their attempts."""
    passed = attempts.status == SUCCESS
    done = np.where(passed & (attempts.end != NO_TIME), attempts.end, NEVER)
    ready = np.minimum.reduceat(done, first) if len(first) else first
    first_status = attempts.status[first]
    hidden = (attempts.number[first] > 1) & (first_status != RUNNING)
    failed = IS_FAILURE[first_status] | hidden
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
        skipped=_all_skipped(attempts.status, first),
        first=first,
        size=size,
    )


def _all_skipped(status: NDArray[np.int8], first: IntArray) -> BoolArray:
    skipped = status == _CODE[Status.SKIPPED]
    if not skipped.any():
        return np.zeros(len(first), bool)
    every: BoolArray = np.logical_and.reduceat(skipped, first)
    return every


def run_id_of(history: History, run: int) -> str:
    """The logical run's id; where the source gives none, the id of its first recorded attempt."""
    row = history.first_row(run)
    return str(history.logical_ids[row].as_py() or history.run_ids[row].as_py())


def usual_period(due: IntArray) -> int:
    """The median time between the runs of a stream (µs); a day when there are too few to tell."""
    if len(due) < 3:
        return 24 * 3600 * MICROSECONDS
    gaps = np.diff(due)
    gaps = gaps[gaps > 0]
    return int(np.median(gaps)) if len(gaps) else 24 * 3600 * MICROSECONDS
