"""Unkind histories with known truth: what spoils a history must not spoil the answer (see benchmarks/unkind.py)."""

from __future__ import annotations

import pytest

from benchmarks.unkind import UNKIND, judge, make_history, measure
from correlator.engine import analyze

SEED = range(3, 4)


@pytest.mark.parametrize(
    "unkind",
    [
        "ratio_24",
        "ratio_4",
        "ratio_7_5",
        "weekdays",
        "fan_in_5",
        "depth_6",
        "skips",
        "overlap",
        "no_ids",
    ],
)
def test_an_upstream_cause_is_found_although(unkind: str) -> None:
    found = measure("direct", unkind, SEED)
    assert found.outcomes == {"right": 3}, found.wrong
    assert found.pairs["hit"] >= 0.9 * found.pairs["named"]
    assert found.pairs["hit"] >= 0.75 * found.pairs["due"]


@pytest.mark.parametrize("unkind", ["ratio_24", "weekday_ingest", "lost_rows", "late_rows", "gap", "undeclared"])
@pytest.mark.parametrize("mechanism", ["harmless", "bursts"])
def test_nobody_is_accused_although(mechanism: str, unkind: str) -> None:
    found = measure(mechanism, unkind, SEED)
    assert not {"accusation", "wrong root"} & found.outcomes.keys(), found.wrong


def test_rows_told_again_change_nothing() -> None:
    once, again = (make_history("deep", name, 3) for name in ("kind", "duplicates"))
    assert again.tables.repeated > 100
    assert [f.to_dict() for f in analyze(once.tables).findings] == [f.to_dict() for f in analyze(again.tables).findings]


def test_every_unkindness_makes_a_history() -> None:
    for name in UNKIND:
        history = make_history("change", name, 3, tenants=1)
        assert len(history.tables.runs) > 500
        assert judge(history.cases[0], None) == "open"
