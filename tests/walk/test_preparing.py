"""Counters become rates, and what traffic explains is taken out of the other metrics."""

from __future__ import annotations

import numpy as np
import pytest

from correlator.walking.preparing import as_rate, is_counter, prepared
from correlator.walking.series import Series
from correlator.walking.walk import Question, rank_origins

MINUTE = 60_000_000
AT = np.arange(300, dtype=np.int64) * MINUTE
START = int(AT[290])


def series(node: str, metric: str, values: np.ndarray) -> Series:
    return Series(node, metric, AT, values)


def test_a_counter_is_known_by_its_growth_and_a_restart_is_no_fall() -> None:
    total = np.cumsum(np.full(300, 120.0))
    total[100:] -= total[99]
    counter = series("api", "handled_total", total)
    assert is_counter(counter, START)
    rate = as_rate(counter)
    assert rate.values == pytest.approx(np.full(299, 2.0))
    assert (rate.unit, len(rate.at)) == ("/s", 299)


def test_a_gauge_is_no_counter_even_where_it_grows_for_a_while() -> None:
    rng = np.random.default_rng(1)
    assert not is_counter(series("api", "memory_mib", 100 + np.arange(300) * 0.1 + rng.standard_normal(300)), START)
    assert not is_counter(series("api", "errors_total", np.zeros(300)), START)


def test_what_requests_explain_is_taken_out_and_named() -> None:
    rng = np.random.default_rng(2)
    requests = 100 + 20 * rng.standard_normal(300)
    cpu = 5 + 0.4 * requests + 0.1 * rng.standard_normal(300)
    memory = 50 + rng.standard_normal(300)
    made = prepared([series("a", "requests", requests), series("a", "cpu", cpu), series("a", "mem", memory)], START, {})
    assert made[1].given == "requests of a"
    assert made[1].values.std() < 0.05 * cpu.std()
    assert made[1].shown is cpu
    assert (made[2].given, made[2].values is memory) == ("", True)


def test_a_service_that_is_asked_less_by_its_caller_is_not_accused() -> None:
    rng = np.random.default_rng(3)
    asked = 100 + 5 * rng.standard_normal(300)
    asked[290:] *= 0.3
    found = [series("web", "requests", asked), series("web", "cpu", 30 + rng.standard_normal(300) + 40 * (AT >= START))]
    for metric, share in (("requests", 2.0), ("cpu", 0.3)):
        found.append(series("db", metric, share * asked + 0.5 * rng.standard_normal(300)))
    ranking = rank_origins(found, {"db": frozenset({"web"})}, Question("web", START, int(AT[-1])))
    assert ranking[0].job == "web"
    sign = next(one for one in ranking[0].evidence if one.metric == "cpu")
    assert (round(sign.before / 10), round(sign.after / 10)) == (3, 7)
    assert (sign.onset_after, sign.onset_by) == ("1970-01-01T04:49:00+00:00", "1970-01-01T04:50:00+00:00")


def test_what_did_not_move_is_listed() -> None:
    rng = np.random.default_rng(4)
    found = [series("web", metric, 30 + rng.standard_normal(300)) for metric in ("cpu", "memory")]
    found.append(series("web", "latency", 30 + rng.standard_normal(300) + 40 * (AT >= START)))
    ranking = rank_origins(found, {}, Question("web", START, int(AT[-1])))
    assert [one.metric for one in ranking[0].evidence] == ["latency"]
    assert ranking[0].unmoved == ("cpu", "memory")
