"""When a finding was raised, what was taken back, and what a record is worth against the truth."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from correlator.backtesting.record import Record, judge
from correlator.backtesting.replay import Call
from correlator.backtesting.truth import Outcome, TrueCase, read_truth
from correlator.errors import InputError
from correlator.model import Cause, Verdict
from correlator.tables.frames import to_micros

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
OPEN = Call(NOON, "t", "export", Verdict.INCONCLUSIVE, Cause.NONE, None, None, 20, 1)
UPSTREAM = replace(OPEN, verdict=Verdict.SYSTEMIC, cause=Cause.UPSTREAM, root_job="ingest", confidence=0.9)
OWN = replace(UPSTREAM, cause=Cause.SELF, root_job="export")
CHANCE = replace(OPEN, verdict=Verdict.TRANSIENT, confidence=0.9)
CASE = TrueCase(
    tenant="t",
    job="export",
    mechanism="upstream",
    verdicts=frozenset({"systemic"}),
    causes=frozenset({"upstream"}),
    root_jobs=frozenset({"ingest"}),
    onset=None,
    start=NOON,
    end=NOON + timedelta(days=1),
    failures=frozenset({"a", "b", "c"}),
    of_cause=frozenset({"a", "b"}),
)


def _record(*calls: Call) -> Record:
    record = Record("t", "export")
    for hours, call in enumerate(calls):
        record.add(replace(call, at=NOON + timedelta(hours=hours)))
    return record


def test_only_what_changes_is_kept() -> None:
    record = _record(OPEN, OPEN, UPSTREAM, replace(UPSTREAM, confidence=0.99), OPEN)
    assert [call.verdict for call in record.calls] == ["inconclusive", "systemic", "inconclusive"]
    assert record.looks == 5
    assert record.last is not None
    assert record.last.at == NOON + timedelta(hours=4)


def test_raised_withdrawn_and_changes() -> None:
    record = _record(OPEN, CHANCE, UPSTREAM, OWN, CHANCE)
    assert record.raised is not None
    assert record.raised.at == NOON + timedelta(hours=2)
    assert (record.withdrawn, record.changes) == (2, 3)
    assert (_record(OPEN, UPSTREAM, UPSTREAM).withdrawn, _record(OPEN, OPEN).raised) == (0, None)


@pytest.mark.parametrize(
    ("call", "outcome"),
    [
        (None, Outcome.ABSTAINED),
        (OPEN, Outcome.ABSTAINED),
        (UPSTREAM, Outcome.RIGHT),
        (replace(UPSTREAM, root_job="clean"), Outcome.WRONG_ROOT),
        (replace(UPSTREAM, cause=Cause.SHARED, root_job=None), Outcome.ACCUSATION),
        (OWN, Outcome.WRONG_CAUSE),
        (CHANCE, Outcome.MISSED),
    ],
)
def test_what_a_call_is_worth(call: Call | None, outcome: Outcome) -> None:
    assert CASE.judge(call) is outcome


def test_systemic_where_it_was_chance_is_a_false_alarm_and_naming_an_upstream_an_accusation() -> None:
    chance = replace(CASE, verdicts=frozenset({"transient"}), causes=frozenset({"none"}), root_jobs=frozenset())
    assert [chance.judge(call) for call in (OWN, UPSTREAM, CHANCE)] == ["false alarm", "accusation", "right"]


def test_the_delay_counts_failures_of_the_cause_and_hours_since_the_first() -> None:
    failed_at = {"a": to_micros(NOON - timedelta(hours=3)), "b": to_micros(NOON + timedelta(hours=9)), "c": 0}
    judged = judge(_record(OPEN, OPEN, UPSTREAM, OPEN), CASE, failed_at)
    assert (judged.delay_failures, judged.delay_hours, judged.failures_of_cause) == (1, 5.0, 2)
    assert judged.right_withdrawn
    assert not judged.ever_accused
    assert judged.final is Outcome.ABSTAINED


def test_without_a_right_call_there_is_no_delay() -> None:
    judged = judge(_record(OPEN, CHANCE), CASE, {"a": 0})
    assert (judged.first_right, judged.delay_failures, judged.delay_hours) == (None, None, None)
    assert judge(Record("t", "export"), CASE, {}).final is Outcome.ABSTAINED


def test_a_truth_file_that_is_none_is_named(tmp_path: Path) -> None:
    file = tmp_path / "truth.json"
    for text in ("{", "[]", json.dumps({"cases": [{"tenant": "t"}]})):
        file.write_text(text)
        with pytest.raises(InputError, match=r"truth\.json: not a truth file"):
            read_truth(file)
    with pytest.raises(InputError, match="cannot be read"):
        read_truth(tmp_path / "none.json")
