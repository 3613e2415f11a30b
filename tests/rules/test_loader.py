"""Wrong rule files are errors that name file and line, and the nearest word somebody may have meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from correlator.errors import RulesError
from rules import load_rules, load_text
from tests.evidence.factory import own, shared, upstream

GOOD = """\
owners:
  - {job: "ingest_*", tenant: "tenant-07", team: Data ingestion, contact: "#ingestion"}
rules:
  - id: ours
    title: Ours
    when:
      verdict: systemic
      root_job: ["ingest_*", "load_*"]
    ask: Look at {root_job}.
    severity: high
    examples:
      must_match: [{root_job: ingest_events}]
      must_not_match: [{root_job: other}]
"""


def _error(text: str) -> RulesError:
    with pytest.raises(RulesError) as caught:
        load_text(Path("our.yaml"), text)
    return caught.value


def test_a_good_file_loads_and_comes_before_the_built_in_rules(tmp_path: Path) -> None:
    (tmp_path / "10.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not a rule", encoding="utf-8")
    rules = load_rules([tmp_path])
    match = rules.match(upstream())
    assert rules.rules[0].id == match.rule_id == "ours"
    assert match.ask == "Look at ingest_events."
    assert match.owner == "Data ingestion (#ingestion)"
    assert match.owner_reason == "job fits ingest_*, tenant fits tenant-07"
    assert rules.match(upstream(tenant="tenant-01")).owner_reason == "no rule names a team"


def test_what_many_jobs_share_is_asked_of_whom_it_belongs_to_and_not_of_the_jobs_own_team(tmp_path: Path) -> None:
    (tmp_path / "10.yaml").write_text(
        'owners:\n  - {job: "*", team: Exports}\n  - {job: "*", team: Operations, cause: shared}\n', encoding="utf-8"
    )
    rules = load_rules([tmp_path])
    assert rules.match(own()).owner == "Exports"
    assert (rules.match(shared()).owner, rules.match(shared()).owner_reason) == (
        "Operations",
        "what many jobs share; job fits *",
    )
    (tmp_path / "10.yaml").write_text('owners:\n  - {job: "*", team: Exports}\n', encoding="utf-8")
    assert load_rules([tmp_path]).match(shared()).owner == "owner of what export_ads shares with the others"


@pytest.mark.parametrize(
    ("old", "new", "line", "words", "hint"),
    [
        ("severity: high", "severty: high", 10, "there is no key `severty` here", "did you mean `severity`?"),
        ("root_job: [", "root_jobb: [", 8, "there is no key `root_jobb` here", "did you mean `root_job`?"),
        ("severity: high", "severity: hihg", 10, "'hihg' is not one of", "did you mean `high`?"),
        ("{root_job}.", "{root_jub}.", 9, "there is no fact `root_jub`", "did you mean `root_job`?"),
        ("{root_job}.", "{root_job.", 9, "ask: ", "{{ and }}"),
        ("{root_job}.", "{root_job!r:>{tenant}}.", 9, "ask: only plain names", "{{ and }}"),
        ("    title: Ours\n", "", 4, "`title` is missing", ""),
        ("verdict: systemic", "verdict: sytemic", 7, "'sytemic' is not one of", "did you mean `systemic`?"),
        ("title: Ours", "title: 7", 5, "7 is not what belongs here", ""),
        ("team: Data", "teem: Data", 2, "there is no key `teem` here", "did you mean `team`?"),
        ("    severity: high\n", "    severity: high\n    severity: low\n", 11, "stands already at line 10", ""),
        ("rules:", "ruls:", 3, "there is no key `ruls` here", "did you mean `rules`?"),
        ("id: ours", "id: Not An Id", 4, "id: ", ""),
        ("verdict: systemic", "observed: {at_least: .nan}", 7, "nan is no number to compare with", "leave out a limit"),
        (
            "verdict: systemic",
            "observed: {at_most: -.inf}",
            7,
            "-inf is no number to compare with",
            "leave out a limit",
        ),
        (
            "severity: high",
            'severity: high\n    known_error: {signature: x, cause: x, fix: x, since: "2026-02-30"}',
            11,
            "there is no day 2026-02-30",
            "",
        ),
    ],
)
def test_an_error_names_file_line_and_the_nearest_word(old: str, new: str, line: int, words: str, hint: str) -> None:
    assert GOOD.count(old) == 1
    error = _error(GOOD.replace(old, new))
    assert error.message.startswith(f"our.yaml, line {line}: ")
    assert words in error.message
    assert hint in error.hint


def test_an_id_that_stands_twice_names_both_places(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(GOOD, encoding="utf-8")
    with pytest.raises(RulesError, match=r"b\.yaml, line 4: the rule `ours` stands already at .*a\.yaml, line 4"):
        load_rules([tmp_path])


def test_a_rule_of_ones_own_takes_the_place_of_the_built_in_one(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(GOOD.replace("id: ours", "id: shared-outage"), encoding="utf-8")
    rules = load_rules([tmp_path])
    assert [rule.id for rule in rules.rules].count("shared-outage") == 1
    assert rules.rules[0].title == "Ours"


@pytest.mark.parametrize("text", ["[", "\t", "- a\n- b", "7", "rules: 7", "rules: [7]", "owners: {}"])
def test_what_is_no_rule_file_is_an_error_with_a_line(text: str) -> None:
    assert ", line " in _error(text).message


def test_an_empty_file_holds_no_rules_and_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    assert load_text(Path("empty.yaml"), "").rules == ()
    with pytest.raises(RulesError, match="not a folder"):
        load_rules([tmp_path / "none"])


def test_an_example_with_an_unknown_fact_names_the_nearest() -> None:
    from rules.examples import run_examples

    rules = load_text(Path("our.yaml"), GOOD.replace("must_match: [{root_job:", "must_match: [{root_jop:", 1))
    with pytest.raises(RulesError, match="findings have no `root_jop`") as caught:
        run_examples(rules)
    assert caught.value.hint == "did you mean `root_job`?"
