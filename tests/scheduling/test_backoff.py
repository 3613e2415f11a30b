from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from correlator.scheduling.backoff import LONGEST_TICKS, Backoff


def test_the_first_failure_is_retried_at_the_next_tick() -> None:
    backoff = Backoff()
    assert backoff.failed() == 1
    assert backoff.due()


def test_repeated_failures_are_tried_less_and_less_often() -> None:
    assert _ticks_run(60) == [0, 1, 3, 7, 15, 27, 39, 51]


def test_a_success_forgets_them() -> None:
    backoff = Backoff()
    for _ in range(5):
        backoff.failed()
    backoff.succeeded()
    assert backoff.due()
    assert backoff.failed() == 1


@given(st.integers(1, 200))
def test_no_job_is_ever_given_up(failures: int) -> None:
    backoff = Backoff()
    for _ in range(failures):
        ticks = backoff.failed()
    assert [backoff.due() for _ in range(ticks)] == [False] * (ticks - 1) + [True]
    assert ticks <= LONGEST_TICKS


def test_what_needs_a_person_is_tried_seldom_from_the_start_and_often_again_once_it_may_pass() -> None:
    backoff = Backoff()
    assert backoff.failed(permanent=True) == LONGEST_TICKS
    backoff.succeeded()
    assert backoff.failed() == 1


def _ticks_run(count: int) -> list[int]:
    """The ticks at which a job that always fails is run."""
    backoff, ran = Backoff(), []
    for tick in range(count):
        if backoff.due():
            ran.append(tick)
            backoff.failed()
    return ran
