"""What each look does for the lives of findings: mark suspects, judge the fixes that were claimed, see what came back.

Only event time counts. What arrives late about the time before a finding was closed never opens it again; a failure
attributed to its cause that happened later does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from correlator.lifecycle.counting import count_since, watch_until
from correlator.lifecycle.fixing import Claim
from correlator.lifecycle.life import MACHINE, Life, suspected, suspicion
from correlator.lifecycle.opinion import Opinion, opinion_of, opinion_of_document
from correlator.lifecycle.steps import CLOSED, LEADS_TO, MAY_FOLLOW, WATCHED, State, Step
from correlator.lifecycle.watching import Since, outcome
from correlator.model import Verdict, iso
from correlator.store.finding_events import (
    FindingEvent,
    append_events,
    append_first,
    events_of,
    keep_count,
    standing_at,
    systemic_at,
    unmarked,
)
from correlator.store.findings import StoredFinding, get_finding

Said = Callable[[StoredFinding, Life], list[FindingEvent]]


def follow(engine: Engine, as_of: datetime, now: datetime) -> tuple[str, ...]:
    """One look at `as_of`, entered at `now`; gives the ids of findings that moved. Raises StoreError."""
    look = _Following(engine, as_of, now)
    moved = [
        *look.mark(),
        *look.enter(_failing_again(engine), look.reopened),
        *look.enter(standing_at(engine, _leading_to(WATCHED)), look.watched),
    ]
    return tuple(sorted(moved))


def _failing_again(engine: Engine) -> list[str]:
    """Closed findings that may be open again. Of all others no more is read than the document that says so: in the end
    nearly every finding is closed."""
    closed = systemic_at(engine, _leading_to(CLOSED))
    return [finding_id for finding_id, closed_at, document in closed if _fails_after(document, closed_at)]


def _fails_after(document: Mapping[str, Any], moment: datetime) -> bool:
    times = (pair.get("failed_at") for pair in document.get("pairs") or ())
    return any(datetime.fromisoformat(at) > moment for at in times if at)


def _leading_to(states: frozenset[State]) -> list[str]:
    return sorted(step.value for step, state in LEADS_TO.items() if state in states)


class _Following:
    """One look's moment, on one store."""

    def __init__(self, engine: Engine, as_of: datetime, now: datetime) -> None:
        self._engine, self._as_of, self._now = engine, as_of, now

    def mark(self) -> list[str]:
        """Systemic findings of which nothing was said yet are suspects. Many come at once, in a store's first look."""
        events = []
        for finding_id, looked_at, document in unmarked(self._engine):
            until = document.get("window_end")
            as_of = datetime.fromisoformat(until) if until else looked_at
            events.append(suspected(finding_id, opinion_of_document(document), self._now, as_of))
        if events:
            append_first(self._engine, events)
        return [event.finding_id for event in events]

    def enter(self, ids: Iterable[str], said: Said) -> list[str]:
        """Add what is to be said of these findings; gives the ids of those of which something was."""
        return [finding_id for finding_id in ids if self._entered(finding_id, said)]

    def _entered(self, finding_id: str, said: Said) -> bool:
        stored, before = get_finding(self._engine, finding_id), events_of(self._engine, finding_id)
        decided = max((event.as_of for event in before if event.machine), default=self._as_of)
        if stored is None or decided > self._as_of:  # a look into the past decides nothing
            return False
        events = said(stored, Life(finding_id, before))
        if not events:
            return False
        # Where somebody acts in this very moment, the next look says what there is to say.
        added = append_events(self._engine, finding_id, lambda found: events if found == before else ())
        return len(added) > len(before)

    def reopened(self, stored: StoredFinding, life: Life) -> list[FindingEvent]:
        """A finding that is over is back when a failure attributed to the same cause happened since; another cause
        makes it a suspect again, unless a person dismissed that one before."""
        closed = life.last(Step.FIXED, Step.DISMISS)
        if closed is None or not (later := _laid_after(stored, closed.as_of)):
            return []
        now = opinion_of(stored.finding)
        if life.state is State.FIXED and now.same_cause(Opinion.from_dict(closed.details)):
            return [self._event(stored, Step.BACK, now.to_dict() | {"examples": later})]
        dismissed = [Opinion.from_dict(event.details) for event in life.events if event.step == Step.DISMISS]
        return [] if any(now.same_cause(one) for one in dismissed) else [suspicion(stored, self._now)]

    def watched(self, stored: StoredFinding, life: Life) -> list[FindingEvent]:
        """What the runs since the claimed fix say."""
        claimed = life.last(Step.CLAIM_FIX)
        if claimed is None:
            return []
        claim = Claim.from_dict(claimed.details)
        begun = life.last(Step.WATCH)
        if begun is None or begun.number < claimed.number:
            return self._begun(stored, life, claim)
        return self._judged(stored, life, claim, datetime.fromisoformat(begun.details["until"]))

    def _begun(self, stored: StoredFinding, life: Life, claim: Claim) -> list[FindingEvent]:
        until = watch_until(self._engine, stored.finding, claim, self._as_of)
        begun = self._event(stored, Step.WATCH, claim.to_dict() | {"until": iso(until)} | Since().to_dict())
        return [begun, *self._judged(stored, life.plus(begun), claim, until)]

    def _judged(self, stored: StoredFinding, life: Life, claim: Claim, until: datetime) -> list[FindingEvent]:
        since = count_since(self._engine, stored.finding, claim, self._as_of)
        details = claim.to_dict() | {"until": iso(until)} | since.to_dict()
        keep_count(self._engine, stored.id, self._as_of, details)
        step = outcome(since, claim.needed, claim.background, overdue=self._as_of > until)
        return [self._event(stored, step, details)] if life.state in MAY_FOLLOW[step] else []

    def _event(self, stored: StoredFinding, step: Step, details: dict[str, object]) -> FindingEvent:
        return FindingEvent(stored.id, self._now, self._as_of, step, MACHINE, machine=True, details=details)


def _laid_after(stored: StoredFinding, moment: datetime) -> list[str]:
    """The runs attributed to the cause that failed after this moment, where the finding is systemic."""
    if stored.finding.verdict is not Verdict.SYSTEMIC or stored.gone_at is not None:
        return []
    pairs = [pair for pair in stored.finding.pairs if pair.failed_at is not None and pair.failed_at > moment]
    return [pair.logical_run_id for pair in pairs][-5:]
