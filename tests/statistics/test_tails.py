"""The tails and the rank-sum test, against scipy's own (which take too long to load for the program itself)."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, hypergeom, mannwhitneyu, poisson

from correlator.statistics.quantile_interval import quantile_interval
from correlator.statistics.rank_test import rank_test
from correlator.statistics.tails import binomial_tail, hypergeometric_tail, poisson_tail

_FEW = st.integers(0, 60)


@settings(max_examples=60)
@given(st.integers(-2, 70), _FEW, st.floats(0.001, 0.999))
def test_binomial(least: int, trials: int, chance: float) -> None:
    assert binomial_tail(least, trials, chance) == pytest.approx(binom.sf(least - 1, trials, chance), rel=1e-9, abs=0)


@settings(max_examples=60)
@given(st.integers(-2, 300), st.floats(1e-6, 500))
def test_poisson(least: int, expected: float) -> None:
    assert poisson_tail(least, expected) == pytest.approx(poisson.sf(least - 1, expected), rel=1e-9, abs=1e-290)


@settings(max_examples=100)
@given(st.integers(-1, 70), st.integers(1, 60), _FEW, _FEW, _FEW)
def test_hypergeometric(least: int, failed: int, fine: int, bad: int, good: int) -> None:
    total, marked, drawn = failed + fine + bad + good, failed + bad, failed + fine
    wanted = hypergeom.sf(least - 1, total, marked, drawn)
    assert hypergeometric_tail(least, total, marked, drawn) == pytest.approx(wanted, rel=1e-9, abs=1e-290)


@settings(max_examples=150)
@given(
    st.lists(st.integers(0, 2000), min_size=4, max_size=14),
    st.lists(st.integers(0, 2000), min_size=4, max_size=14),
    st.sampled_from([1, 40, 1999]),
)
def test_ranks(bad: list[int], good: list[int], step: int) -> None:
    """With and without ties, exact and in the limit; all equal values among them."""
    left, right = (np.array(values) // step / 7 for values in (bad, good))
    found, wanted = rank_test(left, right), mannwhitneyu(left, right, alternative="two-sided")
    assert found is not None
    assert found.superiority == pytest.approx(wanted.statistic / (len(bad) * len(good)))
    assert found.p_value == pytest.approx(wanted.pvalue, rel=1e-9)


def test_ranks_of_few_among_many() -> None:
    chance = np.random.default_rng(3)
    bad, good = chance.normal(0.7, size=6), chance.normal(size=4000)
    found = rank_test(bad, good)
    assert found is not None
    assert found.p_value == pytest.approx(mannwhitneyu(bad, good, method="exact").pvalue, rel=1e-9)


@pytest.mark.parametrize("count", [8, 25, 400, 3001])
@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.9])
def test_ranks_of_a_quantile(count: int, quantile: float) -> None:
    found = quantile_interval(np.arange(1.0, count + 1), quantile)
    low, high = int(binom.ppf(0.025, count, quantile)), int(binom.ppf(0.975, count, quantile)) + 1
    if found is None:
        assert low < 1 or high > count
    else:
        assert (found.low, found.high) == (low, high)


def test_the_engine_loads_without_what_takes_long() -> None:
    needed = "import sys, correlator.engine.analysis; print('scipy.stats' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", needed], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "False"
