"""How far the clocks of two sources are apart, as their schedules and their edges show it.

Due times come from a plan, start times from a clock. A job that starts before it is due goes by a slow clock. A job
that never starts until some minutes after it is due may have to wait, or go by a fast clock; fast it is when jobs that
read its output ordinarily start before that is there, and would not with its clock set back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from correlator.history.alignment import UNMATCHED, match_upstream
from correlator.history.columns import NEVER
from correlator.tables.frames import MICROSECONDS

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

SECOND: Final = MICROSECONDS
FEWEST_RUNS: Final = 20
LEAST_OFFSET: Final = 45 * SECOND
LEAST_BAND: Final = 15 * SECOND
MOST_OFFSET: Final = 3600 * SECOND
ALIKE: Final = 60 * SECOND


@dataclass(frozen=True)
class StartDelay:
    """The least delay (µs) from due to start that a job ordinarily has, and how sharply its delays begin there."""

    least: int
    band: int


@dataclass(frozen=True)
class Reading:
    """What an edge says about clocks: due and ready times upstream; due times, starts and passing downstream, in µs."""

    upstream: int
    downstream: int
    up_due: IntArray
    up_ready: IntArray
    due: IntArray
    start: IntArray
    passed: BoolArray


def start_delay(due: IntArray, start: IntArray) -> StartDelay | None:
    """From the sorted delays: their second percentile, and the way from there to the lower quartile.

    None with few runs, where runs are due when they start (no plan is known), and where delays have no edge.
    """
    delay = start - due
    if len(delay) < FEWEST_RUNS or not delay.any():
        return None
    low, quarter = (int(value) for value in np.quantile(delay, [0.02, 0.25]))
    band = max(quarter - low, LEAST_BAND)
    return StartDelay(low, band) if abs(low) <= MOST_OFFSET and 2 * band <= abs(low) else None


def clock_offsets(delays: list[StartDelay | None], readings: list[Reading]) -> IntArray:
    """By how much (µs) each job's clock is ahead; 0 where nothing shows that it is.

    Jobs that start with the same delay as one whose clock is known to be off go by that clock.
    """
    offsets = np.zeros(len(delays), np.int64)
    for job, delay in enumerate(delays):
        if delay is not None and delay.least <= -LEAST_OFFSET:
            offsets[job] = delay.least
    fast = {reading.upstream for reading in readings if _runs_ahead(reading, delays, offsets)}
    for job, delay in enumerate(delays):
        if delay is not None and offsets[job] == 0 and any(_alike(delay, delays[other]) for other in fast):
            offsets[job] = delay.least
    return offsets


def _alike(delay: StartDelay, other: StartDelay | None) -> bool:
    return other is not None and abs(delay.least - other.least) <= ALIKE


def _runs_ahead(reading: Reading, delays: list[StartDelay | None], offsets: IntArray) -> bool:
    """Whether most passing runs started before their upstream run was ready by its clock, and would not have with
    that set back by the upstream's start delay."""
    delay = delays[reading.upstream]
    if delay is None or delay.least < LEAST_OFFSET or not len(reading.up_due):
        return False
    matched = match_upstream(reading.up_due, reading.due, None)
    ready = reading.up_ready[np.maximum(matched, 0)]
    tells = reading.passed & (matched != UNMATCHED) & (ready != NEVER)
    ahead = (ready - (reading.start - offsets[reading.downstream]))[tells]
    if len(ahead) < FEWEST_RUNS:
        return False
    return float((ahead > 0).mean()) > 0.5 and float((ahead <= delay.least).mean()) > 0.8
