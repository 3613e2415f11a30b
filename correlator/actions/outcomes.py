"""Whether an action helped: asked of whoever watches findings, and entered once it is known.

The seam is `Watch`: given a finding and the moment the action went out, True when it was shown to be fixed since, False
when it was shown not to be, None while nobody knows. `watch_lives` reads it off the lives of findings.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from sqlalchemy import Engine

from correlator.actions.states import MACHINE, OUT, State
from correlator.store.actions import list_actions, move_action
from correlator.store.finding_events import events_of

Watch = Callable[[str, datetime], bool | None]
_SHOWN: Final = {"fixed": True, "back": False, "failing-otherwise": False}


def check_outcomes(engine: Engine, watch: Watch, now: datetime) -> dict[str, bool]:
    """Enter what is known of actions that went out; gives it by the action's id. Raises StoreError."""
    found: dict[str, bool] = {}
    for action in list_actions(engine, set(OUT)):
        helped = None if action.sent_at is None else watch(action.finding_id, action.sent_at)
        if helped is None:
            continue
        to, words = (State.HELPED, "shown to be fixed") if helped else (State.DID_NOT_HELP, "it went on")
        if move_action(engine, action.id, to, before=set(OUT), actor=MACHINE, words=words, at=now):
            found[action.id] = helped
    return found


def watch_lives(engine: Engine) -> Watch:
    """The first thing that was shown of a finding after an action went out."""

    def watch(finding_id: str, since: datetime) -> bool | None:
        shown = (_SHOWN.get(event.step) for event in events_of(engine, finding_id) if event.at > since)
        return next((helped for helped in shown if helped is not None), None)

    return watch
