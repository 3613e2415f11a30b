"""Do the failures keep to certain hours of the day?

Every interval of whole hours on the clock face, up to half a day long, is compared with the rest of the day by a
binomial tail; the smallest tail is corrected for the number of intervals looked at (Bonferroni).
Reference: Naus (1982), the scan statistic on a circle, here with its simplest bound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from correlator.statistics.tails import binomial_tail

LONGEST_HOURS = 12


@dataclass(frozen=True, slots=True)
class BadHours:
    """From hour `start` (0-23) for `hours` hours: failures there, expected at the rate of the whole day."""

    start: int
    hours: int
    runs: int
    failures: int
    expected: float
    p_value: float


def bad_hours(hour: NDArray[np.int64], failed: NDArray[np.bool_]) -> BadHours | None:
    """The hours in which failures gather most. `hour` is 0-23 a run; None with fewer than five failures."""
    total, n = int(failed.sum()), len(failed)
    if total < 5:
        return None
    runs = np.bincount(hour, minlength=24)
    bad = np.bincount(hour[failed], minlength=24)
    begin, length = (grid.ravel() for grid in np.meshgrid(np.arange(24), np.arange(1, LONGEST_HOURS + 1)))
    in_runs, in_bad = _circular_sums(runs, begin, length), _circular_sums(bad, begin, length)
    tail = binomial_tail(in_bad, total, in_runs / n)
    tail = np.where((in_runs > 0) & (in_runs < n), tail, 1.0)
    best = int(np.argmin(tail))
    expected = total * in_runs[best] / n
    p_value = min(1.0, float(tail[best]) * len(tail))
    return BadHours(
        int(begin[best]), int(length[best]), int(in_runs[best]), int(in_bad[best]), float(expected), p_value
    )


def _circular_sums(counts: NDArray[np.int64], begin: NDArray[np.int64], length: NDArray[np.int64]) -> NDArray[np.int64]:
    cumulative = np.concatenate(([0], np.cumsum(np.concatenate((counts, counts)))))
    sums: NDArray[np.int64] = cumulative[begin + length] - cumulative[begin]
    return sums
