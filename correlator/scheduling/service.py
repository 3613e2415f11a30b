"""`correlator run`: plan, lease, ledger and clock put together, until a signal says to end."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import Engine

from correlator.errors import CorrelatorError
from correlator.scheduling.child import Child, start_child
from correlator.scheduling.journal import StoreJournal
from correlator.scheduling.leadership import LEASE, LEASE_SECONDS, RENEW_SECONDS, Leadership
from correlator.scheduling.plan import REPLAY, plan_jobs
from correlator.scheduling.scheduler import Scheduler
from correlator.scheduling.signals import ending_event
from correlator.settings import Settings
from correlator.store.database import open_store
from correlator.store.leases import claim_lease, holder_name, release_lease
from correlator.store.rule_replays import replay_waits
from correlator.store.webhooks import take_wakes

_JOB: Final = "correlator.scheduling.job"
_DAY_SECONDS: Final = 86400
_WAKE_SECONDS: Final = 1
"""How soon what a webhook, or somebody on a page, asked for is begun."""


def run_scheduler(settings: Settings, config: Path | None = None, ending: threading.Event | None = None) -> None:
    """Run the scheduler until SIGTERM or SIGINT (or `ending` is set). `config` is handed on to the jobs.

    Raises SettingsError for sources configured wrongly, StoreError for a store that cannot be opened.
    """
    ending = ending or ending_event()
    log = structlog.get_logger("correlator.scheduler")
    jobs = plan_jobs(settings)
    engine = open_store(settings.database_url())
    holder = holder_name()
    journal = StoreJournal(engine)
    leadership = Leadership(partial(_claim, engine, holder), lost=lambda: scheduler.end_jobs())
    scheduler = Scheduler(
        jobs,
        _Starter(config, settings.environment),
        journal,
        leadership,
        limit_seconds=settings["schedule.job_limit_seconds"],
    )
    log.info("scheduler starts", jobs=[f"{job.name} every {job.every_seconds} s" for job in jobs], holder=holder)
    leadership.renew()
    scheduler.every(RENEW_SECONDS, "lease", leadership.renew)
    scheduler.every(_DAY_SECONDS, "forget", journal.forget)
    scheduler.every(_WAKE_SECONDS, "wake", partial(_wake, engine, leadership, scheduler))
    scheduler.start()
    ending.wait()
    log.info("scheduler ends")
    scheduler.stop()
    _release(engine, holder)
    engine.dispose()


def _claim(engine: Engine, holder: str) -> bool:
    return claim_lease(engine, LEASE, holder, datetime.now(UTC), LEASE_SECONDS)


def _wake(engine: Engine, leadership: Leadership, scheduler: Scheduler) -> None:
    """Begin what was asked for. Fails open: a wish that cannot be read now is read a second later, or by its tick."""
    if not leadership.held():
        return
    try:
        for source in take_wakes(engine):
            scheduler.pull_now(source)
        if replay_waits(engine):
            scheduler.run_now(REPLAY)
    except CorrelatorError as error:
        structlog.get_logger("correlator.scheduler").warning("wishes not read", error=error.message)


def _release(engine: Engine, holder: str) -> None:
    """Let another scheduler start at once; when the database is gone, the lease runs out by itself."""
    try:
        release_lease(engine, LEASE, holder)
    except CorrelatorError as error:
        structlog.get_logger("correlator.scheduler").warning("lease not given back", error=error.message)


class _Starter:
    """Starts jobs' processes, and tells each whether it is the first of its name since the scheduler started."""

    def __init__(self, config: Path | None, environment: Mapping[str, str]) -> None:
        self._options = ["--config", str(config)] if config else []
        self._environment = environment
        self._started: set[str] = set()

    def __call__(self, name: str) -> Child:
        first = [] if name in self._started else ["--first"]
        self._started.add(name)
        return start_child(_JOB, [name, *first, *self._options], self._environment, capture=True)
