"""The clock: APScheduler ticks, each tick runs its job in a child process, if this scheduler holds the lease."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from correlator.errors import CorrelatorError
from correlator.scheduling.backoff import Backoff
from correlator.scheduling.child import Child
from correlator.scheduling.outcome import Outcome, State, read_outcome
from correlator.scheduling.plan import AFTERWARDS, ATTACH, CORRELATE, PULL, Job

JITTER_SHARE: Final = 0.1
FIRST_LOOK_SECONDS: Final = 20
"""The first look does not wait longer than this for the first pulls."""
_LIMIT_HINT: Final = "schedule.job_limit_seconds is the limit; a pull goes on where it was cut"
WAKE_DELAY: Final = timedelta(seconds=0.5)
"""Long enough for a job that wakes itself to be through, so that APScheduler does not count it as overlapping."""

StartJob = Callable[[str], Child]


class Journal(Protocol):
    """Where the runs of jobs are written down."""

    def running(self, job: str) -> AbstractContextManager[Callable[[Outcome], None]]:
        """Note that a job started; the context gives the function that notes how it ended."""


class Leader(Protocol):
    """Whether this scheduler is the one whose turn it is."""

    def held(self) -> bool:
        """True while no other scheduler can be running the jobs."""


class Scheduler:
    """Runs the planned jobs until it is stopped. Misfires coalesce; a job never overlaps itself."""

    def __init__(
        self, jobs: tuple[Job, ...], start_job: StartJob, journal: Journal, leader: Leader, *, limit_seconds: float
    ) -> None:
        self._jobs = {job.name: job for job in jobs}
        self._start_job, self._journal, self._leader = start_job, journal, leader
        self._limit_seconds = limit_seconds
        self._backoffs = {name: Backoff() for name in self._jobs}
        self._children: dict[str, Child] = {}
        self._first_pulls = {name for name in self._jobs if name.startswith(PULL)}
        self._busy: set[str] = set()
        self._woken: set[str] = set()
        self._asked: set[str] = set()
        self._lock = threading.Lock()
        self._stopping = False
        self._log = structlog.get_logger("correlator.scheduler")
        self._clock = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(max_workers=len(jobs) + 1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def every(self, seconds: float, name: str, function: Callable[[], Any]) -> None:
        """A chore of the scheduler itself, in its own process: it must be short."""
        self._clock.add_job(function, IntervalTrigger(seconds=seconds, timezone=UTC), id=name)

    def pull_now(self, source: str) -> None:
        """Pull this source soon, not at its next tick; then look at what changed, and write what is known already."""
        name = PULL + source
        if name not in self._jobs:
            self._log.warning("asked to pull a source that is not configured", source=source)
            return
        with self._lock:
            self._asked.add(name)
        self._wake(name)

    def run_now(self, name: str) -> None:
        """Run a job that somebody asked for soon. Where it keeps failing, that counts as one of its ticks."""
        self._run_soon(name)

    def start(self) -> None:
        """Pulls begin at once; the first look follows the first pulls."""
        now = datetime.now(UTC)
        for job in self._jobs.values():
            delay = 0.0 if job.name.startswith(PULL) else min(job.every_seconds, FIRST_LOOK_SECONDS)
            self._clock.add_job(
                self._tick,
                IntervalTrigger(seconds=job.every_seconds, jitter=int(job.every_seconds * JITTER_SHARE), timezone=UTC),
                args=[job],
                id=job.name,
                next_run_time=now + timedelta(seconds=delay),
            )
        self._clock.start()

    def stop(self) -> None:
        """No more ticks; end the jobs that run, with all they started, and wait until they have ended."""
        with self._lock:
            self._stopping = True
        self.end_jobs()
        self._clock.shutdown(wait=True)

    def end_jobs(self) -> None:
        """End what runs now: the scheduler stops, or another one has taken over."""
        with self._lock:
            running = list(self._children.values())
        for child in running:
            child.ask_to_end()
        for child in running:
            child.end()

    def _tick(self, job: Job) -> None:
        if self._stopping or not self._leader.held() or not self._backoffs[job.name].due():
            return
        with self._lock:
            self._busy.add(job.name)
            self._woken.discard(job.name)
        try:
            self._attempt(job)
        finally:
            with self._lock:
                self._busy.discard(job.name)
                again = job.name in self._woken
        if again:
            self._wake(job.name)

    def _attempt(self, job: Job) -> None:
        log = self._log.bind(job=job.name)
        log.info("job started")
        started = time.monotonic()
        try:
            with self._journal.running(job.name) as ended:
                outcome = self._run(job.name)
                ended(outcome)
        except CorrelatorError as error:
            outcome = Outcome(State.FAILED, f"could not be run: {error}", error.hint)
        self._settle(job, outcome, log.bind(seconds=round(time.monotonic() - started, 1)))

    def _run(self, name: str) -> Outcome:
        """The job in its process: to its end, to its limit, or to the end of the scheduler or of its lease."""
        try:
            child = self._start_job(name)
        except OSError as error:
            return Outcome(State.FAILED, f"could not be started: {error}", "is the machine out of memory or processes?")
        with child:
            with self._lock:
                self._children[name] = child
                stopping = self._stopping
            try:
                if stopping:
                    child.end()
                outcome = read_outcome(child.output(self._limit_seconds), child.status)
            except subprocess.TimeoutExpired:
                outcome = Outcome(State.CUT, f"cut after {self._limit_seconds:g} s", _LIMIT_HINT)
            finally:
                with self._lock:
                    del self._children[name]
        return outcome if outcome.state is not State.FAILED else self._ended_by_us(child) or outcome

    def _ended_by_us(self, child: Child) -> Outcome | None:
        """What became of a child that did not fail by itself."""
        if self._stopping:
            return Outcome(State.STOPPED, "ended with the scheduler before it was done")
        if not self._leader.held() and (child.status or 0) < 0:
            return Outcome(State.STOPPED, "ended before it was done: the lease of the scheduler was lost")
        return None

    def _settle(self, job: Job, outcome: Outcome, log: Any) -> None:
        """Log how it went, count failures in a row, and wake what follows."""
        if outcome.state is State.STOPPED:
            log.info("job stopped", detail=outcome.detail)
        elif outcome.state is State.DONE:
            self._backoffs[job.name].succeeded()
            log.info("job done", detail=outcome.detail)
            self._wake_followers(job, outcome)
        else:
            backoff = self._backoffs[job.name]
            if outcome.changed:  # a part works: that the rest does not is no reason to ask for less
                backoff.succeeded()
                self._wake_followers(job, outcome)
            ticks = backoff.failed(permanent=outcome.permanent)
            again = {"next_try_seconds": ticks * job.every_seconds, "failures_in_a_row": backoff.failures}
            log.error("job not done", state=outcome.state.value, detail=outcome.detail, hint=outcome.hint, **again)

    def _wake_followers(self, job: Job, outcome: Outcome) -> None:
        wake = list(job.followers) if outcome.changed else []
        with self._lock:
            if job.name in self._asked and job.name not in self._woken:
                self._asked.discard(job.name)
                # Also when it changed nothing: the pull before may have brought it. What is found already can be told
                # of while the look is under way; it is told of again when the look says otherwise.
                wake += [name for name in (ATTACH, CORRELATE) if name in self._jobs]
            if job.name in self._first_pulls:
                self._first_pulls.discard(job.name)
                if not self._first_pulls:
                    wake += [name for name in self._jobs if not name.startswith(PULL) and name not in AFTERWARDS]
        for name in dict.fromkeys(wake):
            self._wake(name)

    def _wake(self, name: str) -> None:
        """Run the job soon. One that keeps failing is tried at its own ticks alone, however often it is woken."""
        if not self._backoffs[name].waits:
            self._run_soon(name)

    def _run_soon(self, name: str) -> None:
        """One that runs now runs once more, as it may have begun too early to see all."""
        with self._lock:
            if name in self._busy:
                self._woken.add(name)
                return
        if not self._stopping:
            self._clock.modify_job(name, next_run_time=datetime.now(UTC) + WAKE_DELAY)
