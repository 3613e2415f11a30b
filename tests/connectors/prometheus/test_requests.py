"""Laws of requests: what is missing exactly, and never more points than a server gives."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from connectors.prometheus.queries import alternatives
from connectors.prometheus.requests import stretches, ticks
from connectors.stretches import EVERYTHING, Span, joined
from tests.connectors.test_stretches import MINUTE, T, minutes, spans


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


def test_everything_is_asked_for_whatever_the_job() -> None:
    (one,) = stretches({EVERYTHING: [(T, T + MINUTE)]}, 60)
    assert one.pairs is None
    assert one.wants(("t", "load"), T)
    assert not one.wants(("t", "load"), T + MINUTE)


def test_names_stand_for_themselves_between_double_quotes() -> None:
    assert alternatives(["a.b", 'say "x"', "c\\d", ""]) == '|a\\\\.b|c\\\\\\\\d|say \\"x\\"'
    assert alternatives(None) == ".*"
