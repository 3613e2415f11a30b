"""How regularly a job is due, and when a run that should have begun has not: late, not recorded, or not come yet.

A run that is missing must not look healthy. Where a job keeps a rhythm, a pause longer than its period is customary
(nights, weekends: the same pause lies a week or a day away), or the run after it began late, or runs in between are not
recorded. After the last run of all it may still come.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from correlator.history.columns import usual_period
from correlator.tables.frames import MICROSECONDS

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

FEWEST_RUNS: Final = 8
MINUTE: Final = 60 * MICROSECONDS
DAY: Final = 24 * 60 * MINUTE
FAR: Final = int(np.iinfo(np.int64).max)


@dataclass(frozen=True)
class Cadence:
    """One entry a run, times in µs. `overdue`: from when on the run after it is overdue, `FAR` where it never is.

    `late`: the next recorded run is the overdue one, begun late. Otherwise runs in between are not recorded, or, after
    the last run, have not come yet.
    """

    period: int
    overdue: IntArray
    late: BoolArray


def cadence_of(due: IntArray, as_of: int) -> Cadence | None:
    """The cadence of a job from its sorted due times; None where it has no rhythm, or too few runs to show one.

    A due time may stray from a whole number of periods after the one before by `slack`: three times what four in five
    stay within, at least a minute. When that is more than a quarter of the period there is no rhythm.
    """
    if len(due) < FEWEST_RUNS:
        return None
    pause = np.diff(np.append(due, max(as_of, int(due[-1]))))
    period, slack = _rhythm(due, pause[:-1])
    if slack > period // 4:
        return None
    long = np.flatnonzero(pause > period + slack)
    long = long[~_customary(due, long, pause[long], period)]
    overdue = np.full(len(due), FAR)
    overdue[long] = due[long] + period + slack
    late = np.zeros(len(due), bool)
    late[long] = np.abs(_stray(pause[long], period)) > slack
    late[-1] = False
    return Cadence(period, overdue, late)


def _rhythm(due: IntArray, gaps: IntArray) -> tuple[int, int]:
    """Period and slack in µs. (Most plans are kept to the minute, and need no sorting.)"""
    if gaps[0] >= 4 * MINUTE and (gaps == gaps[0]).all():
        return int(gaps[0]), MINUTE
    period = usual_period(due)
    return period, max(MINUTE, int(3 * np.quantile(np.abs(_stray(gaps, period)), 0.8)))


def _stray(pause: IntArray, period: int) -> IntArray:
    """How far pauses stray from the nearest whole number of periods, at least one."""
    whole = np.maximum((pause + period // 2) // period, 1)
    stray: IntArray = pause - whole * period
    return stray


def _customary(due: IntArray, at: IntArray, pause: IntArray, period: int) -> BoolArray:
    """Pauses that lie in the history a week or two away as well; a day or two away where it is shorter than that."""
    weeks = _held_elsewhere(due, at, pause, period, 7 * DAY)
    days = _held_elsewhere(due, at, pause, period, DAY)
    none: BoolArray = np.where(np.isnan(weeks), np.nan_to_num(days, nan=1.0), weeks) < 0.5
    return none


def _held_elsewhere(due: IntArray, at: IntArray, pause: IntArray, period: int, step: int) -> NDArray[np.float64]:
    """The share of the shifted pauses in which at least half of the runs came that would fit into them; NaN where no
    shifted pause lies within the history."""
    came, looked = np.zeros(len(at)), np.zeros(len(at))
    for shift in (-2 * step, -step, step, 2 * step):
        begin = due[at] + period // 2 + shift
        end = due[at] + np.maximum(pause - period // 2, 3 * period // 2) + shift
        within = (begin >= due[0]) & (end <= due[-1])
        runs = np.searchsorted(due, end) - np.searchsorted(due, begin)
        came += within & (2 * runs * period >= np.maximum(pause - period, period // 2))
        looked += within
    return np.where(looked > 0, came / np.maximum(looked, 1), np.nan)
