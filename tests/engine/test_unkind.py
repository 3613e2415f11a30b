"""Unkind histories with known truth: what spoils a history must not spoil the answer (see benchmarks/unkind.py)."""

from __future__ import annotations

import pytest

from benchmarks.unkind import MIXED, judge, make_history, measure
from correlator.engine import analyze
from correlator.model import Finding
from tests.engine.build import at, minutes, only, tables_of
from tests.engine.plays import Job, edges, play, some

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


@pytest.mark.parametrize("unkind", ["clock_+10", "clock_-10", "last_attempt", "mixed_1"])
def test_a_root_two_jobs_away_is_found_although(unkind: str) -> None:
    found = measure("deep", unkind, SEED)
    assert found.outcomes == {"right": 3}, found.wrong
    assert found.pairs["hit"] >= 0.9 * found.pairs["named"]
    assert found.pairs["hit"] >= 0.75 * found.pairs["due"]


@pytest.mark.parametrize("unkind", ["kind", "jitter", "last_attempt", "shared_ingest", "weekday_ingest"])
def test_an_upstream_that_the_retries_of_a_job_bring_down_is_not_accused(unkind: str) -> None:
    found = measure("storm", unkind, SEED)
    assert not {"accusation", "wrong root"} & found.outcomes.keys(), found.wrong


@pytest.mark.parametrize("unkind", ["ratio_24", "weekday_ingest", "lost_rows", "late_rows", "gap", "undeclared"])
@pytest.mark.parametrize("mechanism", ["harmless", "bursts"])
def test_nobody_is_accused_although(mechanism: str, unkind: str) -> None:
    found = measure(mechanism, unkind, SEED)
    assert not {"accusation", "wrong root"} & found.outcomes.keys(), found.wrong


def test_rows_told_again_change_nothing() -> None:
    once, again = (make_history("deep", name, 3) for name in ("kind", "duplicates"))
    assert again.tables.repeated > 100
    assert [f.to_dict() for f in analyze(once.tables).findings] == [f.to_dict() for f in analyze(again.tables).findings]


def test_unkindnesses_mix() -> None:
    for name in MIXED:
        history = make_history("change", name, 3, tenants=1)
        assert len(history.tables.runs) > 500
        assert judge(history.cases[0], None) == "open"


# --- near the present --------------------------------------------------------------------------------------------

CHAIN = (Job("ingest"), Job("join", 12, ("ingest",)), Job("export", 30, ("join",)))
DAY, HOUR = 14, 9
LATE = dict.fromkeys(some(16, 24 * DAY), 55)


def fresh(unseen: str) -> Finding:
    """The export of nine o'clock has just failed; from eight o'clock on nothing was seen of `unseen`."""
    now, slot = at("09:35", DAY), 24 * DAY + HOUR
    told = play(CHAIN, DAY + 1, {"ingest": LATE | {slot: 55}})
    kept = [a for a in told if a.job != unseen or a.started_at < now - minutes(50)]
    return only(tables_of(kept, edges(CHAIN)), "export", as_of=now)


@pytest.mark.parametrize("unseen", ["ingest", "join"])
def test_an_upstream_run_that_is_due_and_not_seen_was_not_ready(unseen: str) -> None:
    found = fresh(unseen)
    newest = found.pairs[-1]
    assert newest.logical_run_id == f"tenant-01/export/{24 * DAY + HOUR}"
    assert newest.upstream_job == "ingest"
    if unseen == "ingest":
        assert newest.upstream_logical_run_id is None
        assert newest.upstream_due_at == at("09:00", DAY)
        assert found.lag_profile is not None
        assert found.lag_profile.count == len(found.pairs) - 1, "nobody knows how long after it this one failed"
    else:
        assert newest.upstream_logical_run_id == f"tenant-01/ingest/{24 * DAY + HOUR}"
