"""Laws of positions: they survive JSON, cover every moment once, and a watermark never passes what was not read."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from connectors.windows import Progress, Reading, Slicing
from correlator.ports import PullWindow

NOW = datetime(2026, 3, 2, tzinfo=UTC)
HOURS = st.integers(-200, 200).map(lambda hours: NOW + timedelta(hours=hours))
LENGTHS = st.integers(1, 100).map(lambda hours: timedelta(hours=hours))


@given(HOURS, LENGTHS, LENGTHS)
def test_slices_cover_a_window_without_gap_or_overlap(start: datetime, width: timedelta, length: timedelta) -> None:
    slicing = Slicing(length, timedelta(0), timedelta(0))
    (reading,) = slicing.windows(Progress(), PullWindow(until=start + width, since=start))
    edges: list[tuple[datetime, datetime]] = []
    current: Reading | None = reading
    while current is not None:
        edges.append((current.since, current.end))
        current = current.next_slice(length)
    assert edges[0][0] == start
    assert edges[-1][1] == start + width
    assert all(before[1] == after[0] for before, after in pairwise(edges))
    assert all(end - since <= length for since, end in edges)


@given(HOURS | st.none(), HOURS, HOURS)
def test_a_watermark_never_moves_back_and_never_over_a_gap(
    mark: datetime | None, start: datetime, until: datetime
) -> None:
    reading = Reading(start, until, start, until)
    after = Progress(mark).finished(reading).watermark
    assert after is not None
    if mark is not None:
        assert after >= mark
        assert after == mark or (start <= mark and after == until)


@given(HOURS | st.none(), HOURS, LENGTHS)
def test_a_position_survives_the_store(mark: datetime | None, start: datetime, length: timedelta) -> None:
    reading = Reading(start, start + 3 * length, start, start + length, {"cursor": "c"})
    progress = Progress(mark, reading, {"known": {"P1": {"open": True}}})
    assert Progress.from_position(json.loads(json.dumps(progress.to_position()))) == progress


def test_an_unfinished_window_comes_before_a_new_one() -> None:
    slicing = Slicing(timedelta(days=1), timedelta(hours=1), timedelta(days=9))
    left = Reading(NOW - timedelta(days=2), NOW, NOW - timedelta(days=1), NOW, {"cursor": "c"})
    until = NOW + timedelta(hours=5)
    first, second = slicing.windows(Progress(None, left), PullWindow(until=until))
    assert first == left
    assert (second.start, second.until) == (NOW - timedelta(hours=1), until)


def test_the_same_question_asked_again_goes_on_and_is_not_read_twice() -> None:
    slicing = Slicing(timedelta(days=1), timedelta(hours=1), timedelta(days=9))
    since = NOW - timedelta(days=2)
    left = Reading(since, NOW, NOW - timedelta(days=1), NOW)
    assert list(slicing.windows(Progress(None, left), PullWindow(until=NOW, since=since))) == [left]
    later = NOW + timedelta(hours=1)
    _, rest = slicing.windows(Progress(None, left), PullWindow(until=later, since=since))
    assert (rest.start, rest.until) == (NOW, later)


def test_there_is_nothing_to_read_before_the_beginning() -> None:
    slicing = Slicing(timedelta(days=1), timedelta(0), timedelta(days=9))
    assert list(slicing.windows(Progress(NOW), PullWindow(until=NOW))) == []


def test_halving_ends() -> None:
    reading: Reading | None = Reading(NOW, NOW + timedelta(hours=1), NOW, NOW + timedelta(hours=1))
    halvings = 0
    while reading is not None:
        reading, halvings = reading.halved(), halvings + 1
    assert halvings == 12
