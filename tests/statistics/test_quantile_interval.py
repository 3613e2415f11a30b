"""The interval of a quantile, by tables and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correlator.statistics.quantile_interval import quantile_interval


@pytest.mark.parametrize(("count", "low", "high"), [(6, 1, 6), (10, 2, 9), (20, 6, 15), (50, 18, 33), (100, 40, 61)])
def test_the_interval_of_the_median_is_that_of_the_sign_test(count: int, low: int, high: int) -> None:
    """The ranks stand in any table of the sign test at 5 %."""
    found = quantile_interval(np.arange(1.0, count + 1), 0.5)
    assert found is not None
    assert (found.low, found.high) == (low, high)
    assert found.coverage >= 0.95


@pytest.mark.parametrize(("count", "quantile"), [(0, 0.5), (5, 0.5), (12, 0.25), (12, 0.75)])
def test_too_few_values_give_none(count: int, quantile: float) -> None:
    assert quantile_interval(np.arange(float(count)), quantile) is None


@pytest.mark.parametrize("quantile", [0.25, 0.5, 0.75])
def test_it_holds_the_quantile_as_often_as_it_says(quantile: float) -> None:
    rng = np.random.default_rng(7)
    true = -np.log(1 - quantile)
    found = [quantile_interval(rng.exponential(size=30), quantile) for _ in range(1000)]
    held = [one.low <= true <= one.high for one in found if one is not None]
    assert len(held) == 1000
    assert 0.94 <= np.mean(held) <= 0.99


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.lists(st.floats(-1e6, 1e6), min_size=8, max_size=60), st.integers(-1000, 1000))
def test_it_moves_with_the_values_and_not_with_their_order(values: list[float], by: int) -> None:
    found, moved = quantile_interval(np.array(values), 0.5), quantile_interval(np.array(values[::-1]) + by, 0.5)
    assert found is not None
    assert moved is not None
    assert (moved.low, moved.high) == pytest.approx((found.low + by, found.high + by))
