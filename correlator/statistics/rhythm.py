"""The daily rhythm of a series, removed where it repeats.

The profile is the median at each time of day, over the days of the ordinary period. It is used only if the profile
of the first half of the days foretells the second half: a rhythm that does not repeat is noise, and removing it adds
noise. Less than two whole days show no rhythm.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Micros = NDArray[np.int64]

DAY: Final = 86_400_000_000
MOST_BINS: Final = 48
WORTH_IT: Final = 0.85  # the spread must fall to this share of what it was


def daily_profile(at: Micros, values: Floats) -> Floats | None:
    """Offset from the median for each bin of the day, shape (bins,), or None where no rhythm repeats.

    `at` are microseconds since 1970 UTC, ascending, same length as `values`.
    """
    if len(at) < 16 or at[-1] - at[0] < 2 * DAY:
        return None
    step = max(int(np.median(np.diff(at))), 1)
    bins = min(MOST_BINS, DAY // (2 * step))
    if bins < 4:
        return None
    middle = at[0] + (at[-1] - at[0]) // DAY // 2 * DAY
    early = at < max(middle, at[0] + DAY)
    foretold = values[~early] - offsets(at[~early], _profile(at[early], values[early], bins))
    if _spread(foretold) > WORTH_IT * _spread(values[~early]):
        return None
    return _profile(at, values, bins)


def offsets(at: Micros, profile: Floats) -> Floats:
    """The profile's value at each moment, linear between the middles of the bins."""
    place = (at % DAY) / DAY * len(profile) - 0.5
    low = np.floor(place).astype(np.int64)
    share = place - low
    left, right = profile[low % len(profile)], profile[(low + 1) % len(profile)]
    result: Floats = left * (1 - share) + right * share
    return result


def _profile(at: Micros, values: Floats, bins: int) -> Floats:
    centre = float(np.median(values))
    where = (at % DAY) * bins // DAY
    order = np.argsort(where, kind="stable")
    edges = np.searchsorted(where[order], np.arange(bins + 1))
    sorted_values = values[order]
    found = [float(np.median(sorted_values[a:b])) - centre if b > a else 0.0 for a, b in pairwise(edges)]
    return np.asarray(found, dtype=np.float64)


def _spread(values: Floats) -> float:
    return float(np.median(np.abs(values - np.median(values))))
