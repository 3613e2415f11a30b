"""Rates before and after: the interval holds what it says also where failures come in bad days."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlator.statistics.rate_difference import Day, rate_difference

_DAYS = st.lists(st.integers(0, 40).flatmap(lambda runs: st.tuples(st.just(runs), st.integers(0, runs))), max_size=20)


def drawn(random: np.random.Generator, days: int, rate: float, clumping: float) -> list[Day]:
    """Days of 24 runs; with clumping each day has its own rate."""
    rates = random.beta(rate / clumping, (1 - rate) / clumping, days) if clumping else np.full(days, rate)
    return [(24, int(failed)) for failed in random.binomial(24, rates)]


@pytest.mark.parametrize("clumping", [0.0, 0.05, 0.2])
def test_where_nothing_changed_a_change_is_seldom_claimed(clumping: float) -> None:
    random = np.random.default_rng(20260321)
    claimed = 0
    for _ in range(600):
        found = rate_difference(drawn(random, 60, 0.08, clumping), drawn(random, 20, 0.08, clumping))
        assert found is not None
        claimed += found.direction != 0
    assert claimed / 600 < 0.07  # nominal 0.05; 0.07 is more than two standard errors away


def test_a_change_that_is_there_is_seen() -> None:
    random = np.random.default_rng(4)
    found = [rate_difference(drawn(random, 60, 0.15, 0.05), drawn(random, 30, 0.02, 0.05)) for _ in range(100)]
    assert sum(one is not None and one.direction == -1 for one in found) > 95


@given(before=_DAYS, after=_DAYS)
def test_intervals_hold_the_rates_and_turning_time_round_turns_the_difference_round(
    before: list[Day], after: list[Day]
) -> None:
    found, turned = rate_difference(before, after), rate_difference(after, before)
    if found is None or turned is None:
        assert not all(sum(runs for runs, _ in days) for days in (before, after))
        return
    for rate in (found.before, found.after):
        assert 0.0 <= rate.low <= rate.value + 1e-9 <= rate.high + 2e-9
        assert rate.high <= 1.0
    assert (found.low, found.high) == pytest.approx((-turned.high, -turned.low))
    assert found.direction == -turned.direction
