"""What is sent for an action: made once when it is proposed, shown to whoever approves, and sent as it was shown."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from correlator.errors import SettingsError
from correlator.settings import Settings
from correlator.store.findings import StoredFinding
from rules.facts import subject
from rules.model import Action, RuleMatch

_ID_CHARACTERS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-")


def target_of(settings: Settings, action: Action) -> str:
    """What `actions.targets` says of an action's target: an address, the id of an automation action, a DAG. Raises
    SettingsError where it says nothing, or what is no such thing."""
    targets: dict[str, str] = settings["actions.targets"]
    named = targets.get(action.target)
    if not named:
        raise SettingsError(
            f"actions.targets has no `{action.target}`, which a rule names", hint="give its address or id there"
        )
    if action.kind == "webhook":
        _check_address(action.target, named)
    elif not set(named) <= _ID_CHARACTERS:
        raise SettingsError(f"actions.targets: `{action.target}` is no id", hint="letters, digits, `_`, `.` and `-`")
    return named


def _check_address(name: str, address: str) -> None:
    """Others than this machine are reached by https alone."""
    parts = urlsplit(address)
    safe = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or ""))
    if not safe or not parts.hostname or parts.username or parts.password:
        hint = "https://..., without user or password"
        raise SettingsError(f"actions.targets: `{name}` is no address that may be used", hint=hint)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def body_of(kind: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """What goes out for an action, word for word: the body of the one request that is made."""
    if kind == "pagerduty_automation":
        return {"invocation": {"metadata": {"incident_id": request["incident_id"]}}}
    if kind == "rerun":
        conf = {"correlator": {key: request[key] for key in ("action_id", "finding_id", "tenant", "job")}}
        return {"dag_run_id": f"correlator__{request['action_id']}", "logical_date": None, "conf": conf}
    return dict(request)


def request_for(action_id: str, stored: StoredFinding, match: RuleMatch, incident_id: str) -> dict[str, Any]:
    """The facts an action goes by. `incident_id`: an open incident the finding stands on, "" for none."""
    finding, known = stored.finding, match.known_error
    return {
        "action_id": action_id,
        "finding_id": stored.id,
        "rule": match.rule_id,
        "rule_version": match.rule_version,
        "tenant": finding.tenant,
        "job": finding.job,
        "subject": subject(finding),
        "known_error": known.signature if known else "",
        "fix": known.fix if known else "",
        "ask": match.ask,
        "incident_id": incident_id,
    }
