"""What rules would do: one action for each standing of a finding about a known error, entered before it is done."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Final

from sqlalchemy import Engine

from correlator.actions.mode import Mode, mode_of
from correlator.actions.requests import request_for, target_of
from correlator.actions.states import MACHINE, REHEARSED, State
from correlator.actions.trust import confirmed_findings
from correlator.errors import SettingsError
from correlator.lifecycle.saying import said_of
from correlator.model import Verdict, iso
from correlator.settings import Settings
from correlator.store.actions import StoredAction, add_action, log_step, move_action
from correlator.store.findings import StoredFinding, list_findings
from correlator.store.incidents import list_incidents
from rules.model import Action, RuleMatch

_KEYS: Final = 10


def action_id(stored: StoredFinding, rule_id: str) -> str:
    """The same for as long as the finding says what it says: one standing, one action."""
    text = f"{stored.id}\0{rule_id}\0{iso(stored.changed_at)}"
    return "A-" + hashlib.sha256(text.encode()).hexdigest()[:_KEYS].upper()


def propose(engine: Engine, settings: Settings, now: datetime) -> tuple[str, ...]:
    """Enter, and rehearse, what is new; gives the ids. What earned trust allows is approved at once.

    Nothing while `actions.mode` is `never`. Raises SettingsError, StoreError.
    """
    if mode_of(settings) is Mode.NEVER:
        return ()
    made = [_propose(engine, settings, stored, now) for stored in list_findings(engine)]
    return tuple(name for name in made if name)


def wanted(stored: StoredFinding, now: datetime) -> tuple[RuleMatch, Action] | None:
    """What is to be done about a finding: only when it is systemic, said, and its known error was seen."""
    document = stored.document.get("rule")
    if not document or stored.finding.verdict is not Verdict.SYSTEMIC or stored.gone_at is not None:
        return None
    match = RuleMatch.from_dict(document)
    if match.action is None or match.known_error is None or match.missing or not said_of(stored, now).told:
        return None
    return match, match.action


def _propose(engine: Engine, settings: Settings, stored: StoredFinding, now: datetime) -> str | None:
    found = wanted(stored, now)
    if found is None:
        return None
    match, action = found
    name = action_id(stored, match.rule_id)
    new = StoredAction(
        id=name,
        finding_id=stored.id,
        rule_id=match.rule_id,
        kind=action.kind,
        target=action.target,
        state=State.PROPOSED,
        request=request_for(name, stored, match, _open_incident(engine, stored)),
        most_per_hour=action.most_per_hour,
        proposed_at=now,
    )
    if not add_action(engine, new, MACHINE, f"{match.title}: {match.known_error.fix if match.known_error else ''}"):
        return None
    log_step(engine, name, REHEARSED, MACHINE, _rehearsal(settings, action, new), now)
    _trust(engine, action, new, now)
    return name


def _rehearsal(settings: Settings, action: Action, new: StoredAction) -> str:
    """What would go out, and where to; or why it could not."""
    try:
        target = target_of(settings, action)
    except SettingsError as error:
        return f"would fail: {error.message}"
    return f"would send to {target} ({action.kind}): {json.dumps(new.request, ensure_ascii=False, sort_keys=True)}"


def _trust(engine: Engine, action: Action, new: StoredAction, now: datetime) -> None:
    if action.trust_after is None:
        return
    count = confirmed_findings(engine, new.rule_id)
    if count >= action.trust_after:
        words = (
            f"earned trust: people confirmed {count} findings of {new.rule_id}, and it asks for {action.trust_after}"
        )
        move_action(engine, new.id, State.APPROVED, before={State.PROPOSED}, actor=MACHINE, words=words, at=now)


def _open_incident(engine: Engine, stored: StoredFinding) -> str:
    job, tenant = stored.finding.job, stored.finding.tenant
    open_ones = list_incidents(engine, open_only=True)
    mine = [one for one in open_ones if one.job == job and one.tenant in ("", tenant)]
    return mine[-1].incident_id if mine else ""
