"""Texts as 64-bit numbers, a column at once: equal texts have equal numbers, and different ones hardly ever do.

Eight bytes at a time are folded in by multiplication and xor-shift (the finaliser of MurmurHash3). Different texts may
in principle share a number, so whoever groups by it looks at the texts of the few rows that do.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

ROWS_AT_ONCE: Final = 1 << 16
_WORD: Final = 8
_FIRST: Final = np.uint64(0x9E3779B97F4A7C15)
_SECOND: Final = np.uint64(0xC2B2AE3D27D4EB4F)
_SHIFT: Final = np.uint64(29)


def hash_texts(texts: Any) -> Hashes:
    """One number a text of an Arrow `large_string` array without nulls. The same text gives the same in every run."""
    found = np.empty(len(texts), np.uint64)
    for begin in range(0, len(texts), ROWS_AT_ONCE):
        part = texts.slice(begin, ROWS_AT_ONCE)
        found[begin : begin + len(part)] = _hash_part(part)
    return found


def text_bytes(texts: Any) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """The offsets (one more than there are texts) and the bytes of an Arrow `large_string` array."""
    _, offsets, data = texts.buffers()
    if offsets is None:
        return np.zeros(1, np.int64), np.empty(0, np.uint8)
    ends = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    return ends, np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)


def occur_twice(numbers: Hashes) -> NDArray[np.bool_]:
    """Which numbers another entry has too."""
    order = np.argsort(numbers)
    ordered = numbers[order]
    same = np.zeros(len(order) + 1, bool)
    same[1:-1] = ordered[1:] == ordered[:-1]
    found = np.empty(len(order), bool)
    found[order] = same[1:] | same[:-1]
    return found


def mix(numbers: Hashes) -> Hashes:
    """The numbers well stirred, one to one."""
    numbers = (numbers ^ (numbers >> _SHIFT)) * _SECOND
    return numbers ^ (numbers >> _SHIFT)


def _hash_part(texts: Any) -> Hashes:
    offsets, data = text_bytes(texts)
    first = int(offsets[0])
    padded = np.zeros(int(offsets[-1]) - first + _WORD, np.uint8)
    padded[:-_WORD] = data[first : int(offsets[-1])]
    words = np.ndarray((len(padded) - _WORD + 1,), "<u8", padded, strides=(1,))
    begin, length = offsets[:-1] - first, np.diff(offsets)
    found = mix(length.astype(np.uint64) + _FIRST)
    rows: Any = slice(None)
    for at in range(0, int(length.max(initial=0)), _WORD):
        left = length[rows] - at
        if (left <= 0).any():
            rows = np.flatnonzero(length > at)
            left = length[rows] - at
        unused = (np.maximum(_WORD - left, 0) * 8).astype(np.uint64)
        word = words[begin[rows] + at] << unused
        found[rows] = mix((found[rows] ^ word) * _FIRST)
    return found
