"""What people do about a finding: confirm, dismiss, escalate, note an answer, claim a fix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Engine

from correlator.errors import StepRefusedError, UsageError
from correlator.lives.life import Life, begun, known_until
from correlator.lives.opinion import opinion_of
from correlator.lives.steps import MAY_FOLLOW, Answer, Step
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
class Deed:
    """One step of one person. `reason` is the person's words. `details`: what belongs to the step (the team that is
    asked, the answer, since when it is fixed). `seen`: how many events the person had seen; None where that is left
    open."""

    step: Step
    actor: str
    reason: str
    at: datetime
    details: Mapping[str, Any] = field(default_factory=dict)
    seen: int | None = None


def do(engine: Engine, stored: StoredFinding, deed: Deed) -> Life:
    """Enter a step and give the life as it stands then.

    Raises UsageError where name or words are missing, and StepRefusedError where the step may not follow on what
    stands.
    """
    checked = _checked(deed)

    def decide(before: tuple[FindingEvent, ...]) -> tuple[FindingEvent, ...]:
        life = begun(stored, before)
        refuse(life, checked)
        return life.plus(_event(stored, checked)).events[len(before) :]

    return Life(stored.id, append_events(engine, stored.id, decide))


def refuse(life: Life, deed: Deed) -> None:
    """Raise StepRefusedError where the deed may not follow on this life."""
    if deed.seen is not None and deed.seen != life.seen:
        raise StepRefusedError(f"{life.finding_id} {_moved(life)}", hint="look at it again, then decide")
    if life.state not in MAY_FOLLOW[deed.step]:
        raise StepRefusedError(f"{life.finding_id} {_stands(life)}: {deed.step} cannot follow on that", hint=_may(life))
    if deed.step is Step.ANSWER:
        _refuse_answer(life, deed)


def _refuse_answer(life: Life, deed: Deed) -> None:
    if life.ask is None:
        raise StepRefusedError(f"{life.finding_id}: nothing was asked of anybody, so there is nothing to answer")
    if deed.at < life.ask.at:
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


def _checked(deed: Deed) -> Deed:
    actor, reason = one_line(deed.actor, LONGEST_NAME).strip(), deed.reason.strip()
    if not actor:
        raise UsageError("nobody is named", hint="say who does this: it is kept with the step")
    wanted = _wanted_words(deed)
    if wanted and not reason:
        raise UsageError(f"{deed.step} needs a reason", hint=wanted)
    if len(reason) > LONGEST_REASON:
        raise UsageError(f"the reason is longer than {LONGEST_REASON:,} characters", hint="put a link to the rest")
    return Deed(deed.step, actor, reason, deed.at, deed.details, deed.seen)


def _wanted_words(deed: Deed) -> str:
    if deed.step is Step.ANSWER:
        return _NEEDS_WORDS.get(Answer(deed.details["answer"]), "")
    return _WANTS.get(deed.step, "")


def _event(stored: StoredFinding, deed: Deed) -> FindingEvent:
    details = opinion_of(stored.finding).to_dict() | dict(deed.details)
    if deed.step in (Step.ANSWER, Step.ESCALATE):
        details = dict(deed.details)
    return FindingEvent(
        stored.id,
        deed.at,
        known_until(stored),
        deed.step,
        deed.actor,
        machine=False,
        reason=deed.reason,
        details=details,
    )


def confirm(actor: str, reason: str, at: datetime, seen: int | None = None) -> Deed:
    return Deed(Step.CONFIRM, actor, reason, at, seen=seen)


def dismiss(actor: str, reason: str, at: datetime, seen: int | None = None) -> Deed:
    return Deed(Step.DISMISS, actor, reason, at, seen=seen)


def answer(actor: str, said: Answer, words: str, at: datetime, seen: int | None = None) -> Deed:
    """What the team that was asked said. `words`: theirs, or where to read them."""
    return Deed(Step.ANSWER, actor, words, at, {"answer": said.value}, seen)
