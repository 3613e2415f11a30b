"""Pulls: page by page, errors entered, and a process killed half way goes on where it stood."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from correlator.errors import SourceError
from correlator.model import Attempt, Status
from correlator.ports import Page, PullWindow, RateLimit, SetAside
from correlator.pulling.pull import pull_source
from correlator.store.database import open_store
from correlator.store.facts import position
from correlator.store.lookups import attempts_of
from correlator.store.sources import list_sources

T = datetime(2026, 3, 2, tzinfo=UTC)
WINDOW = PullWindow(T + timedelta(days=1))


class Counting:
    """A source of `total` runs, three a page; it goes on behind the position it is given, one run back."""

    name = "counting"

    def __init__(self, total: int, streams: tuple[str, ...] = ("runs",), fails_at: dict[str, Exception] | None = None):
        self.total, self.streams, self.fails_at = total, streams, fails_at or {}

    def pages(self, stream: str, position: dict[str, Any] | None, window: PullWindow) -> Iterator[Page]:
        start = max(0, position["next"] - 1) if position else 0
        for first in range(start, self.total, 3):
            numbers = range(first, min(first + 3, self.total))
            yield Page(stream, tuple(_run(stream, n) for n in numbers), {"next": numbers[-1] + 1}, requests=2)
            if stream in self.fails_at:
                raise self.fails_at[stream]


def _run(stream: str, number: int) -> Attempt:
    return Attempt(f"{stream}-{number}", stream, T + timedelta(minutes=number), Status.SUCCESS)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    yield engine
    engine.dispose()


def test_a_pull_reads_every_stream_to_its_end(engine: Engine) -> None:
    report = pull_source(engine, Counting(7, ("runs", "more")), WINDOW, T)
    assert (report.stored, report.repeated, report.requests, report.error) == ({"runs": 14}, 0, 12, None)
    assert position(engine, "counting", "more") == {"next": 7}
    again = pull_source(engine, Counting(7, ("runs", "more")), WINDOW, T)
    assert (sum(again.stored.values()), again.repeated) == (0, 2)
    (status,) = list_sources(engine)
    assert status.newest_event_at == T + timedelta(minutes=6)


def test_a_stream_that_fails_keeps_its_pages_and_the_others_go_on(engine: Engine) -> None:
    refused = SourceError("the key was refused", hint="set DD_API_KEY")
    report = pull_source(engine, Counting(7, ("runs", "more"), {"runs": refused}), WINDOW, T)
    assert report.error == "runs: the key was refused"
    assert report.hint == "set DD_API_KEY"
    assert (len(attempts_of(engine, "runs", "")), len(attempts_of(engine, "more", ""))) == (3, 7)
    (status,) = list_sources(engine)
    assert (status.error, status.last_good_at, status.failures_in_a_row) == (report.error, None, 1)


def test_a_defect_is_entered_and_raised(engine: Engine) -> None:
    with pytest.raises(KeyError):
        pull_source(engine, Counting(7, fails_at={"runs": KeyError("status")}), WINDOW, T)
    assert list_sources(engine)[0].error == "KeyError: 'status'"


def test_what_could_not_be_mapped_is_counted(engine: Engine) -> None:
    class Odd(Counting):
        def pages(self, stream: str, position: dict[str, Any] | None, window: PullWindow) -> Iterator[Page]:
            yield Page(stream, (), {}, set_aside=(SetAside("x", "no job", {}),))

    assert pull_source(engine, Odd(0), WINDOW, T).set_aside == 1


def test_what_pages_say_beside_facts_is_summed_up(engine: Engine) -> None:
    class Talkative(Counting):
        def pages(self, stream: str, position: dict[str, Any] | None, window: PullWindow) -> Iterator[Page]:
            for number, offset in enumerate((1.0, 90.0, 3.0)):
                limits = (RateLimit("spans", 300, 300 - number),)
                notices = ("no related incidents",)
                yield Page(stream, (), {}, notices=notices, limits=limits, clock_offset_seconds=offset)
            raise SourceError("the key has expired", permanent=True)

    report = pull_source(engine, Talkative(0), WINDOW, T)
    assert (report.notices, report.clock_offset_seconds) == (("no related incidents",), 3.0)
    assert (report.limits, report.permanent) == ((RateLimit("spans", 300, 298),), True)


KILLED = """
import os, signal, sys
from correlator.pulling.pull import pull_source
from correlator.store.database import open_store
from tests.pulling.test_pull import Counting, T, WINDOW

class Killed(Counting):
    def pages(self, stream, position, window):
        for number, page in enumerate(super().pages(stream, position, window)):
            if number == 2:
                os.kill(os.getpid(), signal.SIGKILL)
            yield page

pull_source(open_store(sys.argv[1]), Killed(10), WINDOW, T)
"""


def test_a_killed_pull_goes_on_where_it_stood(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    root = Path(__file__).parents[2]
    for known in (6, 10):
        died = subprocess.run([sys.executable, "-c", KILLED, url], cwd=root, check=False, capture_output=True)
        engine = open_store(url)
        assert len(attempts_of(engine, "runs", "")) == known
        engine.dispose()
    assert died.returncode == 0
    engine = open_store(url)
    assert [one.run_id for one in attempts_of(engine, "runs", "")] == [f"runs-{n}" for n in range(10)]
    engine.dispose()
