"""Did a metric stand higher (or lower) when a job failed than when it passed?

The two-sided Mann-Whitney rank-sum test with tie correction: exact where scipy has it, else the normal limit.
Reference: Mann and Whitney (1947), "On a test of whether one of two random variables is stochastically larger".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu

LEAST = 4


@dataclass(frozen=True, slots=True)
class RankResult:
    """`superiority`: the probability that the metric was higher at a failure than at a pass (0.5: no difference)."""

    superiority: float
    p_value: float
    failures: int
    passes: int


def rank_test(at_failures: NDArray[np.float64], at_passes: NDArray[np.float64]) -> RankResult | None:
    """Compare values at failures with values at passes; NaN is no value. None with fewer than four of either."""
    bad, good = at_failures[np.isfinite(at_failures)], at_passes[np.isfinite(at_passes)]
    if len(bad) < LEAST or len(good) < LEAST:
        return None
    result = mannwhitneyu(bad, good, alternative="two-sided")
    return RankResult(
        superiority=float(result.statistic) / (len(bad) * len(good)),
        p_value=float(result.pvalue),
        failures=len(bad),
        passes=len(good),
    )
