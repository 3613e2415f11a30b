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
    near = _near(at, troubled, 3 * window)
    rows = [row for event in events.tolist() if (row := _one(at, value, event, near, window, day)) is not None]
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


def _one(
    at: IntArray, value: FloatArray, event: int, near: NDArray[np.bool_], window: int, day: int
) -> tuple[float, float, float, float] | None:
    """(score, quiet median, median before, since) of one event."""
    low, high = np.searchsorted(at, [event - window, event + 1])
    if low == high:
        return None
    phase = (at - event + window) % day
    quiet = value[~near & (phase <= window)]
    if len(quiet) < LEAST_QUIET:
        quiet = value[~near]
    if len(quiet) < LEAST_QUIET:
        return None
    middle = float(np.median(quiet))
    scale = max(1.4826 * float(np.median(np.abs(quiet - middle))), 1e-3 * max(abs(middle), 1e-9))
    before = float(np.median(value[low:high]))
    score = (before - middle) / scale
    out = (value[:high] - middle) / scale * np.sign(score) > FAR_OUT / 2
    inside = np.flatnonzero(~out)
    first = int(inside[-1]) + 1 if len(inside) else 0
    since = float(event - at[first]) if first < high else 0.0
    return score, middle, before, since
