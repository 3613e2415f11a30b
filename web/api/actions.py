"""Actions: what rules would do about known errors, what waits for somebody, and what was done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine

from correlator.actions import deciding
from correlator.actions.mode import Mode, mode_of
from correlator.actions.states import State
from correlator.store.actions import StoredAction, count_actions
from correlator.store.paging import Place
from correlator.text.times import micros
from web.access import Role, needs, note_audit
from web.api.cursors import key_in, page_of
from web.api.kinds import Answer, Next, Paged, Text
from web.api.life import Reason
from web.api.numbers import ByAPerson
from web.api.routes import Link, get, post
from web.context import context
from web.errors import not_found
from web.reading.actions import Shown, actions_in, one_action
from web.steps.acting import acting

_EXAMPLE: Any = {"actor": "on-call", "reason": "the same as on the nights before"}
_DECISION: Any = {"status": 200, "errors": (404, 409), "example": _EXAMPLE, "tag": "actions"}
Decide = Callable[[Engine, str, str, str, datetime], StoredAction]


class ActionStep(Answer, frozen=True, kw_only=True):
    """What became of an action, step by step."""

    at: str
    step: str
    actor: str
    words: str


class Action(Answer, frozen=True, kw_only=True):
    """What a rule may do about one finding. `body`: what is sent, word for word; `answer`: what came back."""

    id: str
    state: State
    rule_id: str
    kind: str
    target: str
    finding_id: str
    proposed_at: str
    sent_at: str | None = None
    body: Any
    answer: str
    steps: list[ActionStep]


class Actions(Answer, frozen=True, kw_only=True):
    """The newest first. `mode`: what is allowed to happen at all; `counts`: how many there are in all, by state."""

    mode: Mode
    counts: dict[str, int]
    actions: list[Action]
    next: Next


class ActionsAsked(Paged, frozen=True, kw_only=True):
    """Those about one finding, or that stand in one `state`."""

    state: State | None = None
    finding_id: Text | None = None


class Decision(ByAPerson, frozen=True, kw_only=True):
    """`reason`: why, in the person's own words."""

    reason: Reason


@get(
    "/actions",
    tag="actions",
    asked=ActionsAsked,
    answer=Actions,
    links=(Link("action", {"action_id": "actions/0/id"}),),
)
def actions(asked: ActionsAsked) -> dict[str, Any]:
    """Actions, the newest first; `state` or `finding_id` narrow them."""
    engine, states = context().engine, tuple(State) if asked.state is None else (asked.state,)
    last = key_in(asked.after, Place)
    found = actions_in(engine, states, asked.limit + 1, about=asked.finding_id, after=last)
    rows, following = page_of(found, asked.limit, _key)
    told = [one.to_dict() for one in rows]
    counts = count_actions(engine)
    return {"mode": mode_of(context().settings), "counts": counts, "actions": told, "next": following}


def _key(one: Shown) -> Place:
    return micros(one.action.proposed_at), one.action.id


@get("/actions/<action_id>", tag="actions", answer=Action, errors=(404,))
def action(action_id: str) -> dict[str, Any]:
    """One action with its steps."""
    return _wanted(action_id).to_dict()


@post("/actions/<action_id>/approve", body=Decision, answer=Action, **_DECISION)
@needs(Role.RESPONDER)
def approve_action(action_id: str, body: Decision) -> dict[str, Any]:
    """Lets it go out with the next round."""
    return _decided(deciding.approve, "action approved", action_id, body)


@post("/actions/<action_id>/refuse", body=Decision, answer=Action, **_DECISION)
@needs(Role.RESPONDER)
def refuse_action(action_id: str, body: Decision) -> dict[str, Any]:
    """Keeps it from going out."""
    return _decided(deciding.refuse, "action refused", action_id, body)


def _decided(decide: Decide, deed: str, action_id: str, body: Decision) -> dict[str, Any]:
    _wanted(action_id)
    decide(context().engine, action_id, acting({"actor": body.actor}), body.reason, datetime.now(UTC))
    note_audit(deed, action_id)
    return _wanted(action_id).to_dict()


def _wanted(action_id: str) -> Shown:
    found = one_action(context().engine, action_id)
    if found is None:
        raise not_found(f"there is no action {action_id}", "the actions there are stand at /api/v1/actions")
    return found
