"""Approved actions go out: each once, if what it was proposed for still stands, and no more an hour than may.

An action is entered as going out before it does. What was going out when the program was killed is `unsure` at the next
run and is not sent again: only a person can say whether it was done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

from sqlalchemy import Engine

from connectors.retries import LostAnswerError
from correlator.actions.mode import Mode, mode_of
from correlator.actions.proposing import action_id, wanted
from correlator.actions.requests import target_of
from correlator.actions.senders import SENDERS, Sender
from correlator.actions.states import HELD_BACK, MACHINE, State
from correlator.errors import SettingsError, SourceError
from correlator.settings import Settings
from correlator.store.actions import StoredAction, claim_sending, list_actions, log_step, move_action
from correlator.store.findings import get_finding
from rules.model import Action

LOST_AFTER: Final = timedelta(minutes=5)
"""An action that has been going out for longer was cut: no sender waits as long."""


@dataclass
class Ran:
    """The ids of what went out and what became of it; `held`: why others did not go."""

    done: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    overtaken: list[str] = field(default_factory=list)
    held: dict[str, str] = field(default_factory=dict)


def run_actions(
    engine: Engine,
    settings: Settings,
    now: datetime,
    make: Callable[[str, Settings], Sender] = lambda kind, settings: SENDERS[kind](settings),
) -> Ran:
    """Send what is approved. Unless `actions.mode` is `live` nothing goes out. Raises SettingsError, StoreError."""
    ran, began = Ran(), monotonic()
    mode = mode_of(settings)
    _lost(engine, now, ran)
    for action in list_actions(engine, {State.APPROVED}):
        if not _still_wanted(engine, action, now):
            words = "what it was proposed for no longer stands"
            move_action(engine, action.id, State.OVERTAKEN, before={State.APPROVED}, actor=MACHINE, words=words, at=now)
            ran.overtaken.append(action.id)
        elif mode is not Mode.LIVE:
            _hold(engine, action, f"actions.mode is `{mode.value}`", now, ran)
        else:
            passed = timedelta(minutes=(monotonic() - began) // 60)  # others tell by its time whether it was cut
            _send(engine, settings, action, now + passed, make, ran)
    return ran


def _lost(engine: Engine, now: datetime, ran: Ran) -> None:
    for action in list_actions(engine, {State.SENDING}):
        if action.sent_at is None or now - action.sent_at >= LOST_AFTER:
            words = "cut while it went out; it may have been done, and is not sent again"
            move_action(engine, action.id, State.UNSURE, before={State.SENDING}, actor=MACHINE, words=words, at=now)
            ran.unsure.append(action.id)


def _still_wanted(engine: Engine, action: StoredAction, now: datetime) -> bool:
    stored = get_finding(engine, action.finding_id)
    found = None if stored is None else wanted(stored, now)
    return stored is not None and found is not None and action_id(stored, found[0].rule_id) == action.id


def _hold(engine: Engine, action: StoredAction, why: str, now: datetime, ran: Ran) -> None:
    log_step(engine, action.id, HELD_BACK, MACHINE, why, now)
    ran.held[action.id] = why


def _send(
    engine: Engine,
    settings: Settings,
    action: StoredAction,
    now: datetime,
    make: Callable[[str, Settings], Sender],
    ran: Ran,
) -> None:
    try:
        target, sender = target_of(settings, Action(action.kind, action.target)), make(action.kind, settings)
    except SettingsError as error:
        _hold(engine, action, error.message, now, ran)
        return
    caps = action.most_per_hour, int(settings["actions.most_per_hour"])
    why = claim_sending(
        engine,
        action.id,
        before=State.APPROVED,
        to=State.SENDING,
        rule_id=action.rule_id,
        caps=caps,
        at=now,
        actor=MACHINE,
    )
    if why:
        _hold(engine, action, why, now, ran)
        return
    state, words = _sent(sender, target, action)
    move_action(engine, action.id, state, before={State.SENDING}, actor=MACHINE, words=words, at=now, answer=words)
    {State.DONE: ran.done, State.FAILED: ran.failed, State.UNSURE: ran.unsure}[state].append(action.id)


def _sent(sender: Sender, target: str, action: StoredAction) -> tuple[State, str]:
    try:
        return State.DONE, sender(target, action.request)
    except LostAnswerError as error:
        return State.UNSURE, error.message
    except SourceError as error:
        return State.FAILED, error.message
