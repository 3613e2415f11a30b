"""Findings with their changes, leases, the ledger of jobs, the outbox of notes, and the state of sources."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from correlator.model import Analysis, Cause, Finding, Verdict
from correlator.ports import PullReport, RateLimit
from correlator.store.attachments import (
    Plan,
    attachment_failed,
    attachment_written,
    get_attachment,
    list_attachments,
    plan_attachment,
)
from correlator.store.findings import finding_history, finding_id, get_finding, list_findings, save_analysis
from correlator.store.leases import claim_lease, lease_holder, release_lease
from correlator.store.ledger import failures_in_a_row, finish_job, forget_jobs, list_jobs, start_job
from correlator.store.sources import Notice, list_sources, record_pull

T = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
FINDING = Finding(
    "t1", "export", Verdict.INCONCLUSIVE, Cause.NONE, None, (), None, 10, 2, 2, None, None, None, None, "more runs"
)
SURE = replace(FINDING, verdict=Verdict.SYSTEMIC, cause=Cause.UPSTREAM, root_job="ingest", confidence=0.9)


class _Match:
    def to_dict(self) -> dict[str, Any]:
        return {"rule_id": "late-upstream"}


class _Rules:
    def match(self, finding: Finding, /) -> _Match | None:
        return _Match() if finding.cause is Cause.UPSTREAM else None


def test_a_finding_keeps_every_change_of_mind(engine: Engine) -> None:
    looks = (FINDING, replace(FINDING, runs=11), SURE, replace(SURE, confidence=0.95))
    changed = [
        save_analysis(engine, Analysis(T, (finding,)), T + n * HOUR, _Rules()) for n, finding in enumerate(looks)
    ]
    id_ = finding_id("t1", "export")
    assert changed == [(id_,), (), (id_,), ()]
    stored = get_finding(engine, id_)
    assert stored is not None
    assert stored == list_findings(engine)[0]
    assert stored.finding == looks[-1]
    assert (stored.document["id"], stored.document["rule"]) == (id_, {"rule_id": "late-upstream"})
    assert (stored.first_raised_at, stored.changed_at, stored.updated_at) == (T, T + 2 * HOUR, T + 3 * HOUR)
    assert stored.previous is not None
    assert stored.previous.verdict == "inconclusive"
    assert [one.verdict for one in finding_history(engine, id_)] == ["inconclusive", "systemic"]


def test_a_finding_that_is_gone_is_kept_but_not_listed(engine: Engine) -> None:
    save_analysis(engine, Analysis(T, (FINDING, replace(FINDING, tenant=""))), T)
    save_analysis(engine, Analysis(T, (FINDING,)), T + HOUR)
    assert [one.finding.tenant for one in list_findings(engine)] == ["t1"]
    gone = get_finding(engine, finding_id("", "export"))
    assert gone is not None
    assert gone.gone_at == T + HOUR
    save_analysis(engine, Analysis(T, (FINDING, replace(FINDING, tenant=""))), T + 2 * HOUR)
    assert len(list_findings(engine)) == 2
    assert get_finding(engine, "F-NOBODY") is None


def test_ids_do_not_mix_tenant_and_job() -> None:
    assert finding_id("a", "b") != finding_id("", "ab")
    assert finding_id("tenant-01", "export_ads") == "F-RZUTKWWPLL"


def test_one_holds_the_lease_until_it_runs_out(engine: Engine) -> None:
    assert claim_lease(engine, "scheduler", "a", T, 60)
    assert not claim_lease(engine, "scheduler", "b", T, 60)
    assert claim_lease(engine, "scheduler", "a", T + timedelta(seconds=30), 60)
    assert lease_holder(engine, "scheduler", T) == ("a", T + timedelta(seconds=90))
    assert claim_lease(engine, "scheduler", "b", T + timedelta(seconds=90), 60)
    release_lease(engine, "scheduler", "a")
    assert lease_holder(engine, "scheduler", T + timedelta(seconds=91)) is not None
    release_lease(engine, "scheduler", "b")
    assert lease_holder(engine, "scheduler", T + timedelta(seconds=91)) is None


def test_the_ledger_counts_failures_since_the_last_success(engine: Engine) -> None:
    for hour, ok in enumerate((False, True, False, False)):
        entry = start_job(engine, "pull", T + hour * HOUR)
        finish_job(engine, entry, T + hour * HOUR, ok=ok, detail=f"run {hour}")
    start_job(engine, "pull", T + 4 * HOUR)
    assert failures_in_a_row(engine, "pull") == 2
    assert failures_in_a_row(engine, "other") == 0
    assert [(one.ok, one.detail) for one in list_jobs(engine, "pull", 2)] == [(None, ""), (False, "run 3")]
    assert forget_jobs(engine, T + 2 * HOUR) == 2
    assert len(list_jobs(engine)) == 3


def test_a_note_is_planned_before_it_is_written(engine: Engine) -> None:
    plan = Plan("s", "I1", "F-1", "marker", "hash1")
    assert plan_attachment(engine, plan, T) is None
    attachment_failed(engine, plan, "no answer", T)
    before = plan_attachment(engine, plan, T)
    assert before is not None
    assert (before.state, before.last_error, before.waits(T)) == ("failed", "no answer", False)
    attachment_written(engine, plan, "N1", T + HOUR)
    standing = plan_attachment(engine, plan, T)
    assert standing is not None
    assert standing.stands("hash1")
    note = get_attachment(engine, "s", "I1")
    assert note is not None
    assert (note.note_id, note.state, note.attempts, note.last_error) == ("N1", "written", 2, "")
    assert plan_attachment(engine, replace(plan, text_sha256="hash2"), T) == note
    assert [one.note_id for one in list_attachments(engine, "pending")] == ["N1"]


def test_each_sink_has_a_row_of_its_own(engine: Engine) -> None:
    plans = [Plan(sink, "I1", "F-1", "marker", "hash1") for sink in ("a", "b")]
    for plan in plans:
        plan_attachment(engine, plan, T)
    attachment_written(engine, plans[0], "N1", T, unsure=True)
    assert [(one.sink, one.state) for one in list_attachments(engine)] == [("a", "unsure"), ("b", "pending")]
    assert [one.sink for one in list_attachments(engine, sink="b", finding_id="F-1")] == ["b"]


def test_what_fails_again_is_tried_later_and_later(engine: Engine) -> None:
    plan, minutes = Plan("s", "I1", "F-1", "marker", "hash1"), []
    for _ in range(6):
        plan_attachment(engine, plan, T)
        attachment_failed(engine, plan, "no answer", T)
        row = get_attachment(engine, "s", "I1")
        assert row is not None
        minutes.append((row.next_at - T) // timedelta(minutes=1) if row.next_at else 0)
    assert minutes == [0, 10, 20, 40, 60, 60]
    plan_attachment(engine, plan, T)
    attachment_failed(engine, plan, "over the limit", T, wait_seconds=7200)
    row = get_attachment(engine, "s", "I1")
    assert row is not None
    assert row.waits(T + HOUR)
    attachment_written(engine, plan, "N1", T)
    row = get_attachment(engine, "s", "I1")
    assert row is not None
    assert (row.failures, row.next_at) == (0, None)


def test_a_failed_pull_leaves_the_last_good_one_standing(engine: Engine) -> None:
    record_pull(engine, PullReport("v", 3, {"runs": 2}, 1, 0), T, T)
    for hour in (1, 2):
        record_pull(engine, PullReport("v", error="refused", hint="the key"), T + hour * HOUR, None)
    (status,) = list_sources(engine)
    assert (status.last_good_at, status.last_attempt_at, status.newest_event_at) == (T, T + 2 * HOUR, T)
    assert (status.error, status.hint, status.failures_in_a_row) == ("refused", "the key", 2)
    record_pull(engine, PullReport("v", 1), T + 3 * HOUR, None)
    assert list_sources(engine)[0].failures_in_a_row == 0


def test_what_a_source_says_beside_facts_is_kept_with_since_when(engine: Engine) -> None:
    limit = RateLimit("spans", 300, 12, T + HOUR)
    record_pull(engine, PullReport("v", notices=("no related incidents",), limits=(limit,)), T, T)
    said = PullReport("v", notices=("no related incidents", "no notes"), clock_offset_seconds=-2.5)
    record_pull(engine, said, T + HOUR, None)
    (status,) = list_sources(engine)
    assert status.notices == (Notice("no related incidents", T), Notice("no notes", T + HOUR))
    assert (status.limits, status.clock_offset_seconds, status.permanent) == ((limit,), -2.5, False)
    record_pull(engine, PullReport("v"), T + 2 * HOUR, None)
    (status,) = list_sources(engine)
    assert (status.notices, status.limits, status.clock_offset_seconds) == ((), (limit,), -2.5)


def test_a_row_of_failures_knows_when_it_began_and_whether_it_needs_a_person(engine: Engine) -> None:
    for hour in (0, 1):
        record_pull(engine, PullReport("v", error="refused", permanent=True), T + hour * HOUR, None)
    (status,) = list_sources(engine)
    assert (status.failing_since, status.permanent) == (T, True)
    record_pull(engine, PullReport("v"), T + 2 * HOUR, None)
    (status,) = list_sources(engine)
    assert (status.failing_since, status.permanent) == (None, False)
