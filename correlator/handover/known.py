"""What is known when a handover is drafted: read from the store once, every question bounded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from correlator.handover.facts import Draft
from correlator.incident_matching import Explanation
from correlator.lifecycle.life import Life
from correlator.lifecycle.steps import State, Step
from correlator.model import Finding, Incident
from correlator.store.actions import StepTaken, StoredAction
from correlator.store.customer_messages import StoredMessage
from correlator.store.finding_events import FindingEvent
from correlator.store.sources import SourceStatus
from correlator.text.quantities import tenant_name

FIRST: Final = (
    *(State.BACK, State.FAILING_OTHERWISE, State.SUSPECT, State.ESCALATED, State.CONFIRMED),
    *(State.NOT_EXERCISED, State.WATCHING, State.FIX_CLAIMED),
)
"""What needs a person most, first."""


@dataclass(frozen=True, slots=True)
class Case:
    """A finding that the next one has to know of. `holds`: whether it still stands; `rule`: what its rule says."""

    id: str
    finding: Finding
    life: Life
    holds: bool
    rule: Mapping[str, str]

    @property
    def name(self) -> str:
        return f"{self.finding.job} of {tenant_name(self.finding.tenant)} ({self.id})"

    @property
    def link(self) -> str:
        return f"/findings/{self.id}"

    @property
    def answer(self) -> FindingEvent | None:
        """The last answer to what was asked last."""
        asked, answered = self.life.ask, self.life.last(Step.ANSWER)
        return answered if asked and answered and answered.number > asked.number else None


@dataclass(frozen=True, slots=True)
class Told:
    """A step that a person entered, and the job and tenant it is about."""

    event: FindingEvent
    job: str
    tenant: str


@dataclass(frozen=True, slots=True)
class Acted:
    """A step of an action of a rule, and of whom it is."""

    action: StoredAction
    step: StepTaken
    tenant: str


@dataclass(frozen=True, slots=True)
class Known:
    """`incidents`: the open ones, the newest first, and what explains each; `hidden` and `hidden_incidents`: how many
    findings and incidents there are beyond those that are told."""

    now: datetime
    data_as_of: datetime | None
    looked_at: datetime | None
    since: datetime
    after: int | None
    before: Draft | None
    incidents: Sequence[tuple[Incident, Explanation | None]] = ()
    cases: Sequence[Case] = ()
    hidden: int = 0
    hidden_incidents: int = 0
    told: Sequence[Told] = ()
    acted: Sequence[Acted] = ()
    proposed: Sequence[Acted] = ()
    sent: Sequence[StoredMessage] = ()
    unsent: Sequence[StoredMessage] = ()
    sources: Sequence[SourceStatus] = ()
