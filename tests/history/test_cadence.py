"""When a run that should have begun has not: by example, with times in minutes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from correlator.history.cadence import FAR, Cadence, cadence_of
from correlator.tables.frames import MICROSECONDS, to_micros
from tests.engine.build import MONDAY

MINUTE = 60 * MICROSECONDS
HOUR, DAY, WEEK = 60, 1440, 7 * 1440


def times(values: Sequence[float]) -> NDArray[np.int64]:
    return np.array([to_micros(MONDAY) + round(value * MINUTE) for value in values], np.int64)


def cadence(due: Sequence[float], until: float | None = None) -> Cadence:
    found = cadence_of(times(due), int(times([due[-1] + 1 if until is None else until])[0]))
    assert found is not None
    return found


def overdue(found: Cadence, due: Sequence[float]) -> dict[float, float]:
    """Due time of a run to minutes after it from when on the next one is overdue."""
    at = np.flatnonzero(found.overdue < FAR)
    return {due[n]: float(found.overdue[n] - times([due[n]])[0]) / MINUTE for n in at.tolist()}


def test_a_job_that_comes_every_hour_is_never_overdue() -> None:
    due = [HOUR * n for n in range(100)]
    assert overdue(cadence(due), due) == {}


def test_a_missing_hour_is_overdue_a_minute_after_its_time() -> None:
    due = [HOUR * n for n in range(100) if n != 50]
    found = cadence(due)
    assert overdue(found, due) == {49 * HOUR: 61.0}
    assert not found.late.any()


def test_a_run_that_began_late_is_the_one_that_was_overdue() -> None:
    due = [HOUR * n + (25 if n == 50 else 0) for n in range(100)]
    found = cadence(due)
    assert overdue(found, due) == {49 * HOUR: 61.0}
    assert found.late[49]


def test_after_the_last_run_the_next_is_overdue_once_its_time_has_come() -> None:
    due = [HOUR * n for n in range(100)]
    assert overdue(cadence(due, 99 * HOUR + 60), due) == {}
    assert overdue(cadence(due, 99 * HOUR + 62), due) == {99 * HOUR: 61.0}


def test_nights_and_weekends_are_customary() -> None:
    due = [DAY * day + HOUR * hour for day in range(28) for hour in range(8, 18) if day % 7 < 5]
    assert overdue(cadence(due), due) == {}


def test_a_bank_holiday_is_not() -> None:
    due = [DAY * day for day in range(28) if day % 7 < 5 and day != 15]
    assert list(overdue(cadence(due), due)) == [14 * DAY]


def test_a_job_without_rhythm_is_never_overdue() -> None:
    rng = np.random.default_rng(3)
    assert cadence_of(times(np.sort(rng.uniform(0, 1000 * HOUR, 300)).tolist()), 2**62) is None
    assert cadence_of(times([0, 60, 120]), 2**62) is None


def test_starts_that_stray_widen_the_room() -> None:
    rng = np.random.default_rng(3)
    due = [HOUR * n + float(rng.uniform(0, 4)) for n in range(300)]
    found = cadence(due, 299 * HOUR + 90)
    assert 5 < overdue(found, due)[due[-1]] - HOUR < 15


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.sets(st.integers(0, 400), min_size=20), st.integers(1, 400), st.sampled_from([15, 60, 360]))
def test_weeks_later_all_is_the_same(slots: set[int], weeks: int, period: int) -> None:
    due = times([period * slot for slot in sorted(slots)])
    by = weeks * WEEK * MINUTE
    before, after = cadence_of(due, int(due[-1]) + 1), cadence_of(due + by, int(due[-1]) + 1 + by)
    if before is None or after is None:
        assert before is after
        return
    some = before.overdue < FAR
    assert (after.overdue[some] - by).tolist() == before.overdue[some].tolist()
    assert (after.overdue[~some] == FAR).all()
    assert after.late.tolist() == before.late.tolist()


@pytest.mark.parametrize("period", [15, 60, 1440])
def test_of_lost_runs_each_is_overdue(period: int) -> None:
    rng = np.random.default_rng(5)
    kept = [n for n in range(200) if n in (0, 199) or rng.random() > 0.04]
    due = [float(period * n) for n in kept]
    missing = {kept[at] for at in range(len(kept) - 1) if kept[at + 1] - kept[at] > 1}
    assert set(overdue(cadence(due), due)) == {float(period * n) for n in missing}
