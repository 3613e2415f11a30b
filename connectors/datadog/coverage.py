"""What a stream has asked for already: for each subject, the stretches of time, in whole steps of the grid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Stretch = tuple[int, int]
"""`[start, end)`, in seconds since 1970."""


def joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """The same time as few stretches, sorted.

    >>> joined([(5, 9), (0, 3), (3, 5), (20, 21)])
    [(0, 9), (20, 21)]
    """
    whole: list[Stretch] = []
    for start, end in sorted(stretch for stretch in stretches if stretch[0] < stretch[1]):
        if whole and start <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(end, whole[-1][1]))
        else:
            whole.append((start, end))
    return whole


def without(stretches: Iterable[Stretch], taken: Iterable[Stretch]) -> list[Stretch]:
    """What is left of the stretches.

    >>> without([(0, 10)], [(2, 3), (8, 20)])
    [(0, 2), (3, 8)]
    """
    left = joined(stretches)
    for first, last in joined(taken):
        left = [part for start, end in left for part in ((start, min(end, first)), (max(start, last), end))]
        left = [part for part in left if part[0] < part[1]]
    return left


def cut(stretches: Iterable[Stretch], length: int) -> Iterator[Stretch]:
    """The stretches cut at whole multiples of `length`: a later look cuts the same time in the same places."""
    for start, end in stretches:
        while start < end:
            border = min(end, (start // length + 1) * length)
            yield start, border
            start = border


def to_json(covered: Mapping[str, list[Stretch]]) -> dict[str, Any]:
    return {key: [list(stretch) for stretch in stretches] for key, stretches in sorted(covered.items()) if stretches}


def from_json(document: Mapping[str, Any]) -> dict[str, list[Stretch]]:
    return {key: [(int(start), int(end)) for start, end in stretches] for key, stretches in document.items()}
