"""Patience: how often, how long, and when not at all."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connectors.retries import Patience, TryLaterError, network_words, reset_seconds
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
    slept = Slept()
    request, calls = failing(TryLaterError("a"), TryLaterError("b", wait_seconds=5.0))
    assert slept.patience().call(request) == "done"
    assert (len(calls), slept.seconds) == (3, [0.5, 5.0])


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
    assert slept[0] == pytest.approx(0.995)
    assert 5.0 <= slept[1] < 6.0


@pytest.mark.parametrize("header", [None, "", "soon", "inf", "nan"])
def test_a_reset_that_says_nothing_is_none(header: str | None) -> None:
    assert reset_seconds(header) is None


def test_a_reset_in_the_past_is_no_wait() -> None:
    assert reset_seconds("1700000000", now=lambda: 1700000009.0) == 0.0
    assert reset_seconds("-3") == 0.0


def test_the_bottom_of_a_network_error_is_told() -> None:
    inner = ConnectionRefusedError(111, "Connection refused")
    outer = OSError(OSError("HTTPConnection(host='h', port=9): Failed to establish a connection"))
    assert network_words(inner) == "ConnectionRefusedError: [Errno 111] Connection refused"
    assert network_words(outer) == "OSError: Failed to establish a connection"
