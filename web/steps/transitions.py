"""A step in the life of a finding, out of a form or a JSON document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from correlator.lifecycle import transitions
from correlator.lifecycle.asking import Handover, escalate
from correlator.lifecycle.fixing import claim_fix
from correlator.lifecycle.steps import PERSONS, Answer, Step
from correlator.lifecycle.transitions import Transition
from correlator.store.findings import StoredFinding, finding_history
from web.context import Context
from web.errors import unprocessable
from web.http.arguments import near_us
from web.steps.acting import acting

FIELDS: Final = ("step", "actor", "reason", "seen", "team", "ask", "link", "answer", "since")


def transition_of(context: Context, stored: StoredFinding, fields: Mapping[str, Any]) -> Transition:
    """The step that is asked for. Raises RefusedError (422) or UsageError for fields that are none or missing."""
    for name, value in fields.items():
        if name not in FIELDS:
            raise unprocessable(f"there is no field {name!r}", f"it takes {', '.join(FIELDS)}")
        if name != "seen" and not isinstance(value, str):
            raise unprocessable(f"{name} must be a text")
    step, seen, now = _step(fields), _seen(fields), datetime.now(UTC)
    reason, team, ask, link = (fields.get(name, "") for name in ("reason", "team", "ask", "link"))
    actor = acting(fields)
    if step is Step.ESCALATE:
        return escalate(stored, actor, Handover(team, ask, link), context.settings, now, note=reason, seen=seen)
    if step is Step.CLAIM_FIX:
        versions = finding_history(context.engine, stored.id)
        return claim_fix(stored, versions, actor, reason, now, since=_since(fields), seen=seen)
    if step is Step.ANSWER:
        return transitions.answer(actor, _answer(fields), reason, now, seen)
    return Transition(step, actor, reason, now, seen=seen)


def _step(fields: Mapping[str, Any]) -> Step:
    try:
        step = Step(fields.get("step", ""))
    except ValueError:
        step = Step.SUSPECT
    if step not in PERSONS:
        raise unprocessable(f"step: there is no {fields.get('step', '')!r}", f"one of {', '.join(PERSONS)}")
    return step


def _seen(fields: Mapping[str, Any]) -> int | None:
    given = fields.get("seen", "")
    if given in ("", None):
        return None
    try:
        return int(given)
    except (TypeError, ValueError) as error:
        raise unprocessable("seen must be the number of steps that were seen") from error


def _answer(fields: Mapping[str, Any]) -> Answer:
    try:
        return Answer(fields.get("answer", "").replace("-", " "))
    except ValueError as error:
        raise unprocessable("answer: one of accepted, bounced, send more") from error


def _since(fields: Mapping[str, Any]) -> datetime | None:
    text = fields.get("since", "").strip()
    if not text:
        return None
    try:
        since = datetime.fromisoformat(text.replace(" UTC", "Z").replace(" ", "T"))
    except ValueError as error:
        raise unprocessable(f"since: {text!r} is not a time", "for example 2026-03-22 14:00 UTC") from error
    if since.tzinfo is None:
        raise unprocessable(f"since: {text!r} has no UTC offset", "for example 2026-03-22 14:00 UTC")
    return near_us("since", since)
