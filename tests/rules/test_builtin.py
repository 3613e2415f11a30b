from __future__ import annotations

from pathlib import Path

import pytest

from correlator.model import Finding
from rules import load_rules
from rules.examples import finding_of, run_examples, shadowed
from rules.loader import dump, load_text
from tests.evidence.factory import EVERY, own, upstream

RULES = load_rules()
DOCS = Path(__file__).parents[2] / "docs"


def test_every_example_comes_out_as_written() -> None:
    assert run_examples(RULES) == []
    assert shadowed(RULES) == []


@pytest.mark.parametrize("rule", RULES.rules, ids=lambda rule: rule.id)
def test_every_rule_has_runbook_severity_and_examples_both_ways(rule) -> None:  # type: ignore[no-untyped-def]
    assert rule.must_match
    assert rule.must_not_match
    assert rule.runbook == f"docs/runbooks.md#{rule.id}"
    assert f"## {rule.id}\n" in (DOCS / "runbooks.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("about", EVERY.values(), ids=EVERY.keys())
def test_every_verdict_and_cause_has_an_ask_and_an_owner(about: Finding) -> None:
    match = RULES.match(about)
    assert match.ask
    assert match.owner.startswith("owner of ")
    assert match.owner_reason == "no rule names a team"
    assert all(clause.holds for clause in match.clauses)


def test_the_first_set_speaks_about_its_findings() -> None:
    assert RULES.match(upstream()).rule_id == "upstream-timeout-under-memory-pressure"
    assert RULES.match(upstream(metrics=())).rule_id == "fallback-upstream"
    assert RULES.match(own()).rule_id == "own-change-after-deploy"
    assert RULES.match(own(changes=())).rule_id == "schema-drift"
    assert RULES.match(own(changes=(), signatures=())).rule_id == "fallback-self"
    assert RULES.match(EVERY["shared"]).rule_id == "shared-outage"


@pytest.mark.parametrize("rule", RULES.rules, ids=lambda rule: rule.id)
def test_a_rule_written_out_reads_back_as_the_same_version(rule) -> None:  # type: ignore[no-untyped-def]
    text = dump(rule)
    assert "&id" not in text
    assert load_text(Path("rule.yaml"), text).rules[0].version == rule.version


def test_an_example_is_a_whole_finding() -> None:
    about = finding_of(RULES.rules[0], RULES.rules[0].must_match[0])
    assert about.metrics[0].moved
    assert about.to_dict() == Finding.from_dict(about.to_dict()).to_dict()
