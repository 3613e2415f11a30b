"""How rarely a series reaches a level: counted where it did, extrapolated along a power law where it never did.

The tail of `past` beyond its 80th percentile is taken for a Pareto tail. Its index comes from the mean of the log
excesses, drawn to a prior where the past is short, and the uncertainty of the index is averaged over, so that twenty
quiet minutes do not promise a quiet year.

References: B. M. Hill, A simple general approach to inference about the tail of a distribution, Ann. Stat. 3 (1975);
A. Siffer et al., Anomaly detection in streams with extreme value theory, KDD 2017 (for the use on streams).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TAIL_SHARE: Final = 0.2
PRIOR_INDEX: Final = 3.0
PRIOR_WEIGHT: Final = 8.0


@dataclass(frozen=True, slots=True)
class ParetoTail:
    """Survival of a positive statistic. `body` is the sorted past, `size` the independent values it is worth."""

    body: Floats
    size: float
    threshold: float
    log_share: float
    index: float
    weight: float

    def surprise(self, values: Floats) -> Floats:
        """-ln P(statistic >= value), in nats, for each of `values`; never below 0."""
        reached = len(self.body) - np.searchsorted(self.body, values, side="left")
        counted = -np.log((reached / max(len(self.body), 1) * self.size + 1.0) / (self.size + 1.0))
        excess = np.log(np.maximum(values, self.threshold) / self.threshold)
        beyond = self.log_share + predictive(self.index * excess, self.weight)
        return np.where(values > self.threshold, beyond, np.minimum(counted, self.log_share))


def fit_tail(past: Floats, size: float, least_threshold: float, freedom: float) -> ParetoTail:
    """The tail of `past` (shape (k,), overlapping windows allowed: `size` says how many independent ones they are).

    `least_threshold` keeps the law from starting inside the noise of a constant series; `freedom` (degrees of
    freedom behind the scale) caps the index, as a Student t with so many would.
    """
    body = np.sort(past)
    threshold = max(float(np.quantile(body, 1 - TAIL_SHARE)) if len(body) else 0.0, least_threshold)
    above = body[body > threshold]
    share = (len(above) / max(len(body), 1) * size + 0.5) / (size + 1.0)
    weight = share * size if len(above) else 0.0
    mean_excess = float(np.log(above / threshold).mean()) if len(above) else 0.0
    inverse = (weight * mean_excess + PRIOR_WEIGHT / PRIOR_INDEX) / (weight + PRIOR_WEIGHT)
    index = min(1.0 / inverse, max(freedom, 1.0))
    return ParetoTail(body, size, threshold, float(-np.log(min(share, 1.0))), index, weight + PRIOR_WEIGHT)


def predictive(nats: Floats, weight: float) -> Floats:
    """-ln of an exponential tail whose rate is known from `weight` values only: weight * ln(1 + nats / weight).

    The rate has a gamma distribution; averaging over it makes the tail heavier, the more so the less is known.
    """
    heavier: Floats = weight * np.log1p(nats / weight)
    return heavier
