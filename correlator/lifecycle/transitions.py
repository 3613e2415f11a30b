"""What people do about a finding: confirm, dismiss, escalate, note an answer, claim a fix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Engine

from correlator.errors import StepRefusedError, UsageError
from correlator.lifecycle.life import Life, begun, known_until
from correlator.lifecycle.opinion import opinion_of
from correlator.lifecycle.steps import MAY_FOLLOW, Answer, Step
from correlator.model import iso
from correlator.store.finding_events import FindingEvent, append_events
from correlator.store.findings import StoredFinding
from correlator.text.quantities import one_line

LONGEST_NAME: Final = 200
LONGEST_REASON: Final = 4000
_WANTS: Final = {
    Step.CONFIRM: "say why it is real",
    Step.DISMISS: "say why it is nothing to act on",
    Step.CLAIM_FIX: "say what was done",
}
_NEEDS_WORDS: Final = {Answer.BOUNCED: "say why it was bounced", Answer.SEND_MORE: "say what they want to be sent"}


@dataclass(frozen=True, slots=True)
class Transition:
    """One step of one person. `reason` is the person's words. `details`: what belongs to the step (the team that is
    asked, the answer, since when it is fixed). `seen`: how many events the person had seen; None where that is left
    open."""

    step: Step
    actor: str
    reason: str
    at: datetime
    details: Mapping[str, Any] = field(default_factory=dict)
    seen: int | None = None


def enter_step(engine: Engine, stored: StoredFinding, transition: Transition) -> Life:
    """Enter a step and give the life as it stands then.

    Raises UsageError where name or words are missing, and StepRefusedError where the step may not follow on what
    stands.
    """
    checked = _checked(transition)

    def decide(before: tuple[FindingEvent, ...]) -> tuple[FindingEvent, ...]:
        life = begun(stored, before)
        refuse(life, checked)
        return life.plus(_event(stored, checked)).events[len(before) :]

    return Life(stored.id, append_events(engine, stored.id, decide))


def refuse(life: Life, transition: Transition) -> None:
    """Raise StepRefusedError where the transition may not follow on this life."""
    if transition.seen is not None and transition.seen != life.seen:
        raise StepRefusedError(f"{life.finding_id} {_moved(life)}", hint="look at it again, then decide")
    if life.state not in MAY_FOLLOW[transition.step]:
        raise StepRefusedError(
            f"{life.finding_id} {_stands(life)}: {transition.step} cannot follow on that", hint=_may(life)
        )
    if transition.step is Step.ANSWER:
        _refuse_answer(life, transition)


def _refuse_answer(life: Life, transition: Transition) -> None:
    if life.ask is None:
        raise StepRefusedError(f"{life.finding_id}: nothing was asked of anybody, so there is nothing to answer")
    if transition.at < life.ask.at:
        raise StepRefusedError(f"{life.finding_id} was asked at {iso(life.ask.at)}: no answer can be older than that")


def _moved(life: Life) -> str:
    if not life.events:
        return "has no steps: none can have been seen"
    last = life.events[-1]
    return f"has moved on meanwhile: {last.actor} entered {last.step}"


def _stands(life: Life) -> str:
    return f"is {life.state}" if life.state else "was never a suspect"


def _may(life: Life) -> str:
    if life.state is None:
        return "only what the program finds systemic is a suspect"
    return f"what can follow: {', '.join(life.may)}" if life.may else ""


def _checked(transition: Transition) -> Transition:
    actor, reason = one_line(transition.actor, LONGEST_NAME).strip(), transition.reason.strip()
    if not actor:
        raise UsageError("nobody is named", hint="say who does this: it is kept with the step")
    wanted = _wanted_words(transition)
    if wanted and not reason:
        raise UsageError(f"{transition.step} needs a reason", hint=wanted)
    if len(reason) > LONGEST_REASON:
        raise UsageError(f"the reason is longer than {LONGEST_REASON:,} characters", hint="put a link to the rest")
    return Transition(transition.step, actor, reason, transition.at, transition.details, transition.seen)


def _wanted_words(transition: Transition) -> str:
    if transition.step is Step.ANSWER:
        return _NEEDS_WORDS.get(Answer(transition.details["answer"]), "")
    return _WANTS.get(transition.step, "")


def _event(stored: StoredFinding, transition: Transition) -> FindingEvent:
    details = opinion_of(stored.finding).to_dict() | dict(transition.details)
    if transition.step in (Step.ANSWER, Step.ESCALATE):
        details = dict(transition.details)
    return FindingEvent(
        stored.id,
        transition.at,
        known_until(stored),
        transition.step,
        transition.actor,
        machine=False,
        reason=transition.reason,
        details=details,
    )


def confirm(actor: str, reason: str, at: datetime, seen: int | None = None) -> Transition:
    return Transition(Step.CONFIRM, actor, reason, at, seen=seen)


def dismiss(actor: str, reason: str, at: datetime, seen: int | None = None) -> Transition:
    return Transition(Step.DISMISS, actor, reason, at, seen=seen)


def answer(actor: str, said: Answer, words: str, at: datetime, seen: int | None = None) -> Transition:
    """What the team that was asked said. `words`: theirs, or where to read them."""
    return Transition(Step.ANSWER, actor, words, at, {"answer": said.value}, seen)
