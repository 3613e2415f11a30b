"""Windows of outage: planted ones are found with their bounds, chance and shared habits are not taken for one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correlator.statistics import coincidence
from correlator.statistics.coincidence import Unit, find_windows

HOUR = 60
DAY = 24 * HOUR


def hourly(rng: np.random.Generator, days: int, rate: float, outages: Sequence[tuple[int, int]] = ()) -> Unit:
    """Times in minutes; every run that starts in an outage fails."""
    start = np.arange(days * 24) * HOUR + int(rng.integers(0, HOUR))
    failed = rng.random(len(start)) < rate
    for begin, end in outages:
        failed |= (start >= begin) & (start < end)
    return Unit(start, failed)


def test_planted_outages_are_found_and_bounded() -> None:
    rng = np.random.default_rng(1)
    for _ in range(10):
        begins = [int(day) * DAY + int(rng.integers(0, DAY)) for day in sorted(rng.choice(28, 3, replace=False))]
        outages = [(begin, begin + 2 * HOUR) for begin in begins]
        units = [hourly(rng, 28, 0.01, outages) for _ in range(5)]
        windows = find_windows(units, 3 * HOUR, DAY)
        for begin, end in outages:
            over = [w for w in windows if w.start < end and w.end >= begin]
            assert len(over) == 1, (begin, windows)
            assert len(over[0].units) >= 3
            assert begin - HOUR <= over[0].start
            assert over[0].end <= end + HOUR
        assert len(windows) <= 4


@pytest.mark.parametrize(("units", "rate"), [(2, 0.06), (4, 0.03), (8, 0.01), (8, 0.03), (6, 0.08)])
def test_chance_makes_few_windows(units: int, rate: float) -> None:
    """Also for jobs that each keep to their own minute of the hour: that both ran within minutes is their schedule."""
    rng = np.random.default_rng(2)
    found = [find_windows([hourly(rng, 28, rate) for _ in range(units)], 3 * HOUR, DAY) for _ in range(12)]
    assert np.mean([len(windows) for windows in found]) <= 0.9


def test_jobs_that_all_fail_at_night_do_so_by_habit() -> None:
    rng, found = np.random.default_rng(3), 0
    for _ in range(30):
        units = []
        for _ in range(3):
            unit = hourly(rng, 28, 0.0)
            night = (unit.start % DAY) < 3 * HOUR
            units.append(Unit(unit.start, rng.random(len(unit.start)) < np.where(night, 0.3, 0.002)))
        found += bool(find_windows(units, 3 * HOUR, DAY))
    assert found <= 6


def test_one_unit_alone_makes_no_outage() -> None:
    rng = np.random.default_rng(4)
    assert find_windows([hourly(rng, 7, 0.0, [(DAY, 2 * DAY)]), hourly(rng, 7, 0.0)], 3 * HOUR, DAY) == []
    assert find_windows([], 3 * HOUR, DAY) == []


units = st.lists(st.lists(st.integers(0, 5), min_size=30, max_size=30), min_size=2, max_size=4)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(units, st.integers(-(10**6), 10**6))
def test_windows_do_not_overlap_hold_failures_and_move_with_the_clock(rows: list[list[int]], by: int) -> None:
    made = [Unit(np.arange(30) * HOUR + 7 * n, np.array(row) == 0) for n, row in enumerate(rows)]
    windows = sorted(find_windows(made, 3 * HOUR, DAY), key=lambda window: window.start)
    for window in windows:
        assert len(window.units) >= 2
        assert 0.5 < window.posterior <= 1
        for number in window.units:
            unit = made[number]
            assert unit.failed[(unit.start >= window.start) & (unit.start <= window.end)].any()
    assert all(one.end < two.start for one, two in pairwise(windows))
    later = find_windows([Unit(unit.start + by, unit.failed) for unit in made], 3 * HOUR, DAY)
    assert [(w.start - by, w.end - by) for w in sorted(later, key=lambda w: w.start)] == [
        (w.start, w.end) for w in windows
    ]


@given(st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=60), min_size=2, max_size=4), st.integers(1, 40))
def test_windows_are_ruled_out_only_where_their_score_is_not_above_0(rows: list[list[int]], step: int) -> None:
    units = [Unit(np.arange(len(row)) * step + place, np.array(row) == 0) for place, row in enumerate(rows)]
    events = sorted((int(at), number) for number, unit in enumerate(units) for at in unit.start[unit.failed])
    windows = coincidence._candidates(events, 24 * step, 2)
    kept = set(coincidence._hopeful(units, windows))
    assert all(coincidence._score(units, window, 24) <= 0 for window in windows if window not in kept)


def test_runs_may_come_in_any_order() -> None:
    start, failed = np.array([3, 1, 2, 1]) * HOUR, np.array([True, False, True, True])
    unit = Unit.of(start, failed)
    assert (unit.start // HOUR).tolist() == [1, 1, 2, 3]
    assert unit.failed.tolist() == [False, True, True, True]
    assert Unit.of(unit.start, unit.failed).start is unit.start
