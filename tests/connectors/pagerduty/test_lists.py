"""Windows of lists that end at 10,000: all items, none twice asked for in vain, whatever comes together."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.pagerduty.lists import WindowedList
from connectors.windows import Progress, Slicing
from correlator.errors import SourceError
from correlator.ports import PullWindow

DAY = timedelta(days=1)
START = datetime(2026, 1, 1, tzinfo=UTC)
SLICE = 150 * DAY


@dataclass
class Server:
    """A list as PagerDuty keeps it: both ends of a window inclusive, nothing behind the ten thousandth."""

    times: Sequence[datetime]
    counts: bool = True
    asked: list[dict[str, Any]] = field(default_factory=list)

    def get(self, path: str, query: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(query)
        since, until = (datetime.fromisoformat(query[name]) for name in ("since", "until"))
        assert until - since <= 180 * DAY
        assert query["offset"] + query["limit"] <= 10_000
        first, end = bisect_left(self.times, since), bisect_right(self.times, until)
        at = min(end, first + query["offset"])
        page = list(range(at, min(end, at + query["limit"])))
        total = end - first if self.counts and query.get("total") == "true" else None
        return {path: page, "more": at + len(page) < end, "total": total}


def read(server: Server, until: datetime) -> set[int]:
    listed = WindowedList(server.get, "items", "items", {})
    slicing = Slicing(SLICE, timedelta(hours=1), 30 * DAY)
    pages = list(listed.pages(Progress(), slicing, PullWindow(until=until, since=START)))
    assert pages[-1].done
    assert pages[-1].progress.watermark == until
    return {item for page in pages for item in page.items}


def spread(count: int, over: timedelta, start: datetime = START) -> list[datetime]:
    return [start + over * number / count for number in range(count)]


@pytest.mark.parametrize(("counts", "most"), [(True, 1.1), (False, 2.2)])
def test_a_window_with_too_many_is_halved_and_loses_nothing(counts: bool, most: float) -> None:
    """Where the vendor says how many there are, a window that is too full costs one request, else a hundred."""
    server = Server(spread(24_000, 140 * DAY), counts)
    assert len(read(server, START + 140 * DAY)) == 24_000
    assert len(server.asked) <= 240 * most + (0 if counts else 100)


def test_a_flood_makes_windows_short_and_its_end_makes_them_long_again() -> None:
    flood = spread(30_000, DAY / 2, START + 30 * DAY)
    quiet = spread(200, 600 * DAY)
    times = sorted([*flood, *quiet])
    server = Server(times)
    assert len(read(server, START + 600 * DAY)) == len(times)
    assert len(server.asked) <= 1.1 * len(times) / 100 + 20


def test_two_years_of_little_take_a_handful_of_requests() -> None:
    server = Server(spread(90, 730 * DAY))
    assert len(read(server, START + 730 * DAY)) == 90
    assert len(server.asked) == 5


def test_too_many_within_a_second_cannot_be_listed_and_that_is_said() -> None:
    server = Server([START + DAY] * 10_001)
    with pytest.raises(SourceError, match="more than 10000 items within two seconds"):
        read(server, START + 2 * DAY)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 299), st.integers(0, 6000)), max_size=6), st.booleans())
def test_whatever_comes_together_is_read_whole(bursts: list[tuple[int, int]], counts: bool) -> None:
    times = sorted(moment for day, count in bursts for moment in spread(count, DAY, START + day * DAY))
    server = Server(times, counts)
    assert len(read(server, START + 300 * DAY)) == len(times)


def test_a_pull_that_was_cut_goes_on_with_the_window_it_was_in() -> None:
    times = spread(24_000, 140 * DAY)
    server, until = Server(times), START + 140 * DAY
    listed, slicing = WindowedList(server.get, "items", "items", {}), Slicing(SLICE, timedelta(hours=1), 30 * DAY)
    found: set[int] = set()
    position: dict[str, Any] | None = None
    for _ in range(400):  # killed after every page
        page = next(listed.pages(Progress.from_position(position), slicing, PullWindow(until=until, since=START)))
        found |= set(page.items)
        position = page.progress.to_position()
        if "reading" not in position:
            break
    assert len(found) == 24_000
    assert len(server.asked) <= 240 * 1.1
