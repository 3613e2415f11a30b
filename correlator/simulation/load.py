"""A tenant's data volume over time: a daily rhythm, slow drift, and surges.

The level is about 0 ordinarily and above 2 in a surge. It is made day by day from named random numbers, on a grid of
ten minutes, so any moment can be asked for without making the days before it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from correlator.simulation.clock import DAY, MINUTE
from correlator.simulation.randomness import stream

STEP = 10 * MINUTE
_PER_DAY = DAY // STEP


@dataclass(frozen=True)
class Surge:
    """Volume rises from `start` to its peak at `full`, stays until `easing`, is gone at `end` (ms)."""

    start: int
    full: int
    easing: int
    end: int
    height: float

    def at(self, times: np.ndarray) -> np.ndarray:
        """Levels at the times (ms), shape as given."""
        shape: np.ndarray = np.interp(times, [self.start, self.full, self.easing, self.end], [0.0, 1.0, 1.0, 0.0])
        return self.height * shape


Planned = Callable[[int], list[Surge]]
"""The surges that begin on a day, by the day's number since 1970."""


def no_surges(_: int) -> list[Surge]:
    return []


@dataclass
class Load:
    """One tenant's volume. `name` names its random numbers; `surges_per_day` come on top of the planned ones."""

    seed: int
    name: str
    rhythm: float = 0.3
    drift: float = 0.25
    surges_per_day: float = 0.4
    planned: Planned = no_surges
    _days: dict[int, np.ndarray] = field(default_factory=dict)

    def level(self, moment: int) -> float:
        """The level at a moment (ms)."""
        return float(self.day(moment // DAY)[moment % DAY // STEP])

    def day(self, day: int) -> np.ndarray:
        """The levels of one day, 144 values from midnight UTC on."""
        if day not in self._days:
            self._days[day] = self._make(day)
        return self._days[day]

    def _make(self, day: int) -> np.ndarray:
        times = day * DAY + np.arange(_PER_DAY) * STEP
        phase = stream(self.seed, self.name, "phase").random()
        level = self.rhythm * np.sin(2 * np.pi * (times / DAY - phase))
        level += np.interp(np.arange(_PER_DAY), [0, _PER_DAY], [self._node(day), self._node(day + 1)])
        level += stream(self.seed, self.name, "ripple", day).normal(0, 0.06, _PER_DAY)
        for begin in (day - 1, day, day + 1):  # a surge planned for a day may begin the evening before
            for surge in (*self.planned(begin), *self._chance(begin)):
                level += surge.at(times)
        return level

    def _node(self, day: int) -> float:
        return float(stream(self.seed, self.name, "drift", day).normal(0, self.drift))

    def _chance(self, day: int) -> list[Surge]:
        rng = stream(self.seed, self.name, "surges", day)
        surges = []
        for _ in range(rng.poisson(self.surges_per_day)):
            start = day * DAY + int(rng.integers(_PER_DAY)) * STEP
            rise, stay = int(rng.integers(2, 7)) * STEP, int(rng.integers(6, 24)) * STEP
            height = float(rng.uniform(1.6, 2.8))
            surges.append(Surge(start, start + rise, start + rise + stay, start + 2 * rise + stay, height))
        return surges
