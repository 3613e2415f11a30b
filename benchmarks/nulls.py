"""Histories in which the upstream has no effect whatever, and everything else that can look like one.

Each null gives two hourly jobs that get into trouble for reasons of their own or for a common one, never because of
each other. `effect` breaks that on purpose, to measure power.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
Rates = tuple[FloatArray, FloatArray]

BASE = 0.05


@dataclass(frozen=True)
class Pair:
    """One entry an hourly slot: whether the upstream (downstream) run was made at all, and was in trouble (failed)."""

    made: BoolArray
    troubled: BoolArray
    down_made: BoolArray
    failed: BoolArray

    @property
    def exposed(self) -> BoolArray:
        """A skipped run leaves the one before it, which has passed by then."""
        return self.troubled & self.made


def _drawn(rng: np.random.Generator, rates: Rates) -> Pair:
    up, down = (rng.random(len(rate)) < np.clip(rate, 0, 0.9) for rate in rates)
    every = np.ones(len(up), bool)
    return Pair(every, up, every, down)


def plain(rng: np.random.Generator, slots: int) -> Pair:
    return _drawn(rng, (np.full(slots, BASE), np.full(slots, BASE)))


def daily_rhythm(rng: np.random.Generator, slots: int) -> Pair:
    """Both fail five times as often in the same six hours of the day."""
    hour = np.arange(slots) % 24
    rate = np.where((hour >= 1) & (hour < 7), 0.15, 0.03)
    return _drawn(rng, (rate, rate))


def weekday(rng: np.random.Generator, slots: int) -> Pair:
    """Both fail six times as often on Mondays."""
    rate = np.where(np.arange(slots) // 24 % 7 == 0, 0.2, 0.033)
    return _drawn(rng, (rate, rate))


def bad_days(rng: np.random.Generator, slots: int) -> Pair:
    """One day in ten is bad for both."""
    rate = np.where(rng.random(slots // 24 + 1) < 0.1, 0.3, 0.03)[np.arange(slots) // 24]
    return _drawn(rng, (rate, rate))


def _bursts(rng: np.random.Generator, slots: int) -> FloatArray:
    rate = np.full(slots, 0.02)
    for begin in np.flatnonzero(rng.random(slots) < 0.012):
        rate[begin : begin + 1 + rng.geometric(0.3)] = 0.6
    return rate


def bursts(rng: np.random.Generator, slots: int) -> Pair:
    """Failures come in rows of some hours, each job's in its own."""
    return _drawn(rng, (_bursts(rng, slots), _bursts(rng, slots)))


def drift(rng: np.random.Generator, slots: int) -> Pair:
    """Both get worse from month's start to its end."""
    rate = np.linspace(0.005, 0.12, slots)
    return _drawn(rng, (rate, rate))


def skipped_runs(rng: np.random.Generator, slots: int) -> Pair:
    """A tenth of the runs of either job is never made, and both rest at weekends; troubles are plain."""
    pair, work = plain(rng, slots), np.arange(slots) // 24 % 7 < 5
    return replace(pair, made=work & (rng.random(slots) > 0.1), down_made=work & (rng.random(slots) > 0.1))


def shared_hosts(rng: np.random.Generator, slots: int) -> Pair:
    """Runs of both land on six hosts at random; each host has sick spells of half a day."""
    sick = np.zeros((6, slots), bool)
    for host, begin in zip(*np.nonzero(rng.random((6, slots)) < 0.004), strict=True):
        sick[host, begin : begin + 12] = True
    spot = np.arange(slots)
    up, down = (np.where(sick[rng.integers(0, 6, slots), spot], 0.5, 0.02) for _ in range(2))
    return _drawn(rng, (up, down))


def all_together(rng: np.random.Generator, slots: int) -> Pair:
    """Rhythm, bad days, own bursts and missing runs at once."""
    hour = np.arange(slots) % 24
    common = np.where((hour >= 1) & (hour < 7), 0.08, 0.015)
    common = common + np.where(rng.random(slots // 24 + 1) < 0.08, 0.15, 0.0)[np.arange(slots) // 24]
    pair = _drawn(rng, (common + _bursts(rng, slots) / 2, common + _bursts(rng, slots) / 2))
    return replace(pair, made=rng.random(slots) > 0.05, down_made=rng.random(slots) > 0.05)


NULLS: dict[str, Callable[[np.random.Generator, int], Pair]] = {
    "plain": plain,
    "daily rhythm": daily_rhythm,
    "weekday effects": weekday,
    "bad days": bad_days,
    "bursts": bursts,
    "drift": drift,
    "skipped runs": skipped_runs,
    "shared hosts": shared_hosts,
    "all together": all_together,
}


def effect(rng: np.random.Generator, pair: Pair, breaks: float) -> Pair:
    """The same history, in which a share of the exposed runs fails because of the exposure."""
    return replace(pair, failed=pair.failed | (pair.exposed & (rng.random(len(pair.failed)) < breaks)))
