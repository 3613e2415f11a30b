"""Centre and scale that a few wild values cannot move: median and median absolute deviation, with floors.

The MAD of a quantised or nearly constant series is zero or one quantum, and a z-score over it is as large as one
likes. The floors say how small a spread can honestly be claimed: a share of the level, the size of one step of the
values, and the uncertainty of a MAD from few points.

Reference: P. J. Rousseeuw, C. Croux, Alternatives to the median absolute deviation, JASA 88 (1993).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MAD_TO_SIGMA: Final = 1.4826
MEAN_DEVIATION_TO_SIGMA: Final = 1.2533
LEVEL_SHARE: Final = 0.02  # a change under two per cent of the level is never a whole standard deviation
LOWER: Final = (0.05, 0.25)  # quantiles that give level and spread though most of what is above be old trouble
PRIOR_VALUES: Final = 30.0  # how many seen values a model is worth
STRETCHES: Final = (0.3, 5.0)
FEW_POINTS: Final = 4.0  # the scale of N points is widened by 1 + FEW_POINTS / N


@dataclass(frozen=True, slots=True)
class Centre:
    """Median and scale (in the unit of the values; scale > 0) of an ordinary period."""

    median: float
    scale: float


def robust_centre(values: Floats, unit: float = 0.0) -> Centre:
    """Centre of `values` (shape (n,), n >= 1, finite).

    `unit` is a typical size of this kind of value (the median of the same metric elsewhere); it gives a floor where
    the series alone has none, such as an error rate that was always zero.
    """
    median = float(np.median(values))
    deviations = np.abs(values - median)
    spread = MAD_TO_SIGMA * float(np.median(deviations))
    if spread < float(deviations.mean()) * 0.2:  # over half of the values are equal: the MAD does not see the rest
        spread = MEAN_DEVIATION_TO_SIGMA * float(_trimmed(deviations).mean())
    floor = max(LEVEL_SHARE * abs(median), LEVEL_SHARE * abs(unit), _quantum(values) / 2)
    scale = max(spread, floor) * (1.0 + FEW_POINTS / len(values))
    return Centre(median, scale if scale > 0 else 1.0)


def _trimmed(deviations: Floats) -> Floats:
    """Without the largest twentieth, which may be old trouble."""
    keep = len(deviations) - len(deviations) // 20
    return np.sort(deviations)[:keep]


def _quantum(values: Floats) -> float:
    """The typical step of a quantised series: the median gap of its distinct values where few are distinct."""
    distinct = np.unique(values)
    if len(distinct) < 2 or len(distinct) > len(values) / 4:
        return 0.0
    return float(np.median(np.diff(distinct)))


def fitted_below(model: Floats, seen: Floats, independent: float) -> Floats:
    """`model` moved and stretched so that its lower part fits that of `seen` (the upper may hold old trouble).

    `independent` is how many independent values `seen` is worth; few of them change little.
    """
    known = seen[~np.isnan(seen)]
    if len(known) == 0:
        return model
    weight = min(independent, len(known)) / (min(independent, len(known)) + PRIOR_VALUES)
    low, level = np.quantile(model, LOWER)
    seen_low, seen_level = np.quantile(known, LOWER)
    stretch = max(float(seen_level - seen_low), 1e-3) / max(float(level - low), 1e-3)
    stretch = float(np.clip(stretch**weight, *STRETCHES))
    fitted: Floats = (model - level) * stretch + level + weight * (seen_level - level)
    return fitted


def robust_line(x: Floats, y: Floats) -> float:
    """Slope of `y` on `x` (same shape (n,)), least squares after both are drawn in to three spreads from the median.

    0 where `x` does not vary.
    """
    near_x, near_y = _drawn_in(x), _drawn_in(y)
    variance = float(((near_x - near_x.mean()) ** 2).sum())
    return float(((near_x - near_x.mean()) * (near_y - near_y.mean())).sum()) / variance if variance > 0 else 0.0


def _drawn_in(values: Floats) -> Floats:
    median = float(np.median(values))
    spread = MAD_TO_SIGMA * float(np.median(np.abs(values - median)))
    return values if spread == 0 else np.clip(values, median - 3 * spread, median + 3 * spread)
