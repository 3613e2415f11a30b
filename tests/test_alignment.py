"""Who stood on which run, and whether it was ready: by example, with times in minutes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from correlator.alignment import (
    UNMATCHED,
    hour_strata,
    late_runs,
    match_upstream,
    not_ready,
    usual_start,
    window_strata,
)
from correlator.history import NEVER
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
