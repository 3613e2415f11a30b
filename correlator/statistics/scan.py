"""Scanning a stretch of a series for its strongest departure, short or long.

A spike of one point, a shift over the whole stretch and everything between are looked for with running means over
1, 3, 9, 27, ... points. What each length reached is compared with what the same length reached elsewhere, so nothing
is assumed about how the noise averages out (it may be correlated).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def scan_lengths(points: int) -> tuple[int, ...]:
    """1, 3, 9, ... up to `points`."""
    lengths = [1]
    while lengths[-1] * 3 <= points:
        lengths.append(lengths[-1] * 3)
    return tuple(lengths)


def running_means(rows: Floats, length: int) -> Floats:
    """Means over `length` neighbours along the last axis: shape (..., n) to (..., n - length + 1)."""
    if length == 1:
        return rows
    sums = np.cumsum(rows, axis=-1)
    sums[..., length:] -= sums[..., :-length].copy()
    return sums[..., length - 1 :] / length


def weighted_size(means: Floats, bad_side: int, good_weight: float) -> Floats:
    """Absolute values; where `bad_side` is +1 or -1, those on the other side count `good_weight` of their size."""
    size: Floats = np.abs(means)
    return np.where(means * bad_side < 0, good_weight * size, size)
