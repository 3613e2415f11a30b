from datetime import UTC, datetime, timedelta

from web.pictures.scale import around

START = datetime(2026, 3, 12, 4, 7, tzinfo=UTC)


def test_around_leaves_air_on_both_sides_even_of_one_moment() -> None:
    first, last = around([START])
    assert first < START < last
    assert last - first >= timedelta(minutes=10)
