"""Drafts of messages: what they say, what they never hold, and what a follow-up tells first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count, product
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from correlator.lifecycle.steps import State
from correlator.messages.drafting import Manner, Sent, draft_message, next_update
from correlator.messages.facts import Facts, Hit
from correlator.messages.lint import Guard, Problem
from correlator.messages.runs import hits_of
from correlator.messages.workflow import prepare
from correlator.model import Attempt, Cause, Finding, Pair, ScopeRow, SignatureCount, Status, Verdict
from correlator.ports import Page
from correlator.store.database import open_store
from correlator.store.facts import store_page
from correlator.store.findings import Saving, finding_id, get_finding, save_findings

NOW = datetime(2026, 3, 15, 12, 3, tzinfo=UTC)
AT = datetime(2026, 3, 15, 4, 0, tzinfo=UTC)


def hit(key: str, hours: float, done: bool = True) -> Hit:
    failed = AT + timedelta(hours=hours)
    return Hit(key, failed - timedelta(minutes=8), failed, failed + timedelta(minutes=27) if done else None)


FACTS = Facts(
    "F-ABCDEFGHIJ",
    "tenant-07",
    Verdict.SYSTEMIC,
    Cause.UPSTREAM,
    AT - timedelta(days=13),
    AT + timedelta(hours=5),
    AT + timedelta(hours=5),
    runs=84,
    hits=(hit("a", -24), hit("b", 0, done=False)),
)


def text(facts: Facts, last: Sent | None = None) -> str:
    return draft_message(facts, "your feed", Manner(), NOW, last).text


def test_facts_survive_the_store() -> None:
    assert Facts.from_dict(FACTS.to_dict()) == FACTS


def test_it_says_what_is_whole_and_what_is_not() -> None:
    assert "1 of 2 runs that failed at first finished later; 1 had not as of 2026-03-15 09:00 UTC" in text(FACTS)
    assert "not finished yet" in text(FACTS)
    whole = replace(FACTS, hits=(hit("a", -24), hit("b", 0)))
    assert "All 2 runs that failed at first finished later, the last of them 2026-03-15 04:27 UTC" in text(whole)


def test_no_draft_promises_or_blames() -> None:
    """In all states there are, first messages and follow-ups: the program keeps its own rules."""
    guard = Guard()
    wrong: list[Problem] = []
    for verdict, cause, state in product(Verdict, Cause, ["", *State]):
        facts = replace(
            FACTS, verdict=verdict, cause=cause, state=state, changed_at=AT, clean=41, onset=AT, outages=(AT,) * 7
        )
        for last in (None, Sent(NOW, replace(FACTS, verdict=Verdict.INCONCLUSIVE, hits=()))):
            draft = draft_message(facts, "your feed", Manner(), NOW, last)
            wrong += guard.problems(draft.text)
            assert (draft.next_update_at is None) == (state in (State.FIXED, State.DISMISSED))
    assert wrong == []


def test_the_next_update_is_on_the_quarter() -> None:
    assert next_update(NOW, timedelta(hours=2)) == datetime(2026, 3, 15, 14, 15, tzinfo=UTC)
    assert next_update(AT, timedelta(hours=2)) == AT + timedelta(hours=2)


def test_a_follow_up_tells_what_is_new() -> None:
    now = replace(FACTS, hits=(hit("a", -24), hit("b", 0), hit("c", 4)), state=State.WATCHING, changed_at=NOW)
    said = text(now, Sent(NOW, FACTS))
    new = said[said.index("New since then") : said.index("What we know")]
    assert "1 more run failed on the first attempt:\n  - due 2026-03-15 07:52 UTC" in new
    assert "1 run that had not finished has finished since:\n  - due 2026-03-15 03:52 UTC" in new
    assert "A change was made" in new
    assert "Nothing is new since then." in text(FACTS, Sent(NOW, FACTS))


def attempt(run_id: str, minute: int, status: Status, **more: object) -> Attempt:
    begin = AT + timedelta(minutes=minute)
    plain = Attempt(run_id, "job", begin, status, finished_at=begin + timedelta(minutes=5))
    return replace(plain, **more)  # type: ignore[arg-type]


def test_which_runs_finished_later() -> None:
    failed, passed, timed_out = Status.FAILED, Status.SUCCESS, Status.TIMED_OUT
    attempts = [
        attempt("1a", 0, failed, logical_run_id="one"),
        attempt("1b", 10, passed, logical_run_id="one"),
        attempt("2a", 20, timed_out, scheduled_at=AT),
        attempt("2b", 30, Status.RUNNING, scheduled_at=AT, finished_at=None),
        attempt("3a", 40, failed),
        attempt("4a", 50, passed),
        attempt("5a", 60, failed),
        attempt("6a", 70, passed, logical_run_id="six"),
        attempt("6b", 80, failed, logical_run_id="six"),
    ]
    found = {one.key: (one.done_at, one.later, one.running) for one in hits_of(attempts)}
    minutes = {key: done and (done - AT) // timedelta(minutes=1) for key, (done, _, _) in found.items()}
    assert minutes == {"one": 15, f"@{AT.isoformat()}": None, "3a": 55, "5a": 75}
    assert [key for key, (_, later, _) in found.items() if later] == ["3a", "5a"]
    assert [key for key, (_, _, running) in found.items() if running] == [f"@{AT.isoformat()}"]


# --- whatever the sources say ------------------------------------------------------------------------------------

NUMBER = count()
ODD = st.text("qxzj0123456789", min_size=6, max_size=12).map(lambda word: f"zq{word}")
HOSTILE = st.fixed_dictionaries(
    {
        "tenant": ODD.map(lambda word: f"{word}-tenant"),
        "host": ODD.map(lambda word: f"{word}-worker"),
        "job": ODD.map(lambda word: f"{word}_job"),
        "address": st.ip_addresses(v=4).map(str),
        "token": ODD.map(lambda word: f"token={word}secret"),
        "words": st.sampled_from(["it will be fixed by Monday", "our partner is to blame", "{known}", "<b>\x00\u202e"]),
    }
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    opened = open_store(f"sqlite:///{tmp_path_factory.mktemp('drafts') / 'store.db'}")
    yield opened
    opened.dispose()


def told_by_sources(engine: Engine, said: dict[str, str]) -> tuple[str, str]:
    """A finding of a new tenant in which every text of a source says all of it; gives the tenant and the job."""
    tenant, job = f"customer-{next(NUMBER)}", said["job"]
    error = " ".join(said.values()).replace("\x00", "")
    first = Attempt(f"{job}-1-{tenant}", job, AT, Status.FAILED, tenant, f"{job}-{tenant}", 1, AT)
    failed = replace(first, finished_at=AT + timedelta(minutes=4), error=error, host=said["host"], service=error)
    passed = replace(failed, run_id=f"{job}-2-{tenant}", attempt=2, status=Status.SUCCESS, error=None)
    other = replace(failed, run_id=f"other-{tenant}", tenant=said["tenant"], logical_run_id=f"other-{tenant}")
    store_page(engine, "files", Page("all", (failed, passed, other), {"at": tenant}, done=True), NOW)
    pair = Pair(f"{job}-{tenant}", job, f"{job}-{tenant}", 60.0, AT, AT, AT, None, error, error)
    finding = Finding(
        tenant,
        job,
        Verdict.SYSTEMIC,
        Cause.UPSTREAM,
        job,
        (job, error),
        confidence=0.9,
        runs=1,
        failed_first=1,
        recovered_by_retry=1,
        observed=1,
        expected_by_chance=0.1,
        p_value=1e-6,
        onset=None,
        needs=error,
        pairs=(pair,),
        summary=error,
        window_start=AT - timedelta(days=1),
        window_end=NOW,
        first_failure_at=AT,
        scope=(ScopeRow("tenant", tenant, 1, 1, 1), ScopeRow("tenant", said["tenant"], 1, 1, 1)),
        signatures=(SignatureCount(error, error, 1, 1),),
        notes=(error,),
    )
    save_findings(engine, (finding,), Saving(NOW, NOW, judged=[tenant]))
    return tenant, job


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(said=HOSTILE)
def test_nothing_a_source_says_gets_into_a_draft(engine: Engine, said: dict[str, str]) -> None:
    tenant, job = told_by_sources(engine, said)
    stored = get_finding(engine, finding_id(tenant, job))
    assert stored is not None
    prepared = prepare(engine, stored, Manner(), NOW)
    assert "The run that failed at first finished later" in prepared.draft.text
    for word in (*said.values(), tenant, stored.id):
        assert word not in prepared.draft.text
    assert prepared.problems == ()
    for name in ("tenant", "host", "job", "address", "token"):
        assert prepared.guard.problems(f"We saw it: {said[name]}"), f"a person must not write the {name} either"


def test_a_template_of_ones_own(tmp_path: Path) -> None:
    manner = Manner(template="Dear{customer}\n{new}\n{runs}\n", customers={"tenant-07": "Example Media"})
    draft = draft_message(FACTS, "your feed", manner, NOW)
    assert draft.text.startswith("Dear Example Media\n- due ")
