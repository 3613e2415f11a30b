"""Clauses see what they say they see; asks are filled with facts or say what is missing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlator.errors import RulesError
from correlator.model import Finding, MetricEvidence, MonitorSeen, SignatureCount
from rules import RuleMatch, RuleSet, load_rules, matching
from rules.clauses.table import CLAUSES, compile_when, judge
from rules.facts import FACTS, fill
from rules.patterns import matches
from tests.evidence.factory import END, EVERY, finding, own, shared, upstream

BUILTIN = load_rules()
SEEN = MonitorSeen("4711", "Memory of ingest", "alert", "ingest_events", 29, 36, 12.5, END)
WATCHED = upstream(monitors=(SEEN,))
ALERTED = "Memory of ingest went to alert near 29 of 36 failed runs, 12.5 min before"
DOWN = MetricEvidence("job.rows", "ingest_events", True, -7.0, 100.0, 3.0, 9)


@pytest.mark.parametrize(
    ("about", "when", "holds", "seen"),
    [
        (upstream(), {"verdict": ["systemic", "transient"]}, True, "systemic"),
        (upstream(), {"cause": "self"}, False, "upstream"),
        (upstream(), {"root_job": "INGEST_*"}, True, "ingest_events"),
        (finding(), {"root_job": "*"}, False, "no data"),
        (finding(tenant=""), {"tenant": "*"}, True, "the unnamed tenant"),
        (upstream(), {"path": "build_*"}, True, "ingest_events, build_segments, export_ads"),
        (upstream(), {"root_error": "*timed out*"}, True, '24 of 24, such as "timed out after 3600 s"'),
        (upstream(), {"root_error": "*[disk]*"}, False, "0 of 24"),
        (finding(), {"error": "*"}, False, "no data"),
        (upstream(), {"error": {"like": "blank*", "share_at_least": 1}}, True, '36 of 36, such as "blank output"'),
        (upstream(), {"root_timed_out_share": {"at_least": 0.9}}, True, "0.9"),
        (finding(), {"root_timed_out_share": {"at_least": 0}}, False, "no data"),
        (upstream(), {"root_late_share": {"at_most": 0.4}}, True, "0.333"),
        (finding(failed_first=0), {"recovered_share": {"at_least": 0}}, False, "no data"),
        (upstream(), {"metric": {"name": "*memory*", "moved": "up"}}, True, "job.memory_gib up"),
        (upstream(), {"metric": {"name": "*memory*", "moved": "up", "score_at_least": 7}}, False, "job.memory_gib up"),
        (upstream(), {"metric": {"name": "*cpu*", "moved": "no"}}, True, "job.cpu_percent no"),
        (upstream(), {"metric": {"name": "*disk*", "moved": "no"}}, False, "no data"),
        (upstream(metrics=(DOWN,)), {"metric": {"name": "*", "moved": "down"}}, True, "job.rows down"),
        (upstream(metrics=(DOWN,)), {"metric": {"name": "*", "moved": "any"}}, True, "job.rows down"),
        (own(), {"change": {"within_minutes": 35, "title": "deploy*"}}, True, "deploy-42 35 min before"),
        (own(), {"change": {"within_minutes": 34}}, False, "deploy-42 35 min before"),
        (WATCHED, {"monitor": {"name": "*memory*", "state": "alert", "share_at_least": 0.8}}, True, ALERTED),
        (WATCHED, {"monitor": {"name": "*memory*", "share_at_least": 0.9}}, False, ALERTED),
        (WATCHED, {"monitor": {"name": "4711", "state": ["warn", "no data"]}}, False, ALERTED),
        (WATCHED, {"monitor": {"minutes_before": {"at_least": 12.5, "at_most": 12.5}}}, True, ALERTED),
        (WATCHED, {"monitor": {"name": "*memory*", "minutes_before": {"at_most": 0}}}, False, ALERTED),
        (WATCHED, {"monitor": {"name": "*disk*"}}, False, "no data"),
        (upstream(), {"monitor": {"state": "alert"}}, False, "no data"),
        (finding(), {"change": {"within_minutes": 60}}, False, "no change nearby"),
        (upstream(), {"scope": {"kind": "tenant", "affected_at_most": 1}}, True, "1 of 2 tenants affected"),
        (upstream(), {"scope": {"kind": "host", "affected_at_least": 0}}, False, "no data"),
        (shared(), {"episodes": {"at_least": 1, "at_most": 1}}, True, "1"),
        (own(), {"onset": "known"}, True, "known"),
        (upstream(), {"any": [{"cause": "self"}, {"job": "export_*"}]}, True, "job export_ads"),
        (upstream(), {"any": [{"cause": "self"}]}, False, "cause upstream"),
    ],
)
def test_a_clause_says_what_it_saw(about: Finding, when: dict[str, Any], holds: bool, seen: str) -> None:
    (clause,) = judge(when, about)
    assert (clause.holds, clause.seen) == (holds, seen)
    assert clause.wanted


def test_a_rare_error_does_not_carry_a_rule() -> None:
    counts = (SignatureCount("reset", "reset", 30, 0), SignatureCount("401", "401", 2, 0))
    assert not judge({"error": "*401*"}, finding(signatures=counts))[0].holds
    assert judge({"error": {"like": "*401*", "share_at_least": 0.05}}, finding(signatures=counts))[0].holds


def test_every_clause_of_the_schema_is_known_and_the_other_way_round() -> None:
    import json

    from rules.checking import SCHEMA_FILE

    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    assert set(schema["$defs"]["when"]["properties"]) == set(CLAUSES)


@pytest.mark.parametrize("about", EVERY.values(), ids=EVERY.keys())
@pytest.mark.parametrize("name", FACTS)
def test_every_fact_is_a_text_or_said_to_be_missing(about: Finding, name: str) -> None:
    text, missing = fill(f"<{{{name}}}>", about)
    assert (text == f"<(not known: {FACTS[name][0]})>") == bool(missing)
    assert text != "<>"
    assert "None" not in text


def test_an_ask_with_memory_in_gib() -> None:
    assert fill("{memory_before_gib} {memory_quiet_gib} {metric_before}", upstream())[0] == "7.8 5.1 7.8 GiB"
    in_bytes = MetricEvidence("rss_bytes_memory_bytes", "ingest_events", True, 4.0, 2.0**30, 2.0**33, 9)
    assert fill("{memory_before_gib}", upstream(metrics=(in_bytes,)))[0] == "8"


def test_a_fact_is_never_read_as_a_template() -> None:
    assert fill("{job}", finding(job="{tenant} {nope}"))[0] == "{tenant} {nope}"
    assert fill("{{job}}", finding())[0] == "{job}"


def test_a_missing_fact_is_named_once_and_in_words() -> None:
    text, missing = fill("{onset} {onset}", finding())
    assert text == "(not known: when it began) (not known: when it began)"
    assert missing == ("when it began",)


def test_a_known_error_is_shown_only_when_its_signature_is_seen() -> None:
    rules = load_rules()
    seen = upstream(root_signatures=(SignatureCount("TimeoutError", "TimeoutError", 9, 9),))
    assert rules.match(seen).known_error is not None
    other = rules.match(upstream(root_signatures=(SignatureCount("killed", "killed", 9, 9),)))
    assert other.rule_id == "upstream-timeout-under-memory-pressure"
    assert other.known_error is None


def test_explaining_stops_at_the_rule_that_wins() -> None:
    trials = load_rules().explain(finding())
    assert [trial.holds for trial in trials[:-1]] == [False] * (len(trials) - 1)
    assert trials[-1].holds
    assert trials[-1].rule_id == "fallback-transient"


@pytest.mark.parametrize("about", EVERY.values(), ids=EVERY.keys())
def test_a_match_survives_being_stored(about: Finding) -> None:
    match = load_rules().match(about)
    assert RuleMatch.from_dict(match.to_dict()) == match


def test_no_rule_at_all_is_an_error_in_words() -> None:
    with pytest.raises(RulesError, match="no rule matches"):
        RuleSet(()).match(finding())


@given(st.text(max_size=50))
def test_a_pattern_without_wildcards_matches_itself_and_stars_match_all(text: str) -> None:
    plain = text.replace("*", "").replace("?", "")
    assert matches(plain, plain)
    assert matches("*", text)
    assert matches(f"*{plain}*", f"before {plain} after")


def test_a_pattern_of_many_stars_answers_at_once() -> None:
    assert not matches("*" * 40 + "b", "a" * 100_000)


def test_clauses_are_compiled_once_however_many_findings_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    rules, counted = load_rules(), []
    monkeypatch.setattr(matching, "compile_when", lambda when: counted.append(when) or compile_when(when))  # type: ignore[func-returns-value]
    for about in (*EVERY.values(), *EVERY.values()):
        rules.match(about)
        rules.nearly(about)
    assert len(counted) == len(rules.rules)


@given(st.sampled_from(sorted(EVERY)), st.data())
def test_the_winner_is_the_first_rule_whose_every_clause_holds(name: str, data: st.DataObject) -> None:
    """Whatever is skipped or asked first, the explanation comes to the same."""
    about = replace(EVERY[name], failed_first=data.draw(st.integers(0, 50)), observed=data.draw(st.integers(0, 50)))
    trials, winner = BUILTIN.explain(about), BUILTIN.winner(about)
    assert winner is not None
    assert trials[-1].rule_id == winner.id
    assert not any(trial.holds for trial in trials[:-1])


def test_a_rule_that_one_clause_kept_from_holding_nearly_fired() -> None:
    nearly = {trial.rule_id: trial.failed[0] for trial in load_rules().nearly(upstream(metrics=()))}
    assert nearly["upstream-timeout-under-memory-pressure"].name == "metric"
    assert nearly["upstream-timeout-under-memory-pressure"].seen == "no data"


def test_a_number_between_stars_is_a_number() -> None:
    assert matches("*401*", "HTTP 401: no")
    assert not matches("*401*", "request 14012 failed")
    assert matches("a*1*b", "a 1 b")
    assert matches("job1*", "job12")
