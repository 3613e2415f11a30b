"""A confidence interval for a quantile from two of the ordered values themselves, whatever their distribution.

Of `n` values, the number below the true quantile `q` is binomial(n, q); so the interval between the `low`-th and the
`high`-th smallest holds it with a probability that needs no model of the values (David and Nagaraja, 2003, "Order
Statistics", section 7.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from correlator.statistics.tails import binomial_tail


@dataclass(frozen=True)
class QuantileInterval:
    """`[low, high]` holds the quantile with at least the asked confidence; `coverage` is what it really has."""

    low: float
    high: float
    coverage: float


def quantile_interval(values: NDArray[np.float64], quantile: float, level: float = 0.95) -> QuantileInterval | None:
    """The interval of a quantile in (0, 1); None where so few values cannot hold it with that confidence."""
    ranks = _ranks(len(values), quantile, level)
    if ranks is None:
        return None
    low, high, coverage = ranks
    ordered = np.sort(values)
    return QuantileInterval(float(ordered[low - 1]), float(ordered[high - 1]), coverage)


@lru_cache(maxsize=10_000)
def _ranks(count: int, quantile: float, level: float) -> tuple[int, int, float] | None:
    """The places (from 1) of the values that bound the interval, and its coverage."""
    if not count:
        return None
    tail = (1.0 - level) / 2
    # of the values, at most 0, 1, ... lie below the quantile
    at_most = 1.0 - binomial_tail(np.arange(1, count + 1), count, quantile)
    low = int(np.searchsorted(at_most, tail))
    high = int(np.searchsorted(at_most, 1.0 - tail)) + 1
    if low < 1 or high > count:
        return None
    return low, high, float(at_most[high - 1] - at_most[low - 1])
