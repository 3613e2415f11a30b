"""How long after the trouble of its root a job fails."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from correlator.model import LagProfile, Pair
from correlator.statistics.quantile_interval import quantile_interval


def lag_profile(pairs: Iterable[Pair], root_job: str | None) -> LagProfile | None:
    """The lags of the pairs with this root, in seconds, with bands; None where there are none.

    A run that failed waiting for one that has not been seen has no lag: nobody knows when that one began.
    """
    lags = np.array(
        [pair.lag_seconds for pair in pairs if pair.upstream_job == root_job and pair.lag_seconds is not None]
    )
    if root_job is None or not len(lags):
        return None
    least, low, middle, high, most = np.percentile(lags, [0, 25, 50, 75, 100]).round(1)
    bands = (_band(lags, quantile) for quantile in (0.25, 0.5, 0.75))
    return LagProfile(len(lags), float(least), float(low), float(middle), float(high), float(most), *bands)


def _band(lags: NDArray[np.float64], quantile: float) -> tuple[float, ...] | None:
    found = quantile_interval(lags, quantile)
    return None if found is None else (round(found.low, 1), round(found.high, 1))
