"""What may be said of a proportion that rests on few runs: Beta posteriors (Jeffreys), never a NaN.

Reference: Gelman et al., "Bayesian Data Analysis" (2013), chapter 2.
"""

from __future__ import annotations

from scipy.special import betaincc


def probability_exceeds(hits: float, trials: float, level: float) -> float:
    """P(the proportion is greater than `level`) after `hits` (may be fractional) in `trials`."""
    return float(betaincc(hits + 0.5, max(trials - hits, 0.0) + 0.5, level))
