"""A metric's points over time, made fit for a picture: thinned out, broken where data is missing, with its quiet days.

Pure, on plain sorted lists; times in microseconds since 1970 UTC. Needs no numerical library.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from statistics import median
from typing import Final

DAY: Final = 86_400_000_000
LONG_GAP: Final = 2.5
"""A gap this many usual steps long is missing data: the line breaks there."""
Point = tuple[int, float]
Points = Sequence[Point]


def quantile(values: Sequence[float], share: float) -> float:
    """Of sorted values, linear between them (type 7 of Hyndman and Fan, 1996).

    >>> quantile([1.0, 2.0, 3.0, 10.0], 0.5)
    2.5
    """
    place = share * (len(values) - 1)
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (place - low)


def between(points: Points, start: int, end: int) -> Points:
    """The points of `[start, end)`."""
    return points[bisect_left(points, (start,)) : bisect_left(points, (end,))]


def usual_step(points: Points) -> int:
    """The middle distance between neighbours; a day where there are not two."""
    return int(median(after - before for (before, _), (after, _) in pairwise(points))) if len(points) > 1 else DAY


def thinned(points: Points, start: int, end: int, most: int) -> list[Point]:
    """The median of each of at most `most` equal stretches of `[start, end)`, at the middle of what it is made of."""
    width = max((end - start) // most, 1)
    inside = between(points, start, end)
    if len(inside) <= most:
        return list(inside)
    groups = groupby(inside, key=lambda point: (point[0] - start) // width)
    return [_middle(list(group)) for _, group in groups]


def _middle(points: list[Point]) -> Point:
    return sum(at for at, _ in points) // len(points), median(value for _, value in points)


def pieces(points: Points, step: int) -> Iterator[list[Point]]:
    """Stretches without a long gap, so that missing data does not look like a straight line."""
    piece: list[Point] = []
    for point in points:
        if piece and point[0] - piece[-1][0] > LONG_GAP * step:
            yield piece
            piece = []
        piece.append(point)
    if piece:
        yield piece


def quiet_band(
    points: Points, start: int, end: int, days: Iterable[int], most: int
) -> list[tuple[int, int, float, float, float]]:
    """(from, to, tenth, middle, ninetieth percentile) in each of at most `most` stretches of `[start, end)`: what
    the same hours looked like so many days before."""
    width = max((end - start) // most, 1)
    bins: dict[int, list[float]] = {}
    for day in days:
        for at, value in between(points, start - day * DAY, end - day * DAY):
            bins.setdefault((at + day * DAY - start) // width, []).append(value)
    found = []
    for place, values in sorted(bins.items()):
        values.sort()
        low, middle, high = (quantile(values, share) for share in (0.1, 0.5, 0.9))
        found.append((start + place * width, start + (place + 1) * width, low, middle, high))
    return found
