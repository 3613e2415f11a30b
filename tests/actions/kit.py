"""A store with a finding about a known error, and rules that would act on it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from correlator.model import Analysis, Finding, SignatureCount
from correlator.settings import Settings, load_settings
from correlator.store.findings import StoredFinding, get_finding, save_analysis
from rules import RuleSet, load_text
from tests.evidence.factory import END, own

NOW = END
SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
RULE = """\
rules:
  - id: full-disk
    title: A disk is full
    when: {verdict: systemic, error: "*no space*"}
    ask: Free the disk of {job}.
    severity: high
    known_error: {signature: "*no space*", cause: Old files stay behind., fix: Remove old files.}
    wait: {alarm: {failures: 5}}
    action: {kind: KIND, target: clean-up, most_per_hour: 1, trust_after: 2}
    examples:
      must_match: [{signatures: [{signature: no space left}]}]
      must_not_match: [{signatures: [{signature: reset}]}]
  - id: rest
    title: The rest
    when: {verdict: [systemic, transient, inconclusive]}
    ask: Nothing.
    severity: none
    examples:
      must_match: [{cause: none}]
      must_not_match: [{cause: none}]
"""
TEXT = (SignatureCount("no space left on device", "no space left on device", 30, 30),)


def rules(kind: str = "webhook", **changes: str) -> RuleSet:
    text = RULE.replace("KIND", kind)
    for old, new in changes.items():
        text = text.replace(old, new)
    return load_text(Path("rules.yaml"), text)


def full(**changes: Any) -> Finding:
    return own(**{"signatures": TEXT, **changes})


def look(engine: Engine, *found: Finding, minutes: float = 0, by: RuleSet | None = None) -> datetime:
    """What a look at that time stores."""
    at = NOW + timedelta(minutes=minutes)
    save_analysis(engine, Analysis(at, found), at, by or rules())
    return at


def stored(engine: Engine, finding_id: str) -> StoredFinding:
    found = get_finding(engine, finding_id)
    assert found is not None
    return found


def settings(
    tmp_path: Path, mode: str = "live", target: str = "http://127.0.0.1:9/hook", more: Sequence[str] = ()
) -> Settings:
    file = tmp_path / "correlator.yaml"
    lines = [f"database: {{url: 'sqlite:///{tmp_path / 'store.db'}'}}", "actions:", f"  mode: {mode}"]
    lines += [f"  targets: {{clean-up: '{target}'}}", *more]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return load_settings(file, {"ACTIONS_WEBHOOK_SECRET": SECRET})
