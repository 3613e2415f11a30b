"""Comparing two proportions when one of them may rest on very few runs.

Beta posteriors, compared by numerical integration: with nothing seen the answer is the prior's, not a NaN.
Reference: Gelman et al., "Bayesian Data Analysis" (2013), chapter 2.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import beta

_GRID = (np.arange(400) + 0.5) / 400


def probability_ratio_exceeds(
    hits: float, trials: float, base_hits: float, base_trials: float, base_prior: tuple[float, float], ratio: float
) -> float:
    """P(p > ratio * p0) with p ~ Beta(hits + 1/2, ...) and p0 ~ Beta(base_hits + a, base_trials - base_hits + b).

    `base_prior` is (a, b). The expectation over p0 is taken on 400 quantiles of its posterior.
    """
    a, b = base_prior
    p0 = beta.ppf(_GRID, base_hits + a, base_trials - base_hits + b)
    return float(np.mean(beta.sf(np.minimum(ratio * p0, 1.0), hits + 0.5, trials - hits + 0.5)))


def upper_bound(hits: float, trials: float, level: float = 0.95) -> float:
    """One-sided upper bound of a proportion (Jeffreys); 1 without trials."""
    return float(beta.ppf(level, hits + 0.5, trials - hits + 0.5)) if trials > 0 else 1.0
