"""One step for many findings, such as those that one outage hit: a person says once what holds for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Engine

from correlator.errors import StepRefusedError
from correlator.lifecycle.life import life_of
from correlator.lifecycle.transitions import Transition, enter_step
from correlator.store.findings import StoredFinding


@dataclass(frozen=True, slots=True)
class Together:
    """The ids of the findings for which the step was `taken`, and of those that somebody treated apart (`left`)."""

    taken: tuple[str, ...]
    left: tuple[str, ...]


def do_together(engine: Engine, findings: Sequence[StoredFinding], transition: Transition) -> Together:
    """Enter the step for each finding that waits for a first look; the others, and those that somebody is quicker with,
    stay as they are.

    Raises UsageError where name or words are missing, before anything is entered.
    """
    taken: list[str] = []
    left: list[str] = []
    for stored in findings:
        (taken if _done(engine, stored, transition) else left).append(stored.id)
    return Together(tuple(taken), tuple(left))


def _done(engine: Engine, stored: StoredFinding, transition: Transition) -> bool:
    life = life_of(engine, stored)
    if not life.waits_for_look:
        return False
    try:
        enter_step(engine, stored, replace(transition, seen=life.seen))
    except StepRefusedError:
        return False
    return True
