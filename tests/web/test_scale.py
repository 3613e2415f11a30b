from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from web.scale import TimeScale, around

START = datetime(2026, 3, 12, 4, 7, tzinfo=UTC)


def test_ticks_are_round_and_carry_the_date_where_it_changes() -> None:
    scale = TimeScale(START, START + timedelta(hours=30), 0, 900)
    texts = [tick.text for tick in scale.ticks()]
    assert texts == ["12 Mar 06:00", "12:00", "18:00", "13 Mar 00:00", "06:00"]


def test_weekly_ticks_stand_on_mondays() -> None:
    scale = TimeScale(START, START + timedelta(days=35), 0, 900)
    assert [tick.text for tick in scale.ticks()] == ["16 Mar", "23 Mar", "30 Mar", "6 Apr", "13 Apr"]


@given(st.integers(1, 90 * 86400), st.integers(2, 12))
def test_there_are_never_more_ticks_than_asked_for_and_one_and_all_lie_inside(seconds: int, most: int) -> None:
    scale = TimeScale(START, START + timedelta(seconds=seconds), 10, 910)
    ticks = list(scale.ticks(most))
    assert len(ticks) <= most + 1
    assert all(10 <= tick.x <= 910 for tick in ticks)
    assert [tick.x for tick in ticks] == sorted(tick.x for tick in ticks)


@given(st.integers(-(10**6), 10**6))
def test_a_moment_outside_is_held_at_the_border(seconds: int) -> None:
    scale = TimeScale(START, START + timedelta(hours=1), 10, 910)
    assert 10 <= scale.x(START + timedelta(seconds=seconds)) <= 910


def test_around_leaves_air_on_both_sides_even_of_one_moment() -> None:
    first, last = around([START])
    assert first < START < last
    assert last - first >= timedelta(minutes=10)
