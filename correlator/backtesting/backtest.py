"""A backtest: every look of a schedule, over a folder's tables or over the store as it was known then."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy import Engine

from correlator.backtesting.record import Judged, Record, failure_times, judge
from correlator.backtesting.replay import Replay
from correlator.backtesting.schedule import Tick
from correlator.backtesting.truth import TrueCase
from correlator.store.frames import read_window
from correlator.store.moments import moments_of_change
from correlator.tables.frames import Tables, from_micros, to_micros


@dataclass
class Backtest:
    """What was said about each job. `ticks` were due; `decided` counts the tenants decided anew, over all of them."""

    start: datetime
    end: datetime
    ticks: int = 0
    decided: int = 0
    records: dict[tuple[str, str], Record] = field(default_factory=dict)
    judged: dict[tuple[str, str], Judged] = field(default_factory=dict)

    def look(self, replay: Replay, tick: Tick, as_of: datetime | None = None) -> None:
        """Look at `tick.at` at what had happened by `as_of` (by then, where not given)."""
        self.ticks += 1
        before = replay.decided
        for call in replay.calls(to_micros(as_of or tick.at), tick.tenants):
            record = self.records.setdefault((call.tenant, call.job), Record(call.tenant, call.job))
            record.add(replace(call, at=tick.at))
        self.decided += replay.decided - before


def backtest_tables(tables: Tables, ticks: Iterable[Tick], start: datetime, end: datetime) -> Backtest:
    """Every fact is taken as known from the moment it happened."""
    done, replay = Backtest(start, end), Replay(tables)
    for tick in ticks:
        done.look(replay, tick)
    return done


def backtest_store(
    engine: Engine, window: timedelta, ticks: Iterable[Tick], start: datetime, end: datetime
) -> Backtest:
    """Every fact is taken as known from the moment it was stored, and as it stood then.

    Each look judges the `window` before the last event stored by then, as the scheduler does. At ticks before which
    nothing was stored since the last one, nothing is read and nothing decided. Raises StoreError.
    """
    done = Backtest(start, end)
    for tick, replay, as_of in store_looks(engine, window, ticks):
        if replay is not None:
            done.look(replay, tick, as_of)
        else:
            done.ticks += 1
    return done


def store_looks(
    engine: Engine, window: timedelta, ticks: Iterable[Tick], since: datetime | None = None
) -> Iterator[tuple[Tick, Replay | None, datetime]]:
    """Each tick, a replay of what the store knew by then (None while it was nothing), and the last event known.

    `since`: no tick judges anything earlier, so nothing earlier has to be read.
    """
    replay: Replay | None = None
    latest = LatestKnown(read_window(engine, since, None))
    for tick, fresh in _with_news(ticks, moments_of_change(engine)):
        if fresh:
            as_of = latest.at(tick.at) or tick.at
            tables = read_window(engine, as_of - window, as_of + timedelta(microseconds=1), tick.at)
            replay = Replay(tables) if replay is None else replay.renewed(tables)
        yield tick, replay, tick.at if replay is None else as_of


class LatestKnown:
    """The last event the store knew of at any moment, and no later than that moment."""

    def __init__(self, tables: Tables) -> None:
        runs = tables.runs
        order = np.argsort(runs["known_at"].to_numpy(np.int64), kind="stable")
        self._known = runs["known_at"].to_numpy(np.int64)[order]
        times = runs[["scheduled_at", "started_at", "finished_at"]].to_numpy(np.int64).max(axis=1)
        self._latest = np.maximum.accumulate(times[order]) if len(times) else times

    def at(self, moment: datetime) -> datetime | None:
        """None while no run was known."""
        known = int(np.searchsorted(self._known, to_micros(moment), side="right"))
        return None if known == 0 else min(from_micros(int(self._latest[known - 1])), moment)


def _with_news(ticks: Iterable[Tick], changes: list[int]) -> Iterator[tuple[Tick, bool]]:
    """Each tick, and whether the store changed between the tick before and it."""
    known = 0
    for tick in ticks:
        now = bisect_right(changes, to_micros(tick.at))
        yield tick, now > known
        known = now


def judge_all(done: Backtest, cases: Iterable[TrueCase], tables: Tables) -> None:
    """Set the records against the truth; a case nothing was ever said about is judged as silence."""
    failed_at = failure_times(tables, to_micros(done.end))
    for case in cases:
        key = (case.tenant, case.job)
        done.judged[key] = judge(done.records.get(key, Record(*key)), case, failed_at.get(key, {}))
