"""Noise as monitoring shows it: with memory, with heavy tails, lone spikes, scheduled work and levels that shift."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

Floats = NDArray[np.float64]

DAY_SECONDS = 86_400


def memory_noise(rng: np.random.Generator, points: int, rho: float) -> Floats:
    """A first-order autoregressive series with unit variance."""
    noise = rng.standard_normal(points) * np.sqrt(1 - rho**2)
    noise[0] = rng.standard_normal()
    found: Floats = lfilter([1.0], [1.0, -rho], noise)
    return found


@dataclass(frozen=True)
class Noise:
    """Draws for series of `points` values, `step` seconds apart; `spiky` adds heavy tails and lone spikes."""

    rng: np.random.Generator
    points: int
    step: int
    spiky: bool

    def around_one(self, size: float) -> Floats:
        """Multiplicative noise."""
        rho = float(self.rng.choice([0.0, 0.5, 0.9]))
        noise = np.exp(size * memory_noise(self.rng, self.points, rho))
        if self.spiky:
            noise *= np.exp(size * 0.5 * self.rng.standard_t(3, self.points))
            noise[self.rng.random(self.points) < 0.001] *= float(self.rng.choice([2.0, 5.0]))
        return noise

    def load(self, rhythm: float) -> Floats:
        """Requests a second from outside: a day of two humps, slow noise, now and then a burst."""
        clock = np.arange(self.points) * self.step / DAY_SECONDS + self.rng.random()
        daily = 1 + rhythm * (np.sin(2 * np.pi * clock) + 0.3 * np.sin(4 * np.pi * clock + 1))
        level = float(np.exp(self.rng.uniform(np.log(2), np.log(500))))
        values: Floats = level * np.maximum(daily, 0.05) * np.exp(0.1 * memory_noise(self.rng, self.points, 0.9))
        for start in np.flatnonzero(self.rng.random(self.points) < 0.001):
            values[start : start + int(self.rng.integers(2, 12))] *= self.rng.uniform(1.3, 2.5)
        return values

    def scheduled(self) -> Floats:
        """0 or 1: work that comes back every so many points, such as a sweep each hour."""
        period, length = int(self.rng.integers(12, 80)), int(self.rng.integers(1, 4))
        found: Floats = ((np.arange(self.points) + int(self.rng.integers(period))) % period < length).astype(np.float64)
        return found

    def shifted(self, ordinary: int) -> Floats:
        """Around one, with a lasting change of level somewhere in the ordinary period (a new release)."""
        level = np.ones(self.points)
        level[int(self.rng.integers(ordinary)) :] = float(np.exp(0.3 * self.rng.standard_normal()))
        return level
