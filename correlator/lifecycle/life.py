"""The life of one finding, read from its events."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Engine

from correlator.errors import UsageError
from correlator.lifecycle.opinion import Opinion, opinion_of
from correlator.lifecycle.steps import CHAPTERS, LEADS_TO, State, Step, steps_from
from correlator.model import Verdict, iso
from correlator.store.finding_events import FindingEvent, events_of
from correlator.store.findings import StoredFinding, get_finding

MACHINE: Final = "correlator"
"""The name under which the program itself takes a step."""


@dataclass(frozen=True, slots=True)
class Life:
    """The events of a finding in their order; everything else follows from them."""

    finding_id: str
    events: tuple[FindingEvent, ...] = ()

    @property
    def state(self) -> State | None:
        """Where it stands; None for a finding that was never a suspect."""
        led = [LEADS_TO[Step(event.step)] for event in self.events if event.step != Step.ANSWER]
        return led[-1] if led else None

    @property
    def waits_for_look(self) -> bool:
        """Whether nobody has said yet whether it is real."""
        return self.state in (State.SUSPECT, State.BACK)

    @property
    def stood_since(self) -> datetime | None:
        """When it came to stand there."""
        moved = [event.at for event in self.events if event.step != Step.ANSWER]
        return moved[-1] if moved else None

    @property
    def chapter(self) -> tuple[FindingEvent, ...]:
        """The events since it was last suspected, or came back."""
        begins = [place for place, event in enumerate(self.events) if event.step in CHAPTERS]
        return self.events[begins[-1] :] if begins else ()

    @property
    def seen(self) -> int:
        """How many events there are: who acts on what he saw says so with this number."""
        return len(self.events)

    def last(self, *steps: Step) -> FindingEvent | None:
        """The last event of these steps in this chapter."""
        found = [event for event in self.chapter if event.step in steps]
        return found[-1] if found else None

    @property
    def ask(self) -> FindingEvent | None:
        """What is asked of a team, if anything is."""
        return self.last(Step.ESCALATE)

    @property
    def may(self) -> tuple[Step, ...]:
        """The steps a person may take now."""
        return tuple(step for step in steps_from(self.state) if step is not Step.ANSWER or self.ask is not None)

    def plus(self, event: FindingEvent) -> Life:
        """With one event more."""
        return Life(self.finding_id, (*self.events, replace(event, number=len(self.events) + 1)))

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "finding_id": self.finding_id,
            "state": self.state,
            "since": iso(self.stood_since) if self.stood_since else None,
            "seen": self.seen,
            "may": list(self.may),
            "events": [event_document(event) for event in self.events],
        }


def event_document(event: FindingEvent) -> dict[str, Any]:
    return {
        "number": event.number,
        "at": iso(event.at),
        "as_of": iso(event.as_of),
        "step": event.step,
        "actor": event.actor,
        "machine": event.machine,
        "reason": event.reason,
        "details": dict(event.details),
    }


def life_of(engine: Engine, stored: StoredFinding) -> Life:
    """The life of a finding as it stands."""
    return begun(stored, events_of(engine, stored.id))


def begun(stored: StoredFinding, events: tuple[FindingEvent, ...]) -> Life:
    """With the suspicion that a systemic verdict is, where no look has entered it yet."""
    if events or stored.finding.verdict is not Verdict.SYSTEMIC:
        return Life(stored.id, events)
    return Life(stored.id).plus(suspicion(stored))


def suspicion(stored: StoredFinding, at: datetime | None = None) -> FindingEvent:
    """The machine marks a suspect."""
    return suspected(stored.id, opinion_of(stored.finding), at or stored.changed_at, known_until(stored))


def suspected(finding_id: str, opinion: Opinion, at: datetime, as_of: datetime) -> FindingEvent:
    """The same, where the finding itself is not at hand."""
    return FindingEvent(finding_id, at, as_of, Step.SUSPECT, MACHINE, machine=True, details=opinion.to_dict())


def known_until(stored: StoredFinding) -> datetime:
    """Up to when the history was known that the finding rests on."""
    return stored.finding.window_end or stored.updated_at


def wanted_finding(engine: Engine, finding_id: str) -> StoredFinding:
    """The finding of this id. Raises UsageError for an unknown one."""
    stored = get_finding(engine, finding_id)
    if stored is None:
        raise UsageError(f"there is no finding {finding_id}", hint="`correlator findings list` shows their ids")
    return stored
