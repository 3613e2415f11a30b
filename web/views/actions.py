"""Actions: what rules would do about known errors, who let them or did not, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy import Engine
from werkzeug.wrappers import Response

from correlator.actions import deciding
from correlator.actions.mode import mode_of
from correlator.actions.states import State
from correlator.store.actions import StoredAction, count_actions
from web import reading
from web.access import Role, current_actor, needs, note_audit
from web.context import context
from web.errors import not_found
from web.reading.actions import SHOWN, Shown, actions_in, one_action
from web.steps.acting import acting, names_are_given

pages: Final = Blueprint("actions", __name__)
Decide = Callable[[Engine, str, str, str, datetime], StoredAction]
_GROUPS: Final[tuple[tuple[str, str, tuple[State, ...]], ...]] = (
    ("proposed", "Waiting for approval", (State.PROPOSED,)),
    ("approved", "Approved, not sent yet", (State.APPROVED, State.SENDING)),
    ("unsure", "Unsure: sent, outcome unknown", (State.UNSURE,)),
    ("failed", "Failed: not done", (State.FAILED,)),
    ("done", "Done", (State.DONE, State.HELPED, State.DID_NOT_HELP)),
    ("refused", "Refused", (State.REFUSED,)),
    ("overtaken", "Superseded: the finding changed before it was sent", (State.OVERTAKEN,)),
)


@dataclass(frozen=True, slots=True)
class Group:
    """Actions that stand alike, newest first; `count` of all of them."""

    name: str
    title: str
    actions: tuple[Shown, ...]
    count: int


@pages.get("/actions")
def index() -> str:
    engine = context().engine
    counts = count_actions(engine)
    groups = [
        Group(name, title, actions_in(engine, states), sum(counts.get(state, 0) for state in states))
        for name, title, states in _GROUPS
        if any(counts.get(state, 0) for state in states)
    ]
    return render_template("actions.html", groups=groups, most=SHOWN, **_common())


@pages.get("/actions/<action_id>")
def one(action_id: str) -> str:
    return render_template("action.html", shown=_wanted(action_id), **_common())


@pages.post("/actions/<action_id>/approve")
@needs(Role.RESPONDER)
def approve(action_id: str) -> Response:
    """Let it go out with the next round; 409 or 422 where it cannot be."""
    return _decided(deciding.approve, "action approved", action_id)


@pages.post("/actions/<action_id>/refuse")
@needs(Role.RESPONDER)
def refuse(action_id: str) -> Response:
    """Keep it from going out."""
    return _decided(deciding.refuse, "action refused", action_id)


def _decided(decide: Decide, deed: str, action_id: str) -> Response:
    _wanted(action_id)
    decide(context().engine, action_id, acting(request.form), request.form.get("reason", ""), datetime.now(UTC))
    note_audit(deed, action_id)
    return redirect(url_for("actions.one", action_id=action_id), 303)


def _wanted(action_id: str) -> Shown:
    shown = one_action(context().engine, action_id)
    if shown is None:
        raise not_found(f"there is no action {action_id}", "the actions there are stand at /actions")
    return shown


def _common() -> dict[str, Any]:
    return {**_deciding(), "freshness": reading.freshness_in_short(context().engine)}


def _deciding() -> dict[str, Any]:
    return {
        "mode": mode_of(context().settings).value,
        "may_decide": current_actor().role >= Role.RESPONDER,
        "given_names": names_are_given(),
    }


@pages.app_context_processor
def _for_templates() -> dict[str, Any]:
    return {"actions_of_finding": lambda id_: actions_in(context().engine, about=id_), "on_actions": _deciding}
