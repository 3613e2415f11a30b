"""Handing a finding over: what is asked of which team, and how soon it is to say something."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from correlator.errors import SettingsError, UsageError
from correlator.lifecycle.steps import Step
from correlator.lifecycle.transitions import Transition
from correlator.settings import Settings
from correlator.store.findings import StoredFinding
from correlator.text.lengths import interval
from correlator.text.quantities import one_line


@dataclass(frozen=True, slots=True)
class Handover:
    """What a person may say other than the rule: another team, another ask; and where it was asked (a link)."""

    team: str = ""
    ask: str = ""
    link: str = ""


def escalate(
    stored: StoredFinding,
    actor: str,
    given: Handover,
    settings: Settings,
    at: datetime,
    *,
    note: str = "",
    seen: int | None = None,
) -> Transition:
    """The ask as it is put, with the target that holds for the team now. Raises UsageError where neither the rule nor
    the person says whom to ask, or what."""
    rule: Mapping[str, Any] = stored.document.get("rule") or {}
    team = one_line(given.team or rule.get("owner", ""), 200).strip()
    ask = (given.ask or rule.get("ask", "")).strip()
    if not team:
        raise UsageError("nobody is named to ask", hint="no rule matches this finding; say which team to ask")
    if not ask:
        raise UsageError("there is nothing to ask", hint="no rule matches this finding; say what to ask for")
    details = {
        "team": team,
        "ask": ask,
        "link": given.link.strip(),
        "due": rule.get("due", ""),
        "rule_id": rule.get("rule_id", ""),
        "rule_version": rule.get("rule_version", ""),
        "target_seconds": target_seconds(settings, team),
    }
    return Transition(Step.ESCALATE, actor, note, at, details, seen)


def target_seconds(settings: Settings, team: str) -> int:
    """How soon a team is to say something: its own target in `asks.targets`, else `asks.target`."""
    own: dict[str, str] = settings["asks.targets"]
    name, text = ("asks.targets", own[team]) if team in own else ("asks.target", settings["asks.target"])
    try:
        return round(interval(text, name).total_seconds())
    except UsageError as error:
        raise SettingsError(error.message, hint=error.hint) from error
