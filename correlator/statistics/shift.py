"""Did a metric stand differently before trouble than at the same time of quiet days?

For every event the median of the metric in the window before it is set against the values at the same time of day on
days without trouble, in robust standard deviations of those quiet values. One number comes out for all events: the
median of their scores. It counts as moved when that is far out and most of the events agree on the direction.

Reference: Hampel (1974) and Rousseeuw and Croux (1993) on the median absolute deviation as scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

FAR_OUT: Final = 3.0
AGREE: Final = 0.6
LEAST_QUIET: Final = 8


@dataclass(frozen=True, slots=True)
class Shift:
    """`score` in robust standard deviations, signed; `since`: how long before the event the metric left its quiet
    band (median over events, in the unit of the times), None when it did not move."""

    moved: bool
    score: float
    quiet: float
    before: float
    windows: int
    since: float | None


def level_shift(
    at: IntArray, value: FloatArray, events: IntArray, troubled: IntArray, window: int, day: int
) -> Shift | None:
    """Compare the `window` before each event with the same time of day, away from all `troubled` moments.

    `at` is sorted. None when no event has points before it, or there are too few quiet points to compare with.
    """
    quiet = _Quiet(at, value, _near(at, troubled, 3 * window), window, day)
    rows = [row for event in events.tolist() if (row := _one(at, value, event, window, quiet)) is not None]
    if not rows:
        return None
    scores = np.array([row[0] for row in rows])
    score = float(np.median(scores))
    agree = float(np.mean(np.sign(scores) * np.sign(score) * (np.abs(scores) > FAR_OUT / 2) > 0))
    moved = abs(score) >= FAR_OUT and agree >= AGREE
    since = [row[3] for row in rows if row[3] > 0]
    return Shift(
        moved=moved,
        score=score,
        quiet=float(np.median([row[1] for row in rows])),
        before=float(np.median([row[2] for row in rows])),
        windows=len(rows),
        since=float(np.median(since)) if moved and since else None,
    )


def _near(at: IntArray, moments: IntArray, reach: int) -> NDArray[np.bool_]:
    if not len(moments):
        return np.zeros(len(at), bool)
    moments = np.sort(moments)
    right = np.searchsorted(moments, at)
    after = moments[np.minimum(right, len(moments) - 1)] - at
    before = at - moments[np.maximum(right - 1, 0)]
    close: NDArray[np.bool_] = (np.abs(after) <= reach) | (np.abs(before) <= reach)
    return close


class _Quiet:
    """The points away from trouble, and what they say of each time of day that is asked for."""

    def __init__(self, at: IntArray, value: FloatArray, near: NDArray[np.bool_], window: int, day: int) -> None:
        times, self.all = at[~near] % day, value[~near]
        order = np.argsort(times, kind="stable")
        # two days one after the other: a window over midnight is one piece of them
        self.times = np.concatenate((times[order], times[order] + day))
        self.values = np.concatenate((self.all[order], self.all[order]))
        self.window, self.day = window, day

    def before(self, event: int) -> tuple[float, float] | None:
        """Middle and scale of the `window` before the event's time of day, of all hours where that has too few points;
        None where those are too few too."""
        start = (event - self.window) % self.day
        low, high = np.searchsorted(self.times, [start, start + min(self.window, self.day - 1) + 1])
        quiet = self.values[low:high] if high - low >= LEAST_QUIET else self.all
        if len(quiet) < LEAST_QUIET:
            return None
        middle = float(np.median(quiet))
        return middle, max(1.4826 * float(np.median(np.abs(quiet - middle))), 1e-3 * max(abs(middle), 1e-9))


def _one(
    at: IntArray, value: FloatArray, event: int, window: int, quiet: _Quiet
) -> tuple[float, float, float, float] | None:
    """(score, quiet median, median before, since) of one event."""
    low, high = np.searchsorted(at, [event - window, event + 1]).tolist()
    known = quiet.before(event) if low < high else None
    if known is None:
        return None
    middle, scale = known
    before = float(np.median(value[low:high]))
    score = (before - middle) / scale
    first = _left(value[:high], middle, scale * np.sign(score)) if score else high
    since = float(event - at[first]) if first < high else 0.0
    return score, middle, before, since


def _left(value: FloatArray, middle: float, scale: float) -> int:
    """Where the last stretch outside the quiet band begins (`len(value)`: it ended inside). Looked for from the end:
    it is short, and the history long."""
    reach = 64
    while True:
        low = max(len(value) - reach, 0)
        inside = np.flatnonzero(~((value[low:] - middle) / scale > FAR_OUT / 2))
        if len(inside) or not low:
            return low + int(inside[-1]) + 1 if len(inside) else 0
        reach *= 8
