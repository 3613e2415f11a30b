"""From the store a fact counts from the moment it was stored, and as it stood then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from correlator.backtesting.backtest import Backtest, backtest_store, backtest_tables
from correlator.backtesting.schedule import Tick, every
from correlator.simulation.story import START
from correlator.store.database import open_store
from correlator.store.frames import read_window, store_tables
from correlator.tables.frames import Tables, to_micros
from tests.backtesting.histories import story

END = START + timedelta(days=9)
WINDOW = timedelta(days=30)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    yield opened
    opened.dispose()


def _until(tables: Tables, moment: datetime) -> Tables:
    at = to_micros(moment)
    runs = tables.runs[tables.runs["finished_at"] <= at]
    metrics = tables.metrics.iloc[:0]
    return replace(tables, runs=runs, metrics=metrics)


def _story(done: Backtest) -> dict[tuple[str, str], list[tuple[object, ...]]]:
    return {key: [(call.at, *call.said) for call in record.calls] for key, record in done.records.items()}


def test_what_was_stored_late_is_known_late(engine: Engine) -> None:
    tables, _ = story("own-change", 5, 26)
    end = START + timedelta(days=26)
    whole = _until(tables, end)
    store_tables(engine, "files", whole, end - timedelta(hours=1))
    ticks = [Tick(start) for start in (START + timedelta(days=13), end - timedelta(hours=2), end)]
    done = backtest_store(engine, WINDOW, ticks, START, end)
    assert done.ticks == 3
    assert done.decided == 1
    assert {call.at for record in done.records.values() for call in record.calls} == {end}


def test_followed_live_the_store_says_what_the_tables_say(engine: Engine) -> None:
    tables, _ = story("upstream-timeout", 5, 9)
    whole = _until(tables, END)
    days = [START + timedelta(days=day) for day in range(1, 10)]
    for day in days:
        known = _until(tables, day)
        store_tables(engine, "files", known, day)
    ticks = [Tick(day) for day in days]
    from_store = backtest_store(engine, WINDOW, ticks, START, END)
    finished = replace(whole, runs=whole.runs[whole.runs["finished_at"] <= to_micros(END)])
    assert _story(from_store) == _story(backtest_tables(finished, ticks, START, END))
    assert from_store.records


def test_ticks_between_which_nothing_was_stored_read_nothing(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    tables, _ = story("transient", 2, 9)
    store_tables(engine, "files", _until(tables, END), END)
    reads: list[datetime | None] = []
    real = read_window

    def counted(engine: Engine, start: datetime | None, end: datetime | None, by: datetime | None = None) -> Tables:
        reads.append(end)
        return real(engine, start, end, by)

    monkeypatch.setattr("correlator.backtesting.backtest.read_window", counted)
    ticks = every(timedelta(hours=6), START, END + timedelta(days=1))
    done = backtest_store(engine, WINDOW, ticks, START, END + timedelta(days=1))
    assert done.ticks == 40
    assert len(reads) == 2, "once for what was known when, once at the first tick with anything new"
