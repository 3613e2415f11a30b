"""The steps in the life of a finding: which there are, who takes them, and which may follow on which.

    suspect ─┬─> confirmed ──> escalated ──> fix claimed ──> watching ─┬─> fixed ──> back
             └─> dismissed                                             ├─> not exercised
                                                                       ├─> failing otherwise
                                                                       └─> back

A machine marks a suspect and watches a fix. Only a person confirms or dismisses, and gives a reason.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class State(StrEnum):
    SUSPECT = "suspect"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    ESCALATED = "escalated"
    FIX_CLAIMED = "fix claimed"
    WATCHING = "watching"
    FIXED = "fixed"
    NOT_EXERCISED = "not exercised"
    FAILING_OTHERWISE = "failing otherwise"
    BACK = "back"


class Step(StrEnum):
    """What can happen to a finding; all but `answer` lead to the state of the same sense."""

    SUSPECT = "suspect"
    CONFIRM = "confirm"
    DISMISS = "dismiss"
    ESCALATE = "escalate"
    ANSWER = "answer"
    CLAIM_FIX = "claim-fix"
    WATCH = "watch"
    FIXED = "fixed"
    NOT_EXERCISED = "not-exercised"
    FAILING_OTHERWISE = "failing-otherwise"
    BACK = "back"


PERSONS: Final = (Step.CONFIRM, Step.DISMISS, Step.ESCALATE, Step.ANSWER, Step.CLAIM_FIX)
"""The steps only a person takes, in the order in which they are offered."""

LEADS_TO: Final = {
    Step.SUSPECT: State.SUSPECT,
    Step.CONFIRM: State.CONFIRMED,
    Step.DISMISS: State.DISMISSED,
    Step.ESCALATE: State.ESCALATED,
    Step.CLAIM_FIX: State.FIX_CLAIMED,
    Step.WATCH: State.WATCHING,
    Step.FIXED: State.FIXED,
    Step.NOT_EXERCISED: State.NOT_EXERCISED,
    Step.FAILING_OTHERWISE: State.FAILING_OTHERWISE,
    Step.BACK: State.BACK,
}

WATCHED: Final = frozenset({State.FIX_CLAIMED, State.WATCHING, State.NOT_EXERCISED, State.FAILING_OTHERWISE})
"""States in which each look counts how the runs go since the fix."""
OPEN: Final = frozenset({State.SUSPECT, State.BACK, State.CONFIRMED, State.ESCALATED})
"""States in which nobody says yet that it is over."""
CLOSED: Final = frozenset({State.DISMISSED, State.FIXED})
CHAPTERS: Final = frozenset({Step.SUSPECT, Step.BACK})
"""Steps that begin a new chapter: what was asked and claimed before is over."""

_RULED: Final = WATCHED - {State.FIX_CLAIMED}
MAY_FOLLOW: Final[dict[Step, frozenset[State | None]]] = {
    Step.SUSPECT: frozenset({None, *CLOSED}),
    Step.CONFIRM: frozenset({State.SUSPECT, State.BACK, *CLOSED, *WATCHED}),
    Step.DISMISS: OPEN,
    Step.ESCALATE: frozenset({State.CONFIRMED, State.ESCALATED}),
    Step.ANSWER: frozenset({State.ESCALATED, State.FIXED, *WATCHED}),
    Step.CLAIM_FIX: frozenset({State.CONFIRMED, State.ESCALATED, *WATCHED}),
    Step.WATCH: WATCHED - {State.WATCHING},
    Step.FIXED: _RULED,
    Step.NOT_EXERCISED: _RULED - {State.NOT_EXERCISED},
    Step.FAILING_OTHERWISE: _RULED - {State.FAILING_OTHERWISE},
    Step.BACK: _RULED | {State.FIXED},
}
"""For each step the states it may follow on; None is a finding of which nothing has been said."""


class Answer(StrEnum):
    """What the team that was asked said."""

    ACCEPTED = "accepted"
    BOUNCED = "bounced"
    SEND_MORE = "send more"


def steps_from(state: State | None) -> tuple[Step, ...]:
    """What a person may do now."""
    return tuple(step for step in PERSONS if state in MAY_FOLLOW[step])
