"""Which upstream run each run stood on, and whether it was ready.

A run stands on the latest upstream run that was due at or before it, within the edge's `max_lag`. Periods may differ:
a daily ingest feeds a day of hourly exports. Where runs start while their upstream ordinarily still runs, and pass
without waiting for it, they stand on the run before. Where the upstream's rhythm says that a run should have begun and
none has, the run stands on that one: on the next, when that began late; else it is overdue, or not recorded.

A run is *exposed* when the upstream run had not passed yet at the moment that counts: the start of its first attempt,
when it fails without its inputs; its usual start, when it waits for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from correlator.history.cadence import Cadence
from correlator.history.columns import NEVER, usual_period
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


@dataclass(frozen=True)
class Standing:
    """One entry a downstream run. `matched`: the upstream run it stands on, `UNMATCHED` where there is none.

    `unknown`: that run is not recorded. `overdue`: it should have begun and has not been seen yet; `matched` is the
    run before it then.
    """

    matched: IntArray
    unknown: BoolArray
    overdue: BoolArray


@dataclass(frozen=True)
class Schedule:
    """When a job's runs were due, started and ready, in µs; `usable`: not skipped, so that something was made."""

    due: IntArray
    start: IntArray
    ready: IntArray
    usable: BoolArray


def stand_on(up: Schedule, down: Schedule, cadence: Cadence | None, max_lag: int | None) -> Standing:
    """The upstream run each downstream run stands on. `cadence` is that of the upstream, `max_lag` in µs.

    An upstream that has been silent for a tenth of its history is retired (or renamed), not unknown. A skipped run made
    nothing: the last one before it counts.
    """
    behind = reads_behind(up, down)
    latest = match_upstream(up.due, down.due - behind, None)
    unknown, overdue = np.zeros((2, len(latest)), bool)
    if cadence is not None:
        last, place = latest == len(up.due) - 1, np.maximum(latest, 0)
        since = down.due - behind - cadence.overdue[place]
        missing = (latest != UNMATCHED) & (since >= 0)
        late = missing & cadence.late[place]
        overdue = missing & last & (since < 2 * cadence.period)
        unknown = missing & ~late & ~overdue & ~(last & (since > (up.due[-1] - up.due[0]) // 10))
        latest = np.where(late, latest + 1, latest)
    matched = np.append(np.maximum.accumulate(np.where(up.usable, np.arange(len(up.due)), UNMATCHED)), UNMATCHED)[
        latest
    ]
    if max_lag is not None and len(up.due):
        too_old = down.due - up.due[np.maximum(matched, 0)] > max_lag
        matched = np.where(too_old & ~overdue, UNMATCHED, matched)
    return Standing(np.where(unknown, UNMATCHED, matched).astype(np.int64), unknown, overdue)


FEWEST_TO_TELL: Final = 3
"""Delayed upstream runs from which it can be told whether an edge's runs wait for them."""


def reads_behind(up: Schedule, down: Schedule) -> int:
    """How much earlier (µs) than a downstream run its upstream run must be due: 0, or the time that one usually takes.

    Runs that start while their upstream ordinarily still runs either wait for it, or read what was made before. When
    the upstream takes so long that an ordinary run is over meanwhile, those that wait are not.
    """
    due, ready = up.due[up.usable], up.ready[up.usable]
    passed, finished = ready != NEVER, down.ready != NEVER
    if passed.sum() < FEWEST_TO_TELL or finished.sum() < FEWEST_TO_TELL:
        return 0
    usual = int(np.quantile((ready - due)[passed], 0.75))
    over = down.start + int(np.quantile((down.ready - down.start)[finished], 0.75))
    latest = match_upstream(due, down.due, None)
    place = np.maximum(latest, 0)
    tells = (latest != UNMATCHED) & (down.start - due[place] < usual) & (over < ready[place])
    before = tells & (down.ready < ready[place])
    return usual if int(tells.sum()) >= FEWEST_TO_TELL and 2 * int(before.sum()) > int(tells.sum()) else 0


MANY_IN_A_ROW: Final = 3
"""Exposed runs on one upstream run up to which a narrow window still holds unexposed ones beside them."""


def first_of_each(matched: IntArray, exposed: BoolArray) -> BoolArray:
    """The first of the runs that stand on the same upstream run, where one upstream run exposes many; else all of them.

    Of a day of runs on one late upstream run, one is an observation, and the others repeat it.
    """
    first = np.ones(len(matched), bool)
    first[1:] = matched[1:] != matched[:-1]
    many = int(exposed.sum()) > MANY_IN_A_ROW * len(np.unique(matched[exposed]))
    return first if many else np.ones(len(matched), bool)


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
