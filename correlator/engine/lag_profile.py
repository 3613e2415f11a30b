"""How long after the trouble of its root a job fails."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from correlator.engine.case import Case
from correlator.model import Cause, LagProfile
from correlator.statistics.quantile_interval import quantile_interval
from correlator.tables.frames import MICROSECONDS


def lag_profile(case: Case) -> LagProfile | None:
    """From the start of the root's run to the start of the downstream attempt that failed, in seconds, with bands."""
    if case.main is None or case.main.cause is not Cause.UPSTREAM or not case.laid.any():
        return None
    exposure, laid = case.causes.exposure, case.laid
    root = case.pipeline.jobs[int(exposure.root[laid][0])]
    lags = (case.job.start[laid] - root.start[exposure.root_run[laid]]) / MICROSECONDS
    least, low, middle, high, most = np.percentile(lags, [0, 25, 50, 75, 100]).round(1)
    bands = (_band(lags, quantile) for quantile in (0.25, 0.5, 0.75))
    return LagProfile(len(lags), float(least), float(low), float(middle), float(high), float(most), *bands)


def _band(lags: NDArray[np.float64], quantile: float) -> tuple[float, ...] | None:
    found = quantile_interval(lags, quantile)
    return None if found is None else (round(found.low, 1), round(found.high, 1))
