"""The parts stories are made of: calendars, load, and each trouble alone."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlator.model import Status
from correlator.simulation import troubles as t
from correlator.simulation.clock import DAY, HOUR, MINUTE, Calendar, weekday
from correlator.simulation.load import Load, Surge
from correlator.simulation.randomness import stream

MONDAY = 20_514 * DAY  # 2026-03-02


def moment(start: int = MONDAY + 12 * HOUR, attempt: int = 1, load: float = 0.0) -> t.Moment:
    rng = stream(1, "test", start, attempt)
    return t.Moment(1, "tenant-01", "export_ads", start, start, attempt, 5 * MINUTE, 20 * MINUTE, load, rng)


def share(trouble: t.Trouble, moments: list[t.Moment]) -> float:
    return sum(trouble.strike(item) is not None for item in moments) / len(moments)


def many(start: int = MONDAY + 12 * HOUR, **changes: float) -> list[t.Moment]:
    base = moment(start)
    return [replace(base, rng=stream(1, "many", n), **changes) for n in range(2000)]  # type: ignore[arg-type]


@given(period=st.sampled_from([15, 60, 360, 1440]), offset=st.integers(0, 3000), at=st.integers(MONDAY, MONDAY + DAY))
def test_the_last_due_time_is_the_last_of_those_due(period: int, offset: int, at: int) -> None:
    calendar = Calendar(period, offset)
    due = list(calendar.due_between(at - 2 * DAY, at + 1))
    assert calendar.last_due(at) == due[-1]
    assert all((later - earlier) == period * MINUTE for earlier, later in pairwise(due))


def test_a_calendar_of_workdays_rests_at_weekends() -> None:
    calendar = Calendar(60, 5, frozenset(range(5)))
    days = {weekday(due) for due in calendar.due_between(MONDAY, MONDAY + 14 * DAY)}
    assert days == set(range(5))
    sunday = MONDAY + 6 * DAY + 12 * HOUR
    assert calendar.last_due(sunday) == MONDAY + 4 * DAY + 23 * HOUR + 5 * MINUTE


def test_load_is_made_of_named_numbers_and_not_of_what_was_asked_before() -> None:
    forwards, backwards = Load(1, "tenant-01"), Load(1, "tenant-01")
    days = range(MONDAY // DAY, MONDAY // DAY + 5)
    there = {day: forwards.day(day) for day in days}
    back = {day: backwards.day(day) for day in reversed(days)}
    assert all(np.array_equal(there[day], back[day]) for day in days)


def test_a_planned_surge_may_begin_the_evening_before() -> None:
    day = MONDAY // DAY
    midnight = MONDAY + DAY
    surge = Surge(midnight - 2 * HOUR, midnight - HOUR, midnight + HOUR, midnight + 2 * HOUR, 3.0)
    load = Load(1, "x", surges_per_day=0.0, planned=lambda d: [surge] if d == day + 1 else [])
    assert load.level(midnight - 30 * MINUTE) > 2
    assert load.level(midnight + 30 * MINUTE) > 2
    assert load.level(midnight - 5 * HOUR) < 1.5


@pytest.mark.parametrize(
    ("trouble", "calm", "stirred", "expected"),
    [
        (t.Noise(0.2), None, many(), 0.2),
        (t.Night(0.4), many(), many(MONDAY + 2 * HOUR), 0.4),
        (t.AfterChange(MONDAY, 0.3), many(MONDAY - HOUR), many(), 0.3),
        (t.Worsening(MONDAY - 10 * DAY, 0.02), many(MONDAY - 11 * DAY), many(MONDAY), 0.2),
        (t.Outage(MONDAY, MONDAY + HOUR, 0.9), many(), many(MONDAY + MINUTE), 0.9),
        (t.Pressure(1.5), many(load=0.0), many(load=2.5), 0.997),
    ],
)
def test_a_trouble_strikes_as_often_as_it_says_and_only_in_its_time(
    trouble: t.Trouble, calm: list[t.Moment] | None, stirred: list[t.Moment], expected: float
) -> None:
    assert share(trouble, stirred) == pytest.approx(expected, abs=0.035)
    if calm is not None:
        assert share(trouble, calm) < 0.001


def test_an_outage_meets_an_attempt_that_began_before_it() -> None:
    strike = t.Outage(MONDAY, MONDAY + HOUR, 1.0).strike(moment(MONDAY - 2 * MINUTE))
    assert strike is not None
    assert strike.after >= 2 * MINUTE
    assert t.Outage(MONDAY, MONDAY + HOUR, 1.0).strike(moment(MONDAY - 6 * MINUTE)) is None


def test_pressure_relents_on_a_fresh_worker_and_may_only_drag() -> None:
    first, later = many(load=3.0), many(load=3.0, attempt=2)
    assert share(t.Pressure(1.5, relief=0.1), later) < 0.15 < 0.9 < share(t.Pressure(1.5), first)
    drags = [t.Pressure(1.5, drags=1.0).strike(item) for item in first]
    assert {strike.status for strike in drags if strike} == {Status.SUCCESS}


def test_bursts_come_in_spells() -> None:
    bursts = t.Bursts(0.5, 5.0, 1.0)
    hits = [bursts.strike(moment(MONDAY + hour * HOUR)) is not None for hour in range(24 * 60)]
    repeated = sum(a and b for a, b in pairwise(hits)) / sum(hits)
    assert 0.03 < sum(hits) / len(hits) < 0.3
    assert repeated > 0.6


def test_sticky_runs_fail_again_and_again() -> None:
    sticky = t.Sticky(1.0, 0.8)
    assert sticky.strike(moment()) is not None
    assert share(sticky, many(attempt=3)) == pytest.approx(0.8, abs=0.03)
