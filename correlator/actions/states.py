"""The states of an action, and which follow on which.

    proposed ─┬─> approved ──> sending ─┬─> done ─┬─> helped
              ├─> refused               ├─> failed └─> did not help
              └─> overtaken             └─> unsure ─┴─> (as done)

`unsure`: it went out and no answer came. It is never sent again by itself: it may have been done.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class State(StrEnum):
    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"
    OVERTAKEN = "overtaken"
    SENDING = "sending"
    DONE = "done"
    FAILED = "failed"
    UNSURE = "unsure"
    HELPED = "helped"
    DID_NOT_HELP = "did not help"


WAITING: Final = (State.PROPOSED, State.APPROVED)
OUT: Final = (State.DONE, State.UNSURE)
"""Went out, and its outcome is not known yet."""
MACHINE: Final = "correlator"
"""The name under which the program itself takes a step."""
REHEARSED: Final = "rehearsed"
HELD_BACK: Final = "held back"
"""Steps that leave the state as it is."""
