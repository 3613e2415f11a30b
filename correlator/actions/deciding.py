"""What people say to an action: yes or no, with their name and a reason."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from correlator.actions.states import MACHINE, State
from correlator.errors import StepRefusedError, UsageError
from correlator.store.actions import StoredAction, get_action, move_action


def approve(engine: Engine, action_id: str, actor: str, reason: str, at: datetime) -> StoredAction:
    """Let a proposed action go out with the next run. Raises UsageError."""
    return _decide(engine, action_id, State.APPROVED, {State.PROPOSED}, actor, reason, at)


def refuse(engine: Engine, action_id: str, actor: str, reason: str, at: datetime) -> StoredAction:
    """Keep it from going out, also one that was approved and has not gone. Raises UsageError."""
    return _decide(engine, action_id, State.REFUSED, {State.PROPOSED, State.APPROVED}, actor, reason, at)


def _decide(
    engine: Engine, action_id: str, to: State, before: set[State], actor: str, reason: str, at: datetime
) -> StoredAction:
    who, why = actor.strip(), reason.strip()
    if not who or who == MACHINE or not why:
        raise UsageError("an action is decided by a person, with a name and a reason", hint="give --by and --reason")
    wanted_action(engine, action_id)
    moved = move_action(engine, action_id, to, before=before, actor=who, words=why, at=at)
    stands = wanted_action(engine, action_id)
    if not moved:
        raise StepRefusedError(f"{action_id} is {stands.state}, so it cannot be {to}", hint="`correlator actions list`")
    return stands


def wanted_action(engine: Engine, action_id: str) -> StoredAction:
    """An action by its id. Raises UsageError."""
    found = get_action(engine, action_id)
    if found is None:
        raise UsageError(f"there is no action {action_id}", hint="`correlator actions list` shows them")
    return found
