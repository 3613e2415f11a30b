"""docs/rules.md: its example loads and does what it says, and nothing a rule may say is missing from it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rules import Rule, load_rules, load_text
from rules.clauses.table import CLAUSES
from rules.examples import run_examples
from rules.facts import FACTS
from rules.measured import measurement_of

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")


def test_the_example_loads_and_its_examples_come_out_as_written() -> None:
    example = next(block for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "examples:" in block)
    rules = load_text(Path("docs/rules.md"), example)
    assert [rule.id for rule in rules.rules] == ["ingest-behind-on-month-end"]
    assert run_examples(rules) == []


@pytest.mark.parametrize("name", CLAUSES)
def test_every_clause_has_its_place(name: str) -> None:
    assert re.search(rf"^\|[^|]*`{name}`", PAGE, re.MULTILINE)


@pytest.mark.parametrize("name", FACTS)
def test_every_fact_has_its_place(name: str) -> None:
    assert f"`{{{name}}}`" in PAGE


@pytest.mark.parametrize("rule", load_rules().rules, ids=lambda rule: rule.id)
def test_every_built_in_rule_has_its_false_firings_told(rule: Rule) -> None:
    """`python -m benchmarks.rules` writes them, for the page as for the docs."""
    measured = measurement_of(rule)
    assert measured is not None
    head = rf"^\| \[`{rule.id}`\]\(runbooks\.md#{rule.id}\): .* \| {rule.severity}"
    row = rf"{head} \| {measured.false_firings} \| {measured.per_job_year:.3f} \| {measured.at_most:.3f} \|$"
    assert re.search(row, PAGE, re.MULTILINE)
    assert measured.current, "the rule has changed since"
