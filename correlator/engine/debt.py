"""What passing on retry costs, and how the attempts of a run went once its upstream was ready."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from correlator.engine.case import Case
from correlator.engine.pipeline import Job
from correlator.history.columns import IS_FAILURE, NEVER, SUCCESS, History
from correlator.model import Cause, Recovery, RetryDebt
from correlator.tables.frames import MICROSECONDS, NO_TIME

IntArray = NDArray[np.int64]


def attempts_of(history: History, job: Job) -> tuple[IntArray, IntArray]:
    """The attempts of a job: their positions in the history, and the run (index within the job) of each."""
    runs = history.runs
    rows = slice(job.offset, job.offset + len(job.due))
    size, first = runs.size[rows], runs.first[rows]
    if not len(size):
        return first, first
    return np.arange(first[0], first[0] + int(size.sum())), np.repeat(np.arange(len(size)), size)


def retry_debt(history: History, job: Job) -> RetryDebt:
    """Runs, those that needed a retry, and the minutes burnt in attempts that failed."""
    at, _ = attempts_of(history, job)
    status, start, end = history.attempts.status[at], history.attempts.start[at], history.attempts.end[at]
    bad = IS_FAILURE[status] & (end != NO_TIME)
    passed = job.ready != NEVER
    return RetryDebt(
        runs=len(job.due),
        succeeded=int(passed.sum()),
        needed_retry=int((passed & job.failed).sum()),
        attempts=len(at),
        extra_attempts=len(at) - len(job.due),
        minutes_burnt=round(float((end - start)[bad].sum()) / (60 * MICROSECONDS), 1),
    )


def recovery(case: Case) -> Recovery | None:
    """Attempts of the laid runs before the direct upstream was ready, and after it: did they fail, did they pass?"""
    if case.main is None or case.main.cause is not Cause.UPSTREAM:
        return None
    at, run = attempts_of(case.history, case.job)
    mine = case.laid[run]
    ready = _upstream_ready(case)[run]
    start, status = case.history.attempts.start[at] - case.job.clock, case.history.attempts.status[at]
    failed, passed = IS_FAILURE[status], status == SUCCESS
    before, after = mine & (start < ready), mine & (start >= ready)
    return Recovery(
        before_failed=int((before & failed).sum()),
        before_total=int((before & (failed | passed)).sum()),
        after_passed=int((after & passed).sum()),
        after_total=int((after & (failed | passed)).sum()),
    )


def _upstream_ready(case: Case) -> IntArray:
    """For each run when the direct upstream run it stood on was ready; `NEVER` where it was not exposed."""
    exposure = case.causes.exposure
    ready = np.full(len(case.job.due), NEVER)
    for via in np.unique(exposure.via[exposure.via >= 0]).tolist():
        mine = exposure.via == via
        ready[mine] = case.pipeline.jobs[via].ready[exposure.via_run[mine]]
    return ready
