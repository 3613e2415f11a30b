"""The exact test: against enumeration of all arrangements, against scipy, and as a test that keeps its promises."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from correlator.statistics.stratified import StratifiedResult, hypergeometric, log_likelihood_ratio, stratified_test

Table = list[tuple[int, bool, bool]]
"""(stratum, exposed, failed) a run."""
FEW = settings(max_examples=60, deadline=None, derandomize=True)


def result_of(table: Table) -> StratifiedResult:
    strata, exposed, failed = (np.array(column) for column in zip(*table, strict=True))
    return stratified_test(strata, exposed.astype(bool), failed.astype(bool))


tables = st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.booleans()), min_size=1, max_size=11)


def arrangements(table: Table) -> list[int]:
    """How many failures are exposed, for every way to hand out each stratum's failures among its runs."""
    totals: list[list[int]] = []
    for stratum in sorted({row[0] for row in table}):
        exposed = [row[1] for row in table if row[0] == stratum]
        failures = sum(row[2] for row in table if row[0] == stratum)
        totals.append([sum(exposed[i] for i in chosen) for chosen in combinations(range(len(exposed)), failures)])
    return [sum(parts) for parts in product(*totals)]


@FEW
@given(tables)
def test_it_counts_what_enumeration_counts(table: Table) -> None:
    found, all_of_them = result_of(table), arrangements(table)
    observed = sum(exposed and failed for _, exposed, failed in table)
    assert found.observed == observed
    assert found.expected == pytest.approx(np.mean(all_of_them))
    assert found.p_value == pytest.approx(np.mean([k >= observed for k in all_of_them]))


@FEW
@given(st.integers(1, 60), st.data())
def test_one_stratum_is_fishers_test_and_the_hypergeometric_distribution(runs: int, data: st.DataObject) -> None:
    exposed, failed = (data.draw(st.integers(0, runs)) for _ in range(2))
    low, pmf = hypergeometric(runs, exposed, failed)
    assert pmf == pytest.approx(stats.hypergeom(runs, exposed, failed).pmf(np.arange(low, low + len(pmf))), abs=1e-12)
    k = data.draw(st.integers(low, low + len(pmf) - 1))
    square = np.array([[k, exposed - k], [failed - k, runs - exposed - failed + k]])
    rows: Table = [(0, True, True)] * k + [(0, True, False)] * (exposed - k)
    rows += [(0, False, True)] * (failed - k) + [(0, False, False)] * (runs - exposed - failed + k)
    assert result_of(rows).p_value == pytest.approx(stats.fisher_exact(square, alternative="greater").pvalue)


@FEW
@given(tables, st.data())
def test_one_more_exposed_failure_never_lowers_the_evidence(table: Table, data: st.DataObject) -> None:
    passed = [n for n, (_, exposed, failed) in enumerate(table) if exposed and not failed]
    if not passed:
        return
    stratum, n = table[passed[0]][0], data.draw(st.sampled_from(passed))
    stratum = table[n][0]
    before, after = result_of(table), result_of([*table[:n], (stratum, True, True), *table[n + 1 :]])
    assert after.p_value <= before.p_value * (1 + 1e-12)
    assert after.observed == before.observed + 1


@FEW
@given(tables, st.data())
def test_a_failure_that_moves_to_an_exposed_run_raises_both(table: Table, data: st.DataObject) -> None:
    pairs = [
        (i, j)
        for i, (s, exposed, failed) in enumerate(table)
        for j, (other, out, bad) in enumerate(table)
        if s == other and exposed and not failed and bad and not out
    ]
    if not pairs:
        return
    i, j = data.draw(st.sampled_from(pairs))
    moved = list(table)
    moved[i], moved[j] = (table[i][0], True, True), (table[j][0], False, False)
    assert result_of(moved).p_value < result_of(table).p_value
    assert result_of(moved).e_value > result_of(table).e_value


@FEW
@given(tables, st.permutations(range(3)), st.randoms(use_true_random=False))
def test_names_of_strata_and_the_order_of_runs_do_not_matter(table: Table, names: list[int], rng: object) -> None:
    other = sorted(((names[s] * 7 - 3, e, f) for s, e, f in table), key=lambda row: (row[1], row[2], row[0]))
    one, two = result_of(table), result_of(other)
    assert (one.observed, one.fixed, one.informative) == (two.observed, two.fixed, two.informative)
    assert one.p_value == pytest.approx(two.p_value)
    assert one.e_value == pytest.approx(two.e_value)


@FEW
@given(st.integers(2, 40), st.data())
def test_the_e_value_of_a_stratum_has_mean_one(runs: int, data: st.DataObject) -> None:
    """Over its own distribution, to the last digit: this is what makes it safe to look at as often as one likes."""
    exposed, failed = (data.draw(st.integers(1, runs - 1)) for _ in range(2))
    low, pmf = hypergeometric(runs, exposed, failed)
    ratios = [np.exp(log_likelihood_ratio(low, pmf, low + k)) for k in range(len(pmf))]
    assert float(pmf @ ratios) == pytest.approx(1.0)


def test_nothing_to_compare_is_no_evidence() -> None:
    everything_failed: Table = [(0, True, True), (0, False, True)]
    nobody_exposed: Table = [(1, False, True), (1, False, False)]
    found = result_of(everything_failed + nobody_exposed)
    assert (found.p_value, found.e_value, found.informative, found.fixed) == (1.0, 1.0, 0, 1)
    empty = np.zeros(0, bool)
    assert stratified_test(np.zeros(0, np.int64), empty, empty).p_value == 1.0


def test_a_bad_night_alone_is_no_evidence() -> None:
    """All four failures lie in one stratum with all exposures: within it, exposure tells failures apart no better."""
    night: Table = [(0, True, True)] * 3 + [(0, True, False)] * 3 + [(0, False, True)] + [(0, False, False)]
    days: Table = [(day, False, False) for day in range(1, 20) for _ in range(8)]
    pooled: Table = [(0, exposed, failed) for _, exposed, failed in night + days]
    assert result_of(night + days).p_value > 0.5
    assert result_of(pooled).p_value < 1e-3


def test_huge_effects_do_not_overflow() -> None:
    table: Table = [(n // 4, n % 4 == 0, n % 4 == 0) for n in range(4000)]
    found = result_of(table)
    assert 0 < found.p_value < 1e-300
    assert np.isfinite(found.e_value)
    assert found.e_value > 1e100


def null(rng: np.random.Generator, days: int) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Hourly runs whose exposure and failure both get likelier on some days, and have nothing else in common."""
    runs = np.arange(24 * days)
    bad = np.repeat(rng.random(days) < 0.2, 24)
    exposed, failed = (rng.random(len(runs)) < np.where(bad, 0.5, 0.05) for _ in range(2))
    return runs // 24, exposed, failed


def test_under_the_null_small_p_values_are_as_rare_as_they_say_and_e_values_stay_low() -> None:
    rng = np.random.default_rng(11)
    found = [stratified_test(*null(rng, 14)) for _ in range(1500)]
    p = np.array([result.p_value for result in found])
    for level in (0.01, 0.05, 0.2, 0.5):
        share, error = float((p <= level).mean()), 3 * np.sqrt(level * (1 - level) / len(p))
        assert share <= level + error, level
    assert np.mean([min(result.e_value, 1e3) for result in found]) <= 1.1
    assert np.mean([result.e_value >= 20 for result in found]) <= 1 / 20


def test_under_the_null_the_e_process_is_seldom_ever_high() -> None:
    """One over the level bounds how often it is reached at any time at all (Ville's inequality), looked at daily."""
    rng, reached = np.random.default_rng(12), 0
    for _ in range(120):
        strata, exposed, failed = null(rng, 20)
        looks = (24 * day for day in range(2, 21))
        reached += any(stratified_test(strata[:n], exposed[:n], failed[:n]).e_value >= 20 for n in looks)
    assert reached / 120 <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 120)
