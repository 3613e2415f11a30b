"""From the table of attempts to the columns of a history: known by then, sorted, grouped into runs, summarised."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from correlator.history.columns import (
    CODES,
    IS_FAILURE,
    NEVER,
    RUNNING,
    SUCCESS,
    Attempts,
    BoolArray,
    History,
    IntArray,
    Runs,
)
from correlator.history.grouping import BY_ID, BY_PATTERN, BY_SCHEDULE, Grouping, Ids, group_attempts
from correlator.history.ordering import stable_order
from correlator.history.sessions import sessions
from correlator.model import Status
from correlator.tables.columns import arrow_texts
from correlator.tables.frames import NO_TIME, Tables


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


def _grouped(frame: pd.DataFrame, attempts: Attempts, stream: IntArray, scheduled: IntArray) -> Grouping:
    """Attempts grouped by their logical id, else by their scheduled time, else by the retry pattern."""
    ids = Ids.of(arrow_texts(frame["logical_run_id"]))
    absent = ids.absent[attempts.row]
    kind = np.where(absent, np.where(scheduled == NO_TIME, BY_PATTERN, BY_SCHEDULE), BY_ID).astype(np.int8)
    key = scheduled.copy()
    loose = np.flatnonzero(kind == BY_PATTERN)
    if len(loose):
        mine = attempts.at(loose)
        key[loose] = sessions(stream[loose], mine.start, mine.end, mine.status, mine.number)
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
    lookup = np.array([CODES[Status(name)] for name in categories], dtype=np.int8)
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
    skipped = status == CODES[Status.SKIPPED]
    if not skipped.any():
        return np.zeros(len(first), bool)
    every: BoolArray = np.logical_and.reduceat(skipped, first)
    return every
