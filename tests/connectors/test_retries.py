"""Patience: how often, how long, and when not at all."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from connectors.retries import Patience, TryLaterError, later, network_words, reset_seconds
from correlator.errors import SourceError
from tests.connectors.scripted import Slept


def failing(*errors: SourceError) -> tuple[Callable[[], str], list[int]]:
    left, calls = list(errors), []

    def request() -> str:
        calls.append(1)
        if left:
            raise left.pop(0)
        return "done"

    return request, calls


def test_what_may_pass_is_tried_again() -> None:
    slept = Slept(jitter=0.5)
    request, calls = failing(TryLaterError("a"), TryLaterError("b", wait_seconds=5.0))
    assert slept.patience().call(request) == "done"
    assert (len(calls), slept.seconds) == (3, [0.5, 5.25])


def test_what_will_not_pass_is_not() -> None:
    request, calls = failing(SourceError("a", permanent=True))
    with pytest.raises(SourceError, match="a"):
        Slept().patience().call(request)
    assert len(calls) == 1


def test_after_the_last_attempt_the_last_error_is_raised() -> None:
    request, calls = failing(*(TryLaterError(str(number)) for number in range(9)))
    with pytest.raises(TryLaterError, match="2"):
        Slept().patience(attempts=3).call(request)
    assert len(calls) == 3


def test_jitter_spreads_the_waiting_and_never_shortens_what_was_asked_for() -> None:
    slept: list[float] = []
    patience = Patience(sleep=slept.append, jitter=lambda: 0.99)
    request, _ = failing(TryLaterError("a"), TryLaterError("b", wait_seconds=5.0))
    patience.call(request)
    assert slept == pytest.approx([0.99, 5.495])


@pytest.mark.parametrize("name", ["retry-after", "x-ratelimit-reset"])
def test_a_date_is_waited_for_by_the_clock_of_who_gave_it(name: str) -> None:
    headers = {name: "Mon, 30 Mar 2026 00:01:30 GMT", "date": "Mon, 30 Mar 2026 00:00:00 GMT"}
    assert later(headers, name, now=lambda: 0.0) == 90.0
    assert later({**headers, "date": headers[name]}, name) == 0.0


def test_a_reset_that_has_passed_is_waited_out_like_any_failure() -> None:
    slept = Slept(jitter=0.5)
    request, _ = failing(*(TryLaterError("over the limit", wait_seconds=0.0) for _ in range(3)))
    assert slept.patience().call(request) == "done"
    assert slept.seconds == [0.5, 1.0, 2.0]


def test_a_limit_that_is_still_closed_is_not_asked_again_by_the_next_call() -> None:
    slept = Slept()
    patience = slept.patience(cap_seconds=60)
    closed, calls = failing(TryLaterError("closed", wait_seconds=50), TryLaterError("closed", wait_seconds=100))
    with pytest.raises(TryLaterError, match="closed"):
        patience.call(closed, limit="spans")
    with pytest.raises(TryLaterError, match="closed"):
        patience.call(closed, limit="spans")
    assert (len(calls), slept.seconds) == (2, [50])
    assert patience.call(lambda: "other", limit="events") == "other"
    slept.seconds.append(45)
    assert patience.call(closed, limit="spans") == "done"
    assert slept.seconds[2] == pytest.approx(55, abs=1)


def test_what_failed_requests_and_waits_take_together_is_bounded() -> None:
    slept = Slept(jitter=1.0)
    patience = slept.patience(attempts=99, budget_seconds=100)

    def hanging() -> None:
        slept.seconds.append(30)
        raise TryLaterError("no answer")

    with pytest.raises(TryLaterError, match="no answer"):
        patience.call(hanging)
    assert slept.seconds.count(30) <= 4
    with pytest.raises(TryLaterError, match="no answer"):
        patience.call(hanging)
    assert slept.seconds.count(30) <= 5


@pytest.mark.parametrize("header", [None, "", "soon", "inf", "nan"])
def test_a_reset_that_says_nothing_is_none(header: str | None) -> None:
    assert reset_seconds(header) is None


def test_a_reset_in_the_past_is_no_wait() -> None:
    assert reset_seconds("1700000000", now=lambda: 1700000009.0) == 0.0
    assert reset_seconds("-3") == 0.0


def test_a_reset_as_a_time_is_read_on_the_clock_it_was_made_by() -> None:
    """Ten minutes slow or fast: the vendor's `Date` stands beside its reset."""
    theirs = {"Date": "Mon, 30 Mar 2026 00:00:00 GMT", "X-RateLimit-Reset": "1774828830"}
    for ours in (itertools.repeat(1774828800.0 - 600), itertools.repeat(1774828800.0 + 600)):
        assert later(theirs, "x-ratelimit-reset", now=ours.__next__) == 30.0


def test_the_bottom_of_a_network_error_is_told() -> None:
    inner = ConnectionRefusedError(111, "Connection refused")
    outer = OSError(OSError("HTTPConnection(host='h', port=9): Failed to establish a connection"))
    assert network_words(inner) == "ConnectionRefusedError: [Errno 111] Connection refused"
    assert network_words(outer) == "OSError: Failed to establish a connection"
