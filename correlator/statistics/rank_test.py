"""Did a metric stand higher (or lower) when a job failed than when it passed?

The two-sided Mann-Whitney rank-sum test: exact for few values without ties, else the normal limit with corrections
for ties and continuity (the same rule as `scipy.stats.mannwhitneyu`, which takes most of a second to load).
References: Mann and Whitney (1947), "On a test of whether one of two random variables is stochastically larger";
Andrews (1976), "The Theory of Partitions", chapter 3, for the number of rankings with one sum (Gaussian binomials).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

LEAST = 4
FEW = 8
"""With so many values at most on one side the limit is not good enough yet."""

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RankResult:
    """`superiority`: the probability that the metric was higher at a failure than at a pass (0.5: no difference)."""

    superiority: float
    p_value: float
    failures: int
    passes: int


def rank_test(at_failures: FloatArray, at_passes: FloatArray) -> RankResult | None:
    """Compare values at failures with values at passes; NaN is no value. None with fewer than four of either."""
    bad, good = at_failures[np.isfinite(at_failures)], at_passes[np.isfinite(at_passes)]
    if len(bad) < LEAST or len(good) < LEAST:
        return None
    pairs = len(bad) * len(good)
    higher = _higher(bad, good)
    _, same = np.unique(np.concatenate((bad, good)), return_counts=True)
    far = max(higher, pairs - higher)
    exact = min(len(bad), len(good)) <= FEW and same.max() == 1
    tail = _exact_tail(int(far), len(bad), len(good)) if exact else _normal_tail(far, len(bad), len(good), same)
    return RankResult(higher / pairs, min(1.0, 2 * tail), len(bad), len(good))


def _higher(bad: FloatArray, good: FloatArray) -> float:
    """Pairs in which the failure's value is the higher one; a tie is half a pair."""
    ordered = np.sort(good)
    below, up_to = np.searchsorted(ordered, bad, "left"), np.searchsorted(ordered, bad, "right")
    return float(below.sum() + up_to.sum()) / 2


def _exact_tail(least: int, some: int, others: int) -> float:
    """P(at least `least` higher pairs) when every ranking is as likely: the coefficients of the Gaussian binomial, in
    whole numbers of any size, as far as they are needed (they read the same from both ends)."""
    few, many = sorted((some, others))
    rankings = np.zeros(some * others - least + 1, dtype=object)
    rankings[0] = 1
    for factor in range(1, few + 1):
        shifted = rankings[: max(len(rankings) - many - factor, 0)].copy()
        rankings[many + factor :] -= shifted
        for start in range(factor):
            rankings[start::factor] = np.cumsum(rankings[start::factor])
    return float(rankings.sum()) / comb(some + others, some)


def _normal_tail(least: float, some: int, others: int, same: NDArray[np.int64]) -> float:
    total = some + others
    ties = float((same.astype(float) ** 3 - same).sum()) / (total * (total - 1))
    variance = some * others / 12 * (total + 1 - ties)
    return float(ndtr(-(least - some * others / 2 - 0.5) / sqrt(variance))) if variance > 0 else 1.0
