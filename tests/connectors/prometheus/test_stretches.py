"""Laws of what is asked for: everything of interest, nothing twice, never more points than a server gives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from connectors.prometheus.queries import alternatives
from connectors.prometheus.stretches import (
    Covered,
    Span,
    joined,
    spans_by_pair,
    stretches,
    ticks,
)
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


@given(
    st.dictionaries(st.tuples(st.sampled_from(["", "t"]), st.sampled_from("abc")), spans(), max_size=4),
    st.sampled_from([1, 15, 60, 300]),
)
def test_requests_want_what_is_missing_exactly_and_stay_below_the_limit(
    missing: dict[tuple[str, str], list[Span]], step: int
) -> None:
    wanted = {pair: joined(some) for pair, some in missing.items()}
    asked = list(stretches(wanted, step))
    for pair, some in wanted.items():
        mine = [span for one in asked for span in one.parts.get(pair, ())]
        assert joined(mine) == some
        assert len(minutes(mine)) == sum(len(minutes([span])) for span in mine)
        assert all(one.start <= span[0] and span[1] <= one.end for one in asked for span in one.parts.get(pair, ()))
    for one in asked:
        between = ticks(one.start, one.end, step)
        assert between is None or (between[1] - between[0]) // step < 11_000


@given(st.integers(0, 10**6), st.integers(1, 10**5), st.integers(1, 10**5), st.sampled_from([1, 7, 60, 300]))
def test_neighbouring_stretches_share_no_moment_and_miss_none(start: int, one: int, two: int, step: int) -> None:
    begin = T + timedelta(milliseconds=start)
    middle, end = begin + timedelta(milliseconds=one * 37), begin + timedelta(milliseconds=one * 37 + two * 37)

    def moments(first: datetime, last: datetime) -> list[int]:
        between = ticks(first, last, step)
        return list(range(between[0], between[1] + 1, step)) if between else []

    assert moments(begin, middle) + moments(middle, end) == moments(begin, end)
    assert all(begin.timestamp() <= at < end.timestamp() for at in moments(begin, end))


def test_the_jobs_of_a_day_go_into_one_request_a_hundred_at_most() -> None:
    hours = [(T + timedelta(hours=hour), T + timedelta(hours=hour + 1)) for hour in range(0, 20, 3)]
    asked = list(stretches({("t", f"job-{n:03}"): hours for n in range(140)}, 60))
    assert [len(one.parts) for one in asked] == [100, 40]
    assert (asked[0].start, asked[0].end) == (T, T + timedelta(hours=19))


def test_interest_in_the_time_to_come_ends_now_and_before_the_window_begins_with_it() -> None:
    soon, before = Interest("", "load", NOW, NOW + MINUTE), Interest("", "load", T, NOW + MINUTE)
    assert spans_by_pair(PullWindow(NOW, interests=(soon,))) == {}
    assert spans_by_pair(PullWindow(NOW, interests=(before,))) == {("", "load"): [(T, NOW)]}
    assert spans_by_pair(PullWindow(NOW, NOW - MINUTE, (before,))) == {("", "load"): [(NOW - MINUTE, NOW)]}


def test_names_stand_for_themselves_between_double_quotes() -> None:
    assert alternatives(["a.b", 'say "x"', "c\\d", ""]) == '|a\\\\.b|c\\\\\\\\d|say \\"x\\"'
    assert alternatives(None) == ".*"
