"""Backfills as processes of their own, killed at any moment and called again until they are through."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

from connectors.standin import Standin
from correlator.model import Attempt, Change, Status, iso
from correlator.simulation.history import History
from correlator.store.database import open_store
from correlator.store.kinds import KINDS
from tests.faults.worlds import table_rows

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
DAYS: Final = 60
UNTIL: Final = START + timedelta(days=DAYS)
STATES: Final = ("raw_answers", "set_aside", "fact_revisions")


def long_history(runs_a_day: int = 24) -> History:
    """Two months of runs and deploys: a request a day and stream."""
    step = timedelta(days=1) / runs_a_day
    return History(
        attempts=tuple(_attempt(number, START + number * step) for number in range(DAYS * runs_a_day)),
        changes=tuple(Change(f"change-{day}", START + timedelta(days=day), "Deploy", "export") for day in range(DAYS)),
    )


def _attempt(number: int, at: datetime) -> Attempt:
    failed = number % 9 == 0
    return Attempt(
        run_id=f"run-{number}",
        job="export",
        started_at=at,
        status=Status.FAILED if failed else Status.SUCCESS,
        tenant="tenant-07",
        attempt=1,
        finished_at=at + timedelta(minutes=3),
        error="no rows" if failed else None,
    )


def command(*more: str) -> list[str]:
    times = ("--since", iso(START), "--until", iso(UNTIL))
    streams = ("--stream", "runs", "--stream", "changes")
    return [sys.executable, "-m", "correlator", "backfill", "datadog", *times, *streams, *more]


def environment(standin: Standin, folder: Path) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("CORRELATOR_")},
        "CORRELATOR_DATABASE_URL": f"sqlite:///{folder / 'correlator.db'}",
        "CORRELATOR_DATADOG_ENABLED": "true",
        "CORRELATOR_DATADOG_HOST": standin.datadog_url,
        "DD_API_KEY": "key-of-datadog",
        "DD_APP_KEY": "key-of-application",
        "NO_PROXY": "127.0.0.1",
    }


def whole(standin: Standin, folder: Path) -> str:
    """One backfill that nobody interrupts; gives what it said on standard error."""
    done = subprocess.run(
        command(), env=environment(standin, folder), cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stderr


def killed_at(seconds: float, standin: Standin, folder: Path, number: int = signal.SIGKILL) -> int | None:
    """Begin a backfill and end it after so long; its exit status, None when it was through before."""
    child = subprocess.Popen(
        command(),
        env=environment(standin, folder),
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        child.send_signal(number)
        return child.wait(60)
    return None


def killed_times(kills: int, standin: Standin, folder: Path, random: Random, longest_seconds: float) -> tuple[int, int]:
    """(kills, backfills that came through before theirs), beginning anew whenever one came through."""
    hit = through = 0
    while hit < kills:
        if killed_at(random.uniform(0, longest_seconds), standin, folder) is None:
            through += 1
            subprocess.run([sys.executable, "-c", _FORGET], env=environment(standin, folder), cwd=folder, check=True)
        else:
            hit += 1
    return hit, through


_FORGET: Final = """
import os
from correlator.store.backfills import forget
from correlator.store.database import open_store
engine = open_store(os.environ["CORRELATOR_DATABASE_URL"])
for stream in ("runs", "changes"):
    forget(engine, "datadog", stream)
"""


def state(folder: Path) -> dict[str, Any]:
    """All facts and what is kept beside them, without times of storing."""
    engine = open_store(f"sqlite:///{folder / 'correlator.db'}")
    try:
        return {name: table_rows(engine, name) for name in (*KINDS, *STATES)}
    finally:
        engine.dispose()
