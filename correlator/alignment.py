"""Which upstream run each run stood on, and whether it was ready.

A run stands on the latest upstream run that was due at or before it, within the edge's `max_lag`. Periods may differ:
a daily ingest feeds a day of hourly exports. It is *exposed* when that upstream run had not passed yet at the moment
that counts: the start of its first attempt, when it fails without its inputs; its usual start, when it waits for them.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from correlator.history import NEVER, usual_period
from correlator.tables.frames import MICROSECONDS

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

UNMATCHED = -1


def match_upstream(upstream_due: IntArray, downstream_due: IntArray, max_lag: int | None) -> IntArray:
    """For each downstream run the index of the upstream run it stands on, `UNMATCHED` where there is none.

    Both arrays are sorted due times in µs; `max_lag` in µs, None for no limit.
    """
    index = np.searchsorted(upstream_due, downstream_due, side="right") - 1
    if max_lag is not None and len(upstream_due):
        lag = downstream_due - upstream_due[np.maximum(index, 0)]
        index = np.where(lag > max_lag, UNMATCHED, index)
    return index.astype(np.int64)


def not_ready(upstream_ready: IntArray, matched: IntArray, at: IntArray) -> BoolArray:
    """Whether the matched upstream run had not passed at the given times (µs). Unmatched runs are not exposed."""
    if not len(upstream_ready):
        return np.zeros(len(matched), bool)
    ready = upstream_ready[np.maximum(matched, 0)]
    late: BoolArray = (matched != UNMATCHED) & (ready > at)
    return late


def usual_start(due: IntArray, start: IntArray) -> IntArray:
    """When each run would have started on an ordinary day: due plus the median delay, never after its real start."""
    if not len(due):
        return start
    return np.minimum(start, due + int(np.median(start - due)))


def late_runs(due: IntArray, ready: IntArray) -> BoolArray:
    """Runs that passed much later after their due time than is usual for their stream, or never.

    The bound is the upper quartile plus three interquartile ranges (Tukey's far-out fence) of the time from due to
    ready, with at least a quarter of the median and a minute of room.
    """
    took = ready - due
    passed = took[ready != NEVER]
    late: BoolArray = ready == NEVER
    if len(passed) < 4:
        return late
    low, middle, high = np.percentile(passed, [25, 50, 75])
    room = max(3 * (high - low), 0.25 * middle, 60 * MICROSECONDS)
    late |= took > high + room
    return late


PARTS_OF_A_WEEK: Final = (6, 8, 12, 24, 42, 56, 84, 168)
"""Widths of narrow windows in hours. A week holds a whole number of each: a week later, the same runs share one."""


def window_strata(due: IntArray, runs_per_window: int = 6) -> IntArray:
    """Narrow windows: six hours, or room for six runs where they are rarer than hourly.

    A week for daily runs, as many weeks as there are days between runs for rarer ones: seven runs then.
    """
    hour = 3600 * MICROSECONDS
    period = usual_period(due)
    room = 0.9 * runs_per_window * period  # starts that jitter must not push an hourly job into wider windows
    if room <= PARTS_OF_A_WEEK[-2] * hour:
        return due // next(width * hour for width in PARTS_OF_A_WEEK if width * hour >= room)
    return due // (168 * hour * max(1, round(period / (24 * hour))))


def hour_strata(due: IntArray) -> IntArray:
    """Hour of the day (UTC) for runs within the day; day of the week for daily and rarer ones."""
    hour = 3600 * MICROSECONDS
    if usual_period(due) > 18 * hour:
        return (due // (24 * hour)) % 7
    return (due // hour) % 24
