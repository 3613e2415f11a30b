"""A history as columns: attempts grouped into logical runs, as far as they were known at one moment.

A *stream* is one job of one tenant. Runs are sorted by stream and due time, attempts by run and start, so that a
stream is a slice of the runs and a run is a slice of the attempts; everything else is array arithmetic on these.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from correlator.history.changes import ChangeIndex
from correlator.history.labels import Place, places_of
from correlator.model import Status
from correlator.tables.columns import arrow_texts
from correlator.tables.frames import MICROSECONDS, Tables

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

NEVER: Final = int(np.iinfo(np.int64).max)
"""The ready time of a run that never passed: later than any real time."""

STATUSES: Final = tuple(Status)
CODES: Final = {status: code for code, status in enumerate(STATUSES)}
SUCCESS, RUNNING = CODES[Status.SUCCESS], CODES[Status.RUNNING]
FAILED_CODES: Final = np.array([CODES[Status.FAILED], CODES[Status.TIMED_OUT]])
IS_FAILURE: Final = np.isin(np.arange(len(STATUSES)), FAILED_CODES)
"""By status code: whether it counts as the attempt's own failure."""
TIMED_OUT: Final = CODES[Status.TIMED_OUT]


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
