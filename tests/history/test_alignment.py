"""Who stood on which run, and whether it was ready: by example, with times in minutes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from correlator.history.alignment import (
    UNMATCHED,
    Schedule,
    Standing,
    first_of_each,
    hour_strata,
    late_runs,
    match_upstream,
    not_ready,
    reads_behind,
    stand_on,
    usual_start,
    window_strata,
)
from correlator.history.cadence import cadence_of
from correlator.history.columns import NEVER
from correlator.tables.frames import MICROSECONDS, to_micros
from tests.engine.build import MONDAY

MINUTE = 60 * MICROSECONDS
HOUR, DAY, WEEK = 60, 1440, 7 * 1440


def times(values: Sequence[float]) -> NDArray[np.int64]:
    """Minutes since a Monday midnight as µs."""
    return np.array([to_micros(MONDAY) + round(value * MINUTE) for value in values], np.int64)


def matched(upstream: Sequence[float], downstream: Sequence[float], max_lag: float | None = None) -> list[int]:
    lag = None if max_lag is None else round(max_lag * MINUTE)
    found: list[int] = match_upstream(times(upstream), times(downstream), lag).tolist()
    return found


# --- the run it stands on ----------------------------------------------------------------------------------------


def test_each_run_stands_on_the_latest_one_due_before_it() -> None:
    assert matched([0, 60, 120], [30, 90, 150]) == [0, 1, 2]


def test_runs_due_at_the_same_minute_stand_on_one_another() -> None:
    assert matched([0, 60], [0, 60]) == [0, 1]


def test_a_daily_ingest_feeds_a_day_of_hourly_exports() -> None:
    found = matched([0, DAY], [HOUR * hour + 30 for hour in range(48)])
    assert found == [0] * 24 + [1] * 24


def test_of_hourly_inputs_a_daily_report_stands_on_the_last() -> None:
    assert matched([HOUR * hour for hour in range(48)], [23.5 * HOUR, 47.5 * HOUR]) == [23, 47]


def test_before_the_first_there_is_none() -> None:
    assert matched([60], [30, 90]) == [UNMATCHED, 0]
    assert matched([], [30]) == [UNMATCHED]


def test_what_lies_longer_ago_than_the_edge_allows_does_not_count() -> None:
    """A missing hour: with a limit of ninety minutes, the run after the gap stands on nothing."""
    assert matched([0, 60, 240], [30, 90, 150, 210, 250], max_lag=90) == [0, 1, 1, UNMATCHED, 2]


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.lists(st.integers(0, 500), max_size=20).map(sorted),
    st.lists(st.integers(0, 500), max_size=20).map(sorted),
    st.none() | st.integers(0, 100),
)
def test_matching_is_what_a_plain_search_finds(up: list[int], down: list[int], lag: int | None) -> None:
    found = matched(up, down, lag)
    for due, index in zip(down, found, strict=True):
        before = [n for n, other in enumerate(up) if other <= due]
        best = before[-1] if before and (lag is None or due - up[before[-1]] <= lag) else UNMATCHED
        assert index == best


# --- where the run it stands on began late, is missing, or was not meant ------------------------------------------


def schedule(due: Sequence[float], takes: float = 10, delay: float = 0) -> Schedule:
    """Runs that start so many minutes after they are due and pass."""
    start = times(due) + round(delay * MINUTE)
    return Schedule(times(due), start, start + round(takes * MINUTE), np.ones(len(due), bool))


def standing(up: Schedule, down: Schedule, until: float, max_lag: float | None = None) -> Standing:
    cadence = cadence_of(up.due, int(times([until])[0]))
    return stand_on(up, down, cadence, None if max_lag is None else round(max_lag * MINUTE))


HOURS = [float(HOUR * hour) for hour in range(48)]
HALF_PAST = [hour + 30 for hour in HOURS]


def test_a_run_stands_on_the_upstream_run_that_began_late() -> None:
    """Where starts alone are known, a late upstream run is due late; the downstream run at its usual time needs it."""
    up = [hour + (45 if hour == 20 * HOUR else 0) for hour in HOURS]
    found = standing(schedule(up), schedule(HALF_PAST), 48 * HOUR)
    assert found.matched.tolist() == list(range(48))
    assert not found.unknown.any()


def test_of_an_upstream_run_that_is_not_recorded_nothing_is_known() -> None:
    up = [hour for hour in HOURS if hour != 20 * HOUR]
    found = standing(schedule(up), schedule(HALF_PAST), 48 * HOUR)
    assert np.flatnonzero(found.unknown).tolist() == [20]
    assert found.matched[20] == UNMATCHED
    assert found.matched[21] == 20


def test_the_latest_upstream_run_may_be_overdue() -> None:
    found = standing(schedule(HOURS[:-1]), schedule(HALF_PAST), 47 * HOUR + 31)
    assert np.flatnonzero(found.overdue).tolist() == [47]
    assert found.matched[47] == 46


def test_an_upstream_that_fell_silent_is_unknown_and_one_long_silent_is_retired() -> None:
    down = schedule([30 + HOUR * hour for hour in range(480)])
    found = standing(schedule([float(HOUR * hour) for hour in range(400)]), down, 480 * HOUR)
    assert np.flatnonzero(found.overdue).tolist() == [400, 401]
    assert found.unknown[402:439].all()
    assert not found.unknown[442:].any()


def test_a_skipped_upstream_run_made_nothing_and_the_one_before_counts() -> None:
    up = schedule(HOURS)
    usable = np.ones(48, bool)
    usable[20] = False
    found = standing(Schedule(up.due, up.start, up.ready, usable), schedule(HALF_PAST), 48 * HOUR)
    assert found.matched.tolist() == [*range(20), 19, *range(21, 48)]
    assert not found.unknown.any()


def test_who_starts_while_the_upstream_runs_and_does_not_wait_reads_what_was_made_before() -> None:
    """Every hour the export starts at ten past and takes five minutes, the ingest takes twenty, four times eighty."""
    takes = np.where(np.isin(np.arange(48), [9, 20, 33, 41]), 80, 20) * MINUTE
    up = Schedule(times(HOURS), times(HOURS), times(HOURS) + takes, np.ones(48, bool))
    early = schedule([hour + 10 for hour in HOURS], takes=5)
    assert reads_behind(up, early) == 20 * MINUTE
    assert standing(up, early, 48 * HOUR).matched.tolist() == [UNMATCHED, *range(47)]
    waits = Schedule(early.due, early.start, np.maximum(early.ready, up.ready + 5 * MINUTE), early.usable)
    assert reads_behind(up, waits) == 0
    assert standing(up, waits, 48 * HOUR).matched.tolist() == list(range(48))


def test_a_limit_of_age_holds_for_the_run_it_stands_on() -> None:
    up = [hour for hour in HOURS if not 20 * HOUR <= hour < 30 * HOUR]
    found = standing(schedule(up), schedule(HALF_PAST), 48 * HOUR, max_lag=90)
    assert (found.matched[20:30] == UNMATCHED).all()
    assert (found.matched[30:] != UNMATCHED).all()


def test_a_limit_of_age_holds_to_the_minute_where_what_came_later_made_nothing() -> None:
    up = schedule(HOURS)
    usable = np.ones(48, bool)
    usable[20:24] = False
    found = standing(Schedule(up.due, up.start, up.ready, usable), schedule(HALF_PAST), 48 * HOUR, max_lag=90)
    assert found.matched[18:26].tolist() == [18, 19, 19, UNMATCHED, UNMATCHED, UNMATCHED, 24, 25]
    later = standing(Schedule(up.due, up.start, up.ready, usable), schedule(HALF_PAST), 48 * HOUR, max_lag=89)
    assert later.matched[18:26].tolist() == [18, 19, *[UNMATCHED] * 4, 24, 25]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.sets(st.integers(0, 100), min_size=10), st.integers(1, 500), st.sampled_from([15, 60, 240]))
def test_weeks_later_each_run_stands_on_the_same(slots: set[int], weeks: int, every: int) -> None:
    up = schedule([float(60 * slot) for slot in sorted(slots)])
    down = schedule([float(every * slot + 30) for slot in range(6000 // every)])
    by = weeks * WEEK
    until = 6000.0
    before = standing(up, down, until)
    later = [Schedule(s.due + by * MINUTE, s.start + by * MINUTE, s.ready + by * MINUTE, s.usable) for s in (up, down)]
    after = standing(later[0], later[1], until + by)
    assert after.matched.tolist() == before.matched.tolist()
    assert after.unknown.tolist() == before.unknown.tolist()
    assert after.overdue.tolist() == before.overdue.tolist()


def test_of_a_day_on_one_late_run_the_first_is_an_observation() -> None:
    matched = np.repeat(np.arange(4), 6)
    exposed = matched == 2
    assert np.flatnonzero(first_of_each(matched, exposed)).tolist() == [0, 6, 12, 18]
    exposed = np.arange(24) == 12
    assert first_of_each(matched, exposed).all()


# --- ready or not ------------------------------------------------------------------------------------------------


def test_a_run_is_exposed_while_its_upstream_run_has_not_passed() -> None:
    ready = np.array([*times([10]), NEVER, *times([200])])
    exposed = not_ready(ready, np.array([0, 1, 2, 2, UNMATCHED]), times([30, 90, 150, 200, 500]))
    assert exposed.tolist() == [False, True, True, False, False]
    assert not not_ready(times([]), np.array([UNMATCHED]), times([3])).any()


def test_the_usual_start_is_the_median_delay_and_never_after_the_real_one() -> None:
    due, start = times([0, 60, 120, 180]), times([2, 62, 121, 230])
    assert ((usual_start(due, start) - due) / MINUTE).tolist() == [2, 2, 1, 2]
    assert len(usual_start(times([]), times([]))) == 0


def test_late_is_far_outside_of_what_is_usual() -> None:
    due = times(range(0, 600, 60))
    took = np.array([10, 11, 9, 10, 12, 10, 11, 10, 40, 0]) * MINUTE
    ready = due + took
    ready[9] = NEVER
    assert late_runs(due, ready).tolist() == [False] * 8 + [True, True]


def test_with_few_runs_only_what_never_passed_is_late() -> None:
    due = times([0, 60, 120])
    assert late_runs(due, np.array([*times([10, 200]), NEVER])).tolist() == [False, False, True]


# --- strata ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("period", "runs"), [(20, 18), (60, 6), (90, 8), (120, 6), (180, 8), (240, 6), (480, 7), (720, 7), (1440, 7)]
)
def test_a_narrow_window_holds_six_runs_or_a_few_more(period: int, runs: int) -> None:
    strata = window_strata(times(range(0, 8 * WEEK, period)))
    _, counts = np.unique(strata, return_counts=True)
    assert np.median(counts) == pytest.approx(runs, abs=1)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.integers(5, 1500), st.integers(0, 600), st.integers(1, 500))
def test_a_week_later_the_same_runs_share_a_window_and_an_hour(period: int, first: int, weeks: int) -> None:
    due = times(range(first, first + 60 * period, period))
    later = due + weeks * WEEK * MINUTE
    for strata in (window_strata, hour_strata):
        _, before = np.unique(strata(due), return_inverse=True)
        _, after = np.unique(strata(later), return_inverse=True)
        assert before.tolist() == after.tolist()


def test_hours_of_the_day_and_days_of_the_week() -> None:
    assert hour_strata(times(range(0, 2 * DAY, HOUR))).tolist() == [*range(24), *range(24)]
    daily = hour_strata(times(range(0, 14 * DAY, DAY)))
    assert len(set(daily[:7].tolist())) == 7
    assert daily[:7].tolist() == daily[7:].tolist()
