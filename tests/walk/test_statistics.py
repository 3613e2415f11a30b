"""Laws of the pieces: scales, tails, scanning, the daily rhythm, and origins on a graph."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correlator.statistics.extreme import fit_tail
from correlator.statistics.rhythm import DAY, daily_profile, offsets
from correlator.statistics.robust import fitted_below, robust_centre, robust_line
from correlator.statistics.scan import running_means, scan_lengths, weighted_size
from correlator.walking.kinds import Kind, bad_side, kind_of
from correlator.walking.paths import paths_to
from correlator.walking.roots import Sign, score_origin, weigh
from correlator.walking.series import Series
from correlator.walking.walk import Question, rank_origins

values = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60).map(np.array)


@given(values)
def test_a_scale_is_always_positive_and_finite(series: np.ndarray) -> None:
    centre = robust_centre(series)
    assert 0 < centre.scale < np.inf


def test_a_scale_is_near_sigma_and_unmoved_by_a_few_wild_values() -> None:
    series = np.random.default_rng(2).normal(100, 5, 2000)
    wild = series.copy()
    wild[:100] = 1e9
    assert robust_centre(series).scale == pytest.approx(5, rel=0.1)
    assert robust_centre(wild).scale == pytest.approx(5, rel=0.2)


@given(values.filter(lambda one: len(one) > 3))
def test_surprise_never_falls_with_the_value(past: np.ndarray) -> None:
    tail = fit_tail(np.abs(past), len(past), 1.0, freedom=30.0)
    surprise = tail.surprise(np.linspace(0, 1e7, 50))
    assert (surprise >= 0).all()
    assert (np.diff(surprise) >= -1e-9).all()


def test_the_tail_is_right_where_the_law_is_known() -> None:
    past = np.random.default_rng(3).pareto(3.0, 5000) + 1
    tail = fit_tail(past, len(past), 1.0, freedom=1e6)
    assert tail.surprise(np.array([10.0]))[0] == pytest.approx(3 * np.log(10), rel=0.05)


def test_less_past_is_less_surprised() -> None:
    past = np.random.default_rng(3).pareto(3.0, 1000) + 1
    short, long = (fit_tail(past, size, 1.0, freedom=1e6) for size in (5, 1000))
    assert short.surprise(np.array([50.0]))[0] < long.surprise(np.array([50.0]))[0]


@given(values, st.integers(1, 9))
def test_running_means_are_means(series: np.ndarray, length: int) -> None:
    found = running_means(series[None, :].copy(), min(length, len(series)))[0]
    expected = np.convolve(series, np.ones(min(length, len(series))) / min(length, len(series)), "valid")
    assert found == pytest.approx(expected, abs=1e-6)
    assert scan_lengths(len(series))[-1] <= len(series)


def test_a_daily_rhythm_is_found_and_noise_is_not() -> None:
    rng = np.random.default_rng(4)
    at = np.arange(0, 4 * DAY, DAY // 288)
    wave = 10 * np.sin(2 * np.pi * at / DAY)
    profile = daily_profile(at, wave + rng.standard_normal(len(at)))
    assert profile is not None
    assert np.abs(offsets(at, profile) - wave).max() < 2
    assert daily_profile(at, rng.standard_normal(len(at))) is None


def test_of_equally_short_ways_the_alphabetically_first() -> None:
    graph = {"a": frozenset({"b", "c"}), "b": frozenset({"t"}), "c": frozenset({"t"}), "t": frozenset({"a"})}
    assert paths_to("t", graph)["a"] == ("a", "b", "t")


def test_abnormal_upstream_explains_its_downstream() -> None:
    signs = {name: Sign({Kind.OTHER: np.array([20.0])}, 0) for name in ("db", "api", "web")}
    graph = {"db": frozenset({"api"}), "api": frozenset({"web"})}
    evidence = weigh(graph, signs, 1, tolerance=0)
    scores = {name: score_origin(name, evidence)[0] for name in signs}
    assert scores["db"] > scores["api"] > scores["web"]


def test_a_silent_origin_is_what_abnormal_callers_share() -> None:
    sizes = {"cache": 0.1, "a": 15.0, "b": 15.0, "c": 15.0, "other": 0.1}
    signs = {name: Sign({Kind.OTHER: np.array([size])}, 0) for name, size in sizes.items()}
    evidence = weigh({"cache": frozenset({"a", "b", "c"}), "other": frozenset({"b"})}, signs, 1, tolerance=0)
    scores = {name: score_origin(name, evidence)[0] for name in signs}
    assert max(scores, key=lambda name: scores[name]) == "cache"


@settings(max_examples=20, deadline=None)
@given(st.integers(-(10**15), 10**15))
def test_shifting_all_times_changes_nothing(shift: int) -> None:
    rng = np.random.default_rng(6)
    at = np.arange(200, dtype=np.int64) * 60_000_000
    series = [Series(node, "m", at, rng.standard_normal(200) + 9 * (at > at[190])) for node in ("a", "b")]
    moved = [Series(one.node, one.metric, one.at + shift, one.values) for one in series]
    graph = {"a": frozenset({"b"})}
    asked = rank_origins(series, graph, Question("b", int(at[189]), int(at[-1])))
    assert asked
    later = rank_origins(moved, graph, Question("b", int(at[189]) + shift, int(at[-1]) + shift))
    assert [(one.job, one.score, one.path) for one in asked] == [(one.job, one.score, one.path) for one in later]


def test_quiet_systems_stay_silent_about_as_often_as_promised() -> None:
    at = np.arange(310, dtype=np.int64) * 60_000_000
    graph = {f"n{i}": frozenset({f"n{(i - 1) // 2}"}) for i in range(1, 8)}
    alarms = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        series = [Series(f"n{i}", f"m{j}", at, rng.standard_normal(310)) for i in range(8) for j in range(3)]
        alarms += bool(rank_origins(series, graph, Question("n0", int(at[300]), int(at[-1]))))
    assert alarms <= 8  # 8 % are expected; P(more than 8 of 40) is under one per cent


def test_of_two_slow_services_the_one_with_a_busy_processor() -> None:
    slow, calm = np.array([9.0]), np.array([0.1])
    signs = {"api": Sign({Kind.RESOURCE: slow, Kind.SYMPTOM: slow}, 0), "db": Sign({Kind.RESOURCE: calm}, 0)}
    signs["web"] = Sign({Kind.RESOURCE: calm, Kind.SYMPTOM: slow}, 0)
    evidence = weigh({"db": frozenset({"api"}), "api": frozenset({"web"})}, signs, 1, tolerance=0)
    scores = {name: score_origin(name, evidence)[0] for name in signs}
    assert max(scores, key=lambda name: scores[name]) == "api"


@pytest.mark.parametrize(
    ("metric", "kind", "side"),
    [
        ("PodServerLatencyP90(s)", Kind.SYMPTOM, 1),
        ("availability/Average", Kind.SYMPTOM, -1),
        ("http_errors_total", Kind.SYMPTOM, 1),
        ("container_cpu_usage_seconds_total", Kind.RESOURCE, 0),
        ("MemoryUsage(Mi)", Kind.RESOURCE, 0),
        ("NetworkReceiveBytes", Kind.TRAFFIC, 0),
        ("requests/Sum", Kind.TRAFFIC, 0),
        ("version", Kind.OTHER, 0),
    ],
)
def test_kinds_are_told_from_names(metric: str, kind: Kind, side: int) -> None:
    assert (kind_of(metric), bad_side(metric)) == (kind, side)


def test_a_departure_to_the_good_side_counts_half() -> None:
    means = np.array([-4.0, 3.0])
    assert weighted_size(means, 1, 0.5).tolist() == [2.0, 3.0]
    assert weighted_size(means, -1, 0.5).tolist() == [4.0, 1.5]
    assert weighted_size(means, 0, 0.5).tolist() == [4.0, 3.0]


def test_a_line_is_found_beside_wild_values() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(100, 10, 500)
    y = 3 * x + rng.normal(0, 1, 500)
    y[:10] = 1e6
    assert robust_line(x, y) == pytest.approx(3, rel=0.1)
    assert robust_line(np.ones(5), np.arange(5.0)) == 0


def test_a_model_follows_the_quieter_part_whatever_the_rest_holds() -> None:
    rng = np.random.default_rng(6)
    model, seen = rng.exponential(size=5000), 7 + 2 * rng.exponential(size=400)
    seen[rng.random(400) < 0.3] += 100
    assert np.quantile(fitted_below(model, seen, 400), 0.9) == pytest.approx(7 + 2 * np.log(10), rel=0.2)
    assert fitted_below(model, seen, 0) == pytest.approx(model)
