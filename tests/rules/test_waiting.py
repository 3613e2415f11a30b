"""Alarm and recover thresholds, and that they lie apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.waiting import AT_ONCE, Standing, State, Wait, said

SINCE = datetime(2026, 3, 1, tzinfo=UTC)
WAIT = Wait(failures=3, minutes=60, recover_minutes=120)


def _at(minutes: float) -> datetime:
    return SINCE + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("standing", "state", "why"),
    [
        (Standing(_at(90), True, SINCE, 2), State.WAITING, "2 failed runs of the 3 it waits for"),
        (Standing(_at(30), True, SINCE, 5), State.WAITING, "stood for 30 min of 60 min"),
        (Standing(_at(60), True, SINCE, 3), State.SAID, "3 failed runs, standing long enough"),
        (Standing(_at(200), False, SINCE, 5, _at(90), _at(100)), State.LINGERING, "quiet for 100 min of 2 h"),
        (Standing(_at(221), False, SINCE, 5, _at(90), _at(100)), State.OVER, "quiet for 2 h"),
        (Standing(_at(50), False, SINCE, 5, _at(20), _at(40)), State.OVER, "stood for 40 min of 60 min"),
        (Standing(_at(90), False, SINCE, 2, _at(20), _at(80)), State.OVER, "2 failed runs of the 3 it waits for"),
    ],
)
def test_what_is_said_and_why(standing: Standing, state: State, why: str) -> None:
    found = said(WAIT, standing)
    assert (found.state, found.why) == (state, why)
    assert found.told is (state in (State.SAID, State.LINGERING))
    assert (found.since == _at(60)) is found.told


@given(st.integers(0, 10), st.floats(0, 1000), st.integers(0, 10), st.floats(0, 1000))
def test_more_failures_and_more_time_never_unsay(failures: int, minutes: float, more: int, longer: float) -> None:
    now = said(WAIT, Standing(_at(minutes), True, SINCE, failures)).told
    later = said(WAIT, Standing(_at(minutes + longer), True, SINCE, failures + more)).told
    assert later or not now


def test_without_a_wait_it_is_said_at_once() -> None:
    assert said(AT_ONCE, Standing(SINCE, True, SINCE, 0)).state is State.SAID
    assert said(AT_ONCE, Standing(_at(1), False, SINCE, 0, None, _at(1))).state is State.OVER
