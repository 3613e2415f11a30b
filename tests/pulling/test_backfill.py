"""Backfills: what was read is not asked for again, what was left is gone on with, and watermarks stay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from correlator.errors import SourceError
from correlator.model import Attempt, Status
from correlator.ports import Page, PullWindow
from correlator.pulling.backfill import Ask, BackfillReport, StoppedError, backfill
from correlator.pulling.pull import pull_source
from correlator.store.backfills import UNSETTLED, Stretch, to_read
from correlator.store.database import open_store
from correlator.store.facts import StoredCounts, position
from correlator.store.lookups import attempts_of

T = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
NOW = T + 40 * DAY


class Daily:
    """A run a day and a page a run; `read` are the days that were asked for, in order."""

    name = "daily"
    streams: tuple[str, ...] = ("runs",)

    def __init__(self, fails_on: int | None = None) -> None:
        self.read: list[int] = []
        self.fails_on = fails_on

    def pages(self, stream: str, position: dict[str, Any] | None, window: PullWindow) -> Iterator[Page]:
        since = window.since or NOW - 2 * DAY
        first = position["next"] if position else (since - T).days
        for day in range(first, (window.until - T).days):
            if day == self.fails_on:
                raise SourceError("the key was refused", hint="set the key", permanent=True)
            self.read.append(day)
            yield Page(stream, (_run(day),), {"next": day + 1})


def _run(day: int) -> Attempt:
    return Attempt(f"run-{day}", "export", T + day * DAY, Status.SUCCESS)


@dataclass
class Watching:
    """Stops after so many pages."""

    pages: int = 10_000
    begun: list[Stretch] = field(default_factory=list)

    def begins(self, stretch: Stretch) -> None:
        self.begun.append(stretch)

    def stored(self, stretch: Stretch, page: Page, counts: StoredCounts) -> None:
        self.pages -= 1
        if self.pages <= 0:
            raise StoppedError("stopped")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    yield engine
    engine.dispose()


def ask(first: int, last: int, *, anew: bool = False) -> Ask:
    return Ask(T + first * DAY, T + last * DAY, ("runs",), anew)


def run(engine: Engine, source: Daily, asked: Ask, pages: int = 10_000) -> BackfillReport:
    return backfill(engine, source, asked, Watching(pages), lambda: NOW)


def test_a_stopped_backfill_goes_on_behind_its_last_page(engine: Engine) -> None:
    source = Daily()
    assert run(engine, source, ask(0, 10), pages=4).stopped
    report = run(engine, source, ask(0, 10))
    assert source.read == list(range(10))
    assert (report.stopped, report.requests, report.counts.stored) == (False, 6, {"runs": 6})


def test_what_was_read_is_not_asked_for_again_and_more_is_only_what_is_missing(engine: Engine) -> None:
    source = Daily()
    run(engine, source, ask(10, 20))
    assert run(engine, source, ask(12, 18)).already_read == ("runs",)
    source.read.clear()
    run(engine, source, ask(5, 25))
    assert source.read == [5, 6, 7, 8, 9, 20, 21, 22, 23, 24]
    run(engine, source, ask(10, 12, anew=True))
    assert source.read[-2:] == [10, 11]


def test_the_last_day_before_it_was_read_is_read_again(engine: Engine) -> None:
    source = Daily()
    run(engine, source, ask(30, 40))
    source.read.clear()
    run(engine, source, ask(30, 40))
    assert source.read == [39]


def test_the_watermark_of_pulls_stays(engine: Engine) -> None:
    source = Daily()
    pull_source(engine, source, PullWindow(NOW), NOW)
    before = position(engine, "daily", "runs")
    run(engine, source, ask(0, 10))
    assert position(engine, "daily", "runs") == before == {"next": 40}
    assert len(attempts_of(engine, "export", "")) == 12


def test_a_stream_that_is_refused_says_so_and_goes_on_once_it_is_not(engine: Engine) -> None:
    source = Daily(fails_on=3)
    report = run(engine, source, ask(0, 10))
    assert (report.errors["runs"].hint, report.errors["runs"].permanent) == ("set the key", True)
    source.fails_on = None
    assert run(engine, source, ask(0, 10)).errors == {}
    assert source.read == list(range(10))


DAYS = st.integers(0, 39)


@given(st.lists(st.tuples(DAYS, st.integers(1, 20), st.booleans()), max_size=6), DAYS, st.integers(1, 20))
def test_what_is_to_be_read_closes_every_gap_once(begun: list[tuple[int, int, bool]], first: int, width: int) -> None:
    """Days as units: all that is wanted and settled by nobody is read, by gaps that do not touch what is closed."""
    before = [_stretch(start, start + length, done) for start, length, done in begun]
    wanted = _stretch(first, first + width, done=False)
    missing = to_read(before, wanted)
    open_ones = [one for one in missing if one in before]
    gaps = [one for one in missing if one not in before]
    closed = {day for one in before if one.done for day in _days(one.start, one.settled_until)}
    closed |= {day for one in open_ones for day in _days(one.start, one.until)}
    found = [day for gap in gaps for day in _days(gap.start, gap.until)]
    assert sorted(found) == sorted(_days(wanted.start, wanted.until) - closed)


def _stretch(first: int, last: int, done: bool) -> Stretch:
    return Stretch("daily", "runs", T + first * DAY, T + last * DAY, NOW, {} if not done else None, done)


def _days(start: datetime, until: datetime) -> set[int]:
    return set(range((start - T).days, (until - T).days))


def test_a_stretch_is_settled_a_day_before_it_was_read() -> None:
    assert _stretch(30, 40, done=True).settled_until == NOW - UNSETTLED
    assert _stretch(0, 10, done=True).settled_until == T + 10 * DAY
