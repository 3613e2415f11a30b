"""What the store knows of a finding decides whether its ask is said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from correlator.lifecycle.saying import said_of
from correlator.model import Analysis, Finding, Incident
from correlator.store.database import open_store
from correlator.store.findings import finding_id, get_finding, save_analysis
from rules import load_rules, load_text
from rules.waiting import Said, State
from tests.evidence.factory import END, finding, own

RULE = """\
rules:
  - id: waits
    title: Waits
    when: {verdict: systemic}
    ask: Look at {job}.
    severity: low
    wait: {alarm: {failures: 20, minutes: 60}, recover: {minutes: 120}}
    examples: {must_match: [{cause: self}], must_not_match: [{verdict: transient}]}
  - id: rest
    title: The rest
    when: {verdict: [transient, inconclusive]}
    ask: Nothing.
    severity: none
    examples: {must_match: [{cause: none}], must_not_match: [{verdict: systemic}]}
"""
RULES = load_text(Path("waits.yaml"), RULE)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    yield made
    made.dispose()


def _look(engine: Engine, minutes: float, *found: Finding) -> Said:
    at = END + timedelta(minutes=minutes)
    save_analysis(engine, Analysis(at, found), at, RULES)
    stored = get_finding(engine, finding_id("tenant-07", "export_ads"))
    assert stored is not None
    return said_of(stored, at)


def test_a_finding_waits_is_said_lingers_and_is_over(engine: Engine) -> None:
    last = END - timedelta(minutes=10)
    systemic = own(last_failure_at=last)
    assert _look(engine, 0, systemic).state is State.WAITING
    assert _look(engine, 59, systemic).state is State.WAITING
    assert _look(engine, 60, systemic).state is State.SAID
    assert _look(engine, 90, finding(last_failure_at=last)).state is State.LINGERING
    assert _look(engine, 211, finding(last_failure_at=last)).state is State.OVER


def test_one_that_was_never_said_does_not_linger(engine: Engine) -> None:
    assert _look(engine, 0, own(observed=19)).why == "19 failed runs of the 20 it waits for"
    assert _look(engine, 90, own(observed=19)).state is State.WAITING
    assert _look(engine, 95, finding()).state is State.OVER


def test_one_whose_failures_left_the_window_lingers_too(engine: Engine) -> None:
    _look(engine, 0, own())
    assert _look(engine, 70, own()).state is State.SAID
    assert _look(engine, 80).state is State.LINGERING
    stored = get_finding(engine, finding_id("tenant-07", "export_ads"))
    assert stored is not None
    assert said_of(stored, END + timedelta(minutes=300)).state is State.OVER


def test_no_note_tells_of_a_finding_that_waits(engine: Engine, tmp_path: Path) -> None:
    from correlator.attaching.knowledge import read_knowledge
    from correlator.settings import load_settings

    incident = Incident("P1", own().pairs[0].failed_at or END, job="export_ads", tenant="tenant-07")
    _look(engine, 0, own())
    early = read_knowledge(engine, load_settings(None, {}), END + timedelta(minutes=59))
    late = read_knowledge(engine, load_settings(None, {}), END + timedelta(minutes=60))
    assert early.told == []
    assert early.explanation(incident) is None
    assert [stored.finding.job for stored in late.told] == ["export_ads"]
    assert late.explanation(incident) is not None


def test_what_was_stored_before_rules_could_wait_is_said_at_once(engine: Engine) -> None:
    save_analysis(engine, Analysis(END, (own(),)), END)
    stored = get_finding(engine, finding_id("tenant-07", "export_ads"))
    assert stored is not None
    assert said_of(stored, END).state is State.SAID
    assert load_rules().match(own()).wait.failures == 3
