"""The life of a finding on the command line: steps, the ledger, drafts."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from correlator.cli import correlator
from correlator.drafting.root_cause import elsewhere
from correlator.errors import CorrelatorError, StepRefusedError, UsageError
from correlator.model import ScopeRow
from rules.patterns import matches
from tests.evidence.factory import upstream
from tests.lifecycle.platform import DAY, FINDING, HOUR, START, Platform, never

RUNNER = CliRunner()
HOSTILE = "<img src=x onerror=alert(1)> `rm -rf /` | [x](https://attacker.example.com)\n# A heading"


@pytest.fixture
def config(suspect: Platform, tmp_path: Path) -> Path:
    """Settings of the suspect's store."""
    file = tmp_path / "correlator.yaml"
    url = suspect.settings["database.url"]
    file.write_text(f"database:\n  url: {url}\nasks:\n  targets:\n    data-platform: 8h\n")
    return file


def call(config: Path, *words: str, user: str = "on-call") -> Result:
    return RUNNER.invoke(correlator, [*words, "--config", str(config)], env={"USER": user})


def said(config: Path, *words: str) -> str:
    result = call(config, *words)
    assert result.exit_code == 0, result.exception
    return result.stdout


def refused(config: Path, *words: str, user: str = "on-call") -> CorrelatorError:
    error = call(config, *words, user=user).exception
    assert isinstance(error, CorrelatorError), error
    assert error.hint or isinstance(error, StepRefusedError)
    return error


def escalated(config: Path) -> None:
    said(config, "findings", "confirm", FINDING, "--reason", "seen in the ingest log")
    words = ("--to", "data-platform", "--ask", "raise the memory", "--link", "https://example.com/tickets/118")
    said(config, "findings", "escalate", FINDING, *words)


def fixed(config: Path, suspect: Platform, reason: str = "memory raised to 16 GiB") -> None:
    since = START + 20 * DAY
    said(config, "findings", "claim-fix", FINDING, "--reason", reason, "--since", since.isoformat())
    suspect.go(since, since + 60 * HOUR, never)
    suspect.look(since + 60 * HOUR)


def test_a_step_is_kept_with_who_and_why(config: Path) -> None:
    document = json.loads(
        said(config, "findings", "confirm", FINDING, "--reason", "seen", "--by", "a person", "--json")
    )
    last = document["events"][-1]
    assert (last["actor"], last["machine"], last["reason"]) == ("a person", False, "seen")
    assert document["may"] == ["dismiss", "escalate", "claim-fix"]
    assert "is confirmed" in said(config, "findings", "life", FINDING)
    (entry,) = json.loads(said(config, "audit", "--target", FINDING, "--json"))
    assert (entry["action"], entry["actor"], entry["details"]) == ("confirm", "", {"by": "a person"})


def test_the_name_is_the_users_where_none_is_given(config: Path) -> None:
    document = json.loads(said(config, "findings", "dismiss", FINDING, "--reason", "a test", "--json"))
    assert document["events"][-1]["actor"] == "on-call"
    error = refused(config, "findings", "confirm", FINDING, "--reason", "a test", user="")
    assert "--by" in error.hint


def test_what_cannot_follow_is_refused(config: Path) -> None:
    error = refused(config, "findings", "escalate", FINDING)
    assert isinstance(error, StepRefusedError)
    assert error.exit_status == 2
    assert "is suspect" in error.message
    assert "confirm, dismiss" in error.hint
    assert "draft" in refused(config, "draft", "root-cause", FINDING).message
    assert isinstance(refused(config, "findings", "life", "F-UNKNOWN"), UsageError)


def test_a_future_is_not_entered(config: Path) -> None:
    escalated(config)
    later = ("2999-01-01T00:00:00Z",)
    assert "not come" in refused(config, "findings", "answer", FINDING, "accepted", "--at", *later).message
    assert "not come" in refused(config, "findings", "claim-fix", FINDING, "--reason", "x", "--since", *later).message


def test_an_answer_is_not_older_than_its_ask(config: Path) -> None:
    escalated(config)
    error = refused(config, "findings", "answer", FINDING, "accepted", "--at", "2026-03-01T00:00:00Z")
    assert "older" in error.message


def test_the_ledger_tells_what_was_answered_and_how_soon(config: Path) -> None:
    escalated(config)
    assert "what they want" in refused(config, "findings", "answer", FINDING, "send-more").hint
    said(config, "findings", "answer", FINDING, "send-more", "--reason", "they want the heap dump")
    said(config, "findings", "answer", FINDING, "accepted")
    said(config, "findings", "escalate", FINDING, "--to", "storage", "--ask", "more disk")
    ledger = json.loads(said(config, "asks", "--json"))
    outcomes = [(ask["team"], ask["outcome"], ask["answers"], ask["in_time"]) for ask in ledger["asks"]]
    assert outcomes == [("data-platform", "accepted", 2, True), ("storage", "no answer", 0, None)]
    assert [ask["target_seconds"] for ask in ledger["asks"]] == [8 * 3600, 24 * 3600]
    assert ledger["asks"][0]["response_seconds"] >= 0
    assert [(one["name"], one["asks"], one["accepted"], one["sent_back"], one["due"]) for one in ledger["teams"]] == [
        ("data-platform", 1, 1, 1, 1),
        ("storage", 1, 0, 0, 0),
    ]
    assert [ask["sent_back"] for ask in ledger["asks"]] == [1, 0]
    rows = list(csv.DictReader(io.StringIO(said(config, "asks", "--csv", "--team", "storage"))))
    assert [(row["team"], row["ask"], row["response_seconds"]) for row in rows] == [("storage", "more disk", "")]
    assert "data-platform" in said(config, "asks")
    assert "Nothing was asked" in said(config, "asks", "--rule", "none-of-this-name")


def test_drafts_have_the_facts_and_gaps_for_a_person(config: Path, suspect: Platform, tmp_path: Path) -> None:
    escalated(config)
    fixed(config, suspect)
    out = tmp_path / "write-up.md"
    assert said(config, "draft", "root-cause", FINDING, "-o", str(out)) == ""
    text = out.read_text(encoding="utf-8")
    for fact in (
        "trouble of ingest_events, upstream of export_ads",
        "memory raised to 16 GiB",
        "raise the memory",
        "Fixed since",
    ):
        assert fact in text
    assert "- **Confidence:** above 0.99" in text
    assert text.count("to complete:") >= 5
    assert "overwritten" in refused(config, "draft", "root-cause", FINDING, "-o", str(out)).hint
    runbook = said(config, "draft", "runbook", FINDING)
    entry = yaml.safe_load(runbook.split("```")[-2])["known_error"]
    signature = suspect.stored().finding.root_signatures[0].signature
    assert matches(entry["signature"], signature)
    assert entry["fix"] == "memory raised to 16 GiB"


def test_a_write_up_counts_others_that_failed_and_not_its_own_tenant() -> None:
    kinds = (
        ("tenant", "tenant-07", 9),
        ("tenant", "tenant-01", 2),
        ("tenant", "tenant-02", 0),
        ("host", "worker-3", 1),
    )
    scope = tuple(ScopeRow(kind, name, affected, 0, 100) for kind, name, affected in kinds)
    assert list(elsewhere(upstream(scope=scope))) == [
        ("Tenants where it failed too", "1 of 2 other tenants compared"),
        ("Hosts where it failed too", "1 of 1 host compared"),
    ]


def test_a_draft_of_a_dismissed_finding_claims_no_fix(config: Path) -> None:
    said(config, "findings", "dismiss", FINDING, "--reason", "a planned test")
    text = said(config, "draft", "root-cause", FINDING)
    assert "Nothing: it was dismissed" in text
    assert "Fixed since" not in text


def test_what_people_write_stays_text_in_drafts(config: Path, suspect: Platform) -> None:
    escalated(config)
    fixed(config, suspect, HOSTILE)
    for kind in ("root-cause", "runbook"):
        text = said(config, "draft", kind, FINDING)
        prose = "".join(text.split("```")[::2])
        assert "<img" not in prose
        assert "\n# A heading" not in text
        assert re.search(r"(?<!\\)\]\(https://attacker", prose) is None
        assert text.count("```") % 2 == 0
