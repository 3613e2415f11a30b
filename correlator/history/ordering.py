"""Sorting whole columns faster than a general sort does."""

from __future__ import annotations

import numpy as np

from correlator.history.columns import IntArray


def stable_order(codes: IntArray) -> IntArray:
    """What `np.argsort(codes, kind="stable")` gives, for small codes of at least 0, by one sort of packed integers."""
    bits = len(codes).bit_length()
    if int(codes.max(initial=0)).bit_length() + bits > 63:
        return np.argsort(codes, kind="stable")
    packed = (codes << bits) | np.arange(len(codes))
    packed.sort()
    packed &= (1 << bits) - 1
    return packed
