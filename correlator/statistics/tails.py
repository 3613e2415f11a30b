"""Tails of counting distributions: the probability of at least so many.

From the special functions themselves: `scipy.stats`, which has these tails too, takes longer to load than most
histories take to analyse.

References: Johnson, Kemp and Kotz (2005), "Univariate Discrete Distributions", 3.4 (binomial), 4.4 (Poisson), 6.2
(hypergeometric).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, gammainc, gammaln

FloatArray = NDArray[np.float64]
Counts = NDArray[np.int64] | int


def poisson_tail(least: Counts, expected: FloatArray | float) -> FloatArray:
    """P(a Poisson count of mean `expected` is `least` or more)."""
    return np.where(np.asarray(least) > 0, gammainc(np.maximum(least, 1), expected), 1.0)


def binomial_tail(least: Counts, trials: Counts, chance: FloatArray | float) -> FloatArray:
    """P(at least `least` of `trials`, each with `chance`)."""
    asked = np.clip(least, 1, np.maximum(trials, 1))
    tail = betainc(asked, np.asarray(trials) - asked + 1, chance)
    return np.where(np.asarray(least) <= 0, 1.0, np.where(np.asarray(least) > trials, 0.0, tail))


def hypergeometric_tail(least: int, total: int, marked: int, drawn: int) -> float:
    """P(at least `least` of the `drawn` are marked), of `total` things of which so many are `marked`."""
    fewest, most = max(0, drawn + marked - total), min(marked, drawn)
    if least <= fewest:
        return 1.0
    found = np.arange(least, most + 1)
    ways = _log_choose(marked, found) + _log_choose(total - marked, drawn - found) - _log_choose(total, drawn)
    return min(1.0, float(np.exp(ways).sum()))


def _log_choose(of: int, some: Any) -> Any:
    return gammaln(of + 1) - gammaln(some + 1) - gammaln(of - some + 1)
