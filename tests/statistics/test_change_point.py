"""The change of a rate: against a plain sum over all positions, and on planted changes."""

from __future__ import annotations

from math import exp, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import beta

from correlator.statistics.change_point import RATE_PRIOR, rate_increase


def marginal(failures: int, runs: int) -> float:
    """P(one sequence with so many failures), by integrating the rate out numerically."""
    density = beta(*RATE_PRIOR).pdf
    value, _ = quad(lambda p: p**failures * (1 - p) ** (runs - failures) * density(p), 0, 1, epsabs=0, limit=200)
    return float(value)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.lists(st.booleans(), min_size=4, max_size=12))
def test_it_is_the_sum_over_all_positions(sequence: list[bool]) -> None:
    n, found = len(sequence), rate_increase(np.array(sequence))
    if sum(sequence) < 2:
        assert found is None
        return
    weights = {}
    for position in range(1, n):
        before, after = sequence[:position], sequence[position:]
        if sum(after) / len(after) > sum(before) / len(before):
            weights[position] = marginal(sum(before), len(before)) * marginal(sum(after), len(after)) / (n - 1)
    if not weights:
        assert found is None
        return
    assert found is not None
    whole = sum(weights.values())
    assert found.log_bayes_factor == pytest.approx(log(whole / marginal(sum(sequence), n)), abs=1e-5)
    assert weights[found.index] == pytest.approx(max(weights.values()))
    inside = sum(weight for at, weight in weights.items() if found.earliest <= at <= found.latest)
    assert inside / whole >= 0.95 - 1e-9


def test_a_planted_change_is_found_inside_its_interval() -> None:
    rng, covered, factors = np.random.default_rng(3), 0, []
    for _ in range(60):
        at = int(rng.integers(100, 300))
        found = rate_increase(rng.random(400) < np.where(np.arange(400) < at, 0.02, 0.3))
        assert found is not None
        covered += found.earliest <= at <= found.latest
        factors.append(found.log_bayes_factor)
        assert found.before_rate < 0.1 < found.after_rate
    assert covered >= 52
    assert min(factors) > 4


def test_a_steady_rate_seldom_looks_like_a_change() -> None:
    """The Bayes factor has mean one at most under one rate, so it seldom passes e to the fourth."""
    rng = np.random.default_rng(4)
    found = [rate_increase(rng.random(400) < 0.05) for _ in range(400)]
    assert np.mean([f is not None and f.log_bayes_factor > 4 for f in found]) <= exp(-4) + 0.01


@pytest.mark.parametrize("sequence", [[], [True, True, True], [False] * 50, [True] + [False] * 50])
def test_too_little_to_say(sequence: list[bool]) -> None:
    assert rate_increase(np.array(sequence, bool)) is None


def test_a_rate_that_fell_is_no_increase() -> None:
    assert rate_increase(np.array([True] * 20 + [False] * 20)) is None


def test_the_interval_lies_inside_the_history() -> None:
    found = rate_increase(np.array([False] * 30 + [True] * 3))
    assert found is not None
    assert 1 <= found.earliest <= found.index <= found.latest <= 32
    assert (found.index, found.after_failures, found.before_runs, found.after_runs) == (30, 3, 30, 3)
