"""Two failure rates before and after a moment, with intervals that know that failures come in bad days. Needs no numpy.

Each rate has a score interval, on the effective number of runs: where failures gather on single days, a hundred runs
say as much as a few independent ones. The interval of the difference is made of these two.

References: Wilson (1927), "Probable inference, the law of succession, and statistical inference"; Newcombe (1998),
"Interval estimation for the difference between independent proportions", method 10; Korn and Graubard (1998),
"Confidence intervals for proportions with small expected number of positive counts estimated from survey data".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final

Z: Final = 1.959964
"""Intervals hold 95 %."""
Day = tuple[int, int]
"""Runs, and those of them that failed."""


@dataclass(frozen=True, slots=True)
class Rate:
    """`failed` of `runs` on so many `days` with runs; the rate lies in `[low, high]`."""

    runs: int
    failed: int
    days: int
    low: float
    high: float

    @property
    def value(self) -> float:
        return self.failed / self.runs


@dataclass(frozen=True, slots=True)
class Difference:
    """After less before: `[low, high]` holds the difference of the two rates."""

    before: Rate
    after: Rate
    low: float
    high: float

    @property
    def direction(self) -> int:
        """-1 where the rate fell, 1 where it rose, 0 where the interval leaves both open."""
        return (self.low > 0) - (self.high < 0)


def rate_difference(before: Sequence[Day], after: Sequence[Day]) -> Difference | None:
    """None where there is a side without runs."""
    sides = [[day for day in days if day[0]] for days in (before, after)]
    if not all(sides):
        return None
    inflation = max(_inflation(days) for days in sides)
    first, second = (_rate(days, inflation) for days in sides)
    change = second.value - first.value
    return Difference(
        first,
        second,
        low=change - sqrt((second.value - second.low) ** 2 + (first.high - first.value) ** 2),
        high=change + sqrt((second.high - second.value) ** 2 + (first.value - first.low) ** 2),
    )


def _inflation(days: Sequence[Day]) -> float:
    """How much wider the rate scatters from day to day than it would if runs failed independently; at least 1."""
    runs, failed = sum(day[0] for day in days), sum(day[1] for day in days)
    rate = failed / runs
    independent = rate * (1 - rate) * runs
    if len(days) < 2 or not independent:
        return 1.0
    scatter = sum((hits - rate * trials) ** 2 for trials, hits in days) * len(days) / (len(days) - 1)
    return max(1.0, scatter / independent)


def _rate(days: Sequence[Day], inflation: float) -> Rate:
    runs, failed = sum(day[0] for day in days), sum(day[1] for day in days)
    low, high = wilson(failed / runs, runs / inflation)
    return Rate(runs, failed, len(days), low, high)


def wilson(rate: float, trials: float) -> tuple[float, float]:
    """The score interval of a proportion.

    >>> tuple(round(end, 4) for end in wilson(0.0, 10)), tuple(round(end, 4) for end in wilson(0.5, 10))
    ((0.0, 0.2775), (0.2366, 0.7634))
    """
    square = Z * Z / trials
    middle = (rate + square / 2) / (1 + square)
    reach = sqrt(rate * (1 - rate) * square + square * square / 4) / (1 + square)
    return max(0.0, middle - reach), min(1.0, middle + reach)
