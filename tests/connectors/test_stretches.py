"""Laws of what is asked for: everything of interest, nothing twice, cut at the same places each time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.stretches import EVERYTHING, UNTOLD, Covered, Span, joined, on_grid, slices, spans_by_pair
from correlator.ports import Interest, PullWindow

T = datetime(2026, 3, 1, tzinfo=UTC)
NOW = T + timedelta(days=30)
MINUTE = timedelta(minutes=1)


@st.composite
def spans(draw: st.DrawFn) -> list[Span]:
    starts = draw(st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 3000)), max_size=6))
    return [(T + start * MINUTE, T + (start + length) * MINUTE) for start, length in starts]


def minutes(of: list[Span]) -> set[datetime]:
    return {start + n * MINUTE for start, end in of for n in range(int((end - start) / MINUTE))}


@given(spans(), spans())
def test_what_is_missing_is_what_was_wanted_and_not_read(wanted: list[Span], read: list[Span]) -> None:
    covered = Covered({})
    covered.add(("t", "load"), read)
    missing = covered.missing(("t", "load"), wanted)
    assert minutes(missing) == minutes(wanted) - minutes(read)
    assert joined(missing) == missing


@given(spans())
def test_what_was_read_is_known_again_from_its_json(read: list[Span]) -> None:
    covered = Covered({})
    covered.add(("", "load"), read)
    assert Covered(covered.to_json()).to_json() == covered.to_json()
    covered.forget_before(T + timedelta(days=10))
    assert covered.to_json() == {}


@settings(deadline=None)
@given(spans(), st.integers(60, 3000))
def test_slices_hold_the_same_time_and_meet_at_whole_multiples(wanted: list[Span], length: int) -> None:
    some = slices({("t", "load"): joined(wanted)}, length * MINUTE)
    parts = [span for one in some for span in one["t", "load"]]
    assert minutes(parts) == minutes(wanted)
    assert sum(len(minutes([span])) for span in parts) == len(minutes(wanted))
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    for one in some:
        assert len({at for start, end in one["t", "load"] for at in _numbers(start - epoch, end - epoch, length)}) == 1


def _numbers(start: timedelta, end: timedelta, length: int) -> tuple[int, int]:
    return start // (length * MINUTE), (end - MINUTE) // (length * MINUTE)


@given(st.integers(0, 10**6), st.integers(1, 10**5), st.sampled_from([1, 60, 300]))
def test_on_the_grid_a_stretch_holds_all_it_held_and_less_than_a_step_more(start: int, long: int, step: int) -> None:
    span = (T + timedelta(milliseconds=start), T + timedelta(milliseconds=start + long))
    begin, end = on_grid(span, timedelta(seconds=step))
    assert begin.timestamp() % step == end.timestamp() % step == 0
    assert timedelta(0) <= span[0] - begin < timedelta(seconds=step)
    assert timedelta(0) <= end - span[1] < timedelta(seconds=step)


def test_interest_in_the_time_to_come_ends_now_and_before_the_window_begins_with_it() -> None:
    soon, before = Interest("", "load", NOW, NOW + MINUTE), Interest("", "load", T, NOW + MINUTE)
    assert spans_by_pair(PullWindow(NOW, interests=(soon,))) == {}
    assert spans_by_pair(PullWindow(NOW, interests=(before,))) == {("", "load"): [(T, NOW)]}
    assert spans_by_pair(PullWindow(NOW, NOW - MINUTE, (before,))) == {("", "load"): [(NOW - MINUTE, NOW)]}


def test_nothing_of_interest_is_nothing_to_read_and_where_nobody_says_it_is_everything() -> None:
    assert spans_by_pair(PullWindow(NOW, T, ())) == {}
    assert spans_by_pair(PullWindow(NOW, T)) == {EVERYTHING: [(T, NOW)]}
    assert spans_by_pair(PullWindow(NOW), NOW - MINUTE) == {EVERYTHING: [(NOW - MINUTE, NOW)]}
    assert spans_by_pair(PullWindow(NOW)) == {EVERYTHING: [(NOW - UNTOLD, NOW)]}
    assert spans_by_pair(PullWindow(NOW), NOW) == {}


def test_an_empty_stretch_adds_nothing_to_what_was_read() -> None:
    covered = Covered({})
    covered.add(("t", "load"), [(NOW, T), (T, T)])
    assert covered.to_json() == {}
