"""The smaller methods, each with what it is for and what it must not be fooled by."""

from __future__ import annotations

from math import lgamma

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from correlator.statistics.proportions import probability_exceeds
from correlator.statistics.rank_test import rank_test
from correlator.statistics.shift import level_shift
from correlator.statistics.signatures import log_bayes_factor_alike
from correlator.statistics.time_of_day import LONGEST_HOURS, bad_hours
from correlator.statistics.two_stories import (
    controls_factor,
    dose_factor,
    kinds_factor,
    log_beta_binomial,
    own_metrics_factor,
    share_factor,
)

FEW = settings(max_examples=60, deadline=None, derandomize=True)
HOUR, DAY = 60, 1440


# --- proportions -------------------------------------------------------------------------------------------------


@FEW
@given(st.integers(0, 50), st.integers(0, 50), st.floats(0.01, 0.99))
def test_a_proportion_is_a_jeffreys_posterior(hits: int, more: int, level: float) -> None:
    found = probability_exceeds(hits, hits + more, level)
    assert 0 <= found <= 1
    assert found == pytest.approx(1 - stats.beta(hits + 0.5, more + 0.5).cdf(level), abs=1e-9)
    assert probability_exceeds(hits + 1, hits + 1 + more, level) >= found


def test_nothing_seen_says_nothing_and_more_hits_than_trials_is_no_nan() -> None:
    assert probability_exceeds(0, 0, 0.5) == pytest.approx(0.5)
    assert 0.9 < probability_exceeds(5.5, 5, 0.4) <= 1


# --- two stories -------------------------------------------------------------------------------------------------


def test_a_sequence_has_the_probability_of_polyas_urn() -> None:
    """Two hits, then a miss, from a Beta(1, 1): 1/2 · 2/3 · 1/4."""
    assert log_beta_binomial(2, 3, (1, 1)) == pytest.approx(np.log(1 / 2 * 2 / 3 * 1 / 4))
    assert log_beta_binomial(0, 0, (0.6, 3.0)) == 0


def test_controls_that_fail_too_speak_against_the_exposure_and_clean_ones_for_it() -> None:
    assert controls_factor(0, 0, 3, 300) == 0
    assert controls_factor(0, 20, 3, 300) > 1
    assert controls_factor(8, 20, 3, 300) < -5


@FEW
@given(st.integers(0, 20), st.integers(1, 20))
def test_one_more_control_that_fails_never_speaks_for_the_exposure(failed: int, passed: int) -> None:
    """As long as controls fail more often than the ordinary runs (three in a hundred) do."""
    less = controls_factor(failed, failed + passed, 3, 300)
    assert controls_factor(failed + 1, failed + passed, 3, 300) < less or passed == 0


def test_share_and_dose_favour_the_exposure_when_nearly_all_is_exposed_and_fails() -> None:
    assert share_factor(10, 0) > 0.5 > 0 > share_factor(5, 5)
    assert dose_factor(9, 10) > 0.5 > 0 > dose_factor(2, 10)
    assert share_factor(0, 0) == dose_factor(0, 0) == 0


def test_metrics_and_kinds_weigh_less_than_controls() -> None:
    assert own_metrics_factor(None) == 0
    assert own_metrics_factor(True) < 0 < own_metrics_factor(False) < 1
    assert kinds_factor(100) == -1.5
    assert kinds_factor(-100) == 6


# --- kinds of failures -------------------------------------------------------------------------------------------


@FEW
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=5))
def test_alikeness_has_two_equal_sides_and_does_not_know_the_names_of_kinds(counts: list[tuple[int, int]]) -> None:
    first, second = (np.array(column) for column in zip(*counts, strict=True))
    found = log_bayes_factor_alike(first, second)
    assert found == pytest.approx(log_bayes_factor_alike(second, first))
    assert found == pytest.approx(log_bayes_factor_alike(first[::-1], second[::-1]))
    if not first.sum() or not second.sum():
        assert found == 0


def test_same_kinds_are_alike_and_other_kinds_are_not() -> None:
    assert log_bayes_factor_alike(np.array([10, 0]), np.array([10, 0])) > 0.5
    assert log_bayes_factor_alike(np.array([10, 0]), np.array([0, 10])) < -5


def test_alikeness_is_a_ratio_of_dirichlet_multinomials() -> None:
    """Kinds seen: one; with the place for kinds not seen yet, two cells of one half each: the arcsine law."""

    def arcsine(hits: int) -> float:
        return lgamma(hits + 0.5) - lgamma(0.5) + lgamma(1) - lgamma(hits + 1)

    expected = arcsine(5) - arcsine(2) - arcsine(3)
    assert log_bayes_factor_alike(np.array([2]), np.array([3])) == pytest.approx(expected)


# --- a metric's level --------------------------------------------------------------------------------------------


def levels(rng: np.random.Generator, days: int = 28) -> tuple[np.ndarray, np.ndarray]:
    """A point every ten minutes, with a high every noon."""
    at = np.arange(0, days * DAY, 10)
    return at, 10 + 3 * np.sin(2 * np.pi * (at / DAY - 0.25)) + rng.normal(0, 0.3, len(at))


def test_a_rise_before_each_event_is_seen_with_its_lead() -> None:
    at, value = levels(np.random.default_rng(1))
    events = np.array([3, 9, 14, 20]) * DAY + 15 * HOUR
    for event in events:
        value[(at > event - 120) & (at <= event)] += 6
    found = level_shift(at, value, events, events, HOUR, DAY)
    assert found is not None
    assert found.moved
    assert found.score > 5
    assert found.windows == 4
    assert found.since == pytest.approx(115, abs=20)


def test_the_noon_of_every_day_is_no_rise() -> None:
    at, value = levels(np.random.default_rng(2))
    found = level_shift(at, value, np.array([3, 9, 14]) * DAY + 12 * HOUR, np.array([3, 9, 14]) * DAY, HOUR, DAY)
    assert found is not None
    assert not found.moved
    assert found.since is None


def test_chance_seldom_moves_a_metric() -> None:
    rng, moved = np.random.default_rng(3), 0
    for _ in range(100):
        at, value = levels(rng, 14)
        events = np.sort(rng.integers(DAY, 14 * DAY, 5))
        found = level_shift(at, value, events, events, HOUR, DAY)
        assert found is not None
        moved += found.moved
    assert moved <= 2


def test_events_that_disagree_move_nothing() -> None:
    at, value = levels(np.random.default_rng(4))
    events = np.arange(2, 22, 2) * DAY + 15 * HOUR
    for n, event in enumerate(events):
        value[(at > event - 60) & (at <= event)] += 6 if n % 2 else -6
    found = level_shift(at, value, events, events, HOUR, DAY)
    assert found is not None
    assert not found.moved


def test_without_points_before_the_events_nothing_is_said() -> None:
    at, value = levels(np.random.default_rng(5), 2)
    assert level_shift(at, value, np.array([30 * DAY]), np.array([30 * DAY]), HOUR, DAY) is None
    assert level_shift(at[:5], value[:5], np.array([40]), np.array([40]), HOUR, DAY) is None


# --- hours of the day --------------------------------------------------------------------------------------------


def test_a_bad_night_across_midnight_is_one_stretch() -> None:
    hour = np.arange(24 * 28) % 24
    found = bad_hours(hour, np.isin(hour, [23, 0, 1]) & (np.arange(24 * 28) % 2 == 0))
    assert found is not None
    assert (found.start, found.hours) == (0, 1) or found.start in (22, 23)
    assert found.p_value < 1e-6


def test_evenly_spread_failures_gather_nowhere() -> None:
    rng, small = np.random.default_rng(6), 0
    for _ in range(300):
        hour = np.arange(24 * 28) % 24
        found = bad_hours(hour, rng.random(len(hour)) < 0.05)
        small += found is not None and found.p_value <= 0.05
    assert small <= 15 + 3 * np.sqrt(15)


def test_it_is_the_least_binomial_tail_of_all_stretches() -> None:
    rng = np.random.default_rng(7)
    hour, failed = rng.integers(0, 24, 400), rng.random(400) < 0.1
    tails = []
    for begin in range(24):
        for length in range(1, LONGEST_HOURS + 1):
            inside = (hour - begin) % 24 < length
            tails.append(stats.binom.sf((failed & inside).sum() - 1, failed.sum(), inside.mean()))
    found = bad_hours(hour, failed)
    assert found is not None
    assert found.p_value == pytest.approx(min(1, min(tails) * len(tails)))


def test_four_failures_gather_nowhere_yet() -> None:
    assert bad_hours(np.arange(100) % 24, np.arange(100) < 4) is None


# --- ranks -------------------------------------------------------------------------------------------------------


@FEW
@given(
    st.lists(st.integers(0, 9), min_size=4, max_size=8),
    st.lists(st.integers(0, 9), min_size=4, max_size=8),
)
def test_superiority_is_the_share_of_pairs(first: list[int], second: list[int]) -> None:
    found = rank_test(np.array([*first, np.nan]), np.array([np.nan, *second]))
    assert found is not None
    pairs = [(a > b) + 0.5 * (a == b) for a in first for b in second]
    assert found.superiority == pytest.approx(np.mean(pairs))
    assert (found.failures, found.passes) == (len(first), len(second))
    assert 0 < found.p_value <= 1


def test_three_values_are_too_few_for_ranks() -> None:
    assert rank_test(np.array([1.0, 2, 3, np.nan]), np.arange(10.0)) is None


def test_ranks_under_the_null_are_as_rare_as_they_say() -> None:
    rng = np.random.default_rng(8)
    found = [rank_test(rng.normal(size=8), rng.normal(size=60)) for _ in range(600)]
    assert np.mean([f is not None and f.p_value <= 0.05 for f in found]) <= 0.05 + 0.027
