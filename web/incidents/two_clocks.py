"""Looking back on two clocks: what had happened by a moment, and what could be known by then.

What had happened goes by when things took place, whenever we heard of them. What could be known goes by when facts
arrived, each as it stood then. Between the two lies what nobody could have acted on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Final

from correlator.evidence.words import status_words
from correlator.model import FAILURES, Attempt, Finding, Incident, Pair, Status
from correlator.text.quantities import moment, one_line, plural
from web.reading.incidents import Event
from web.reading.opinions import Opinion

HAPPENED: Final = "happened"
KNOWN: Final = "known"
CLOCKS: Final = (HAPPENED, KNOWN)
MOST_STEPS: Final = 80


@dataclass(frozen=True, slots=True)
class Then:
    """The moment looked at, and by which clock."""

    at: datetime
    clock: str

    @property
    def known_by(self) -> datetime | None:
        """For the store: facts as they were known then; None for what is known now."""
        return self.at if self.clock == KNOWN else None


@dataclass(frozen=True, slots=True)
class Step:
    """A moment at which something changed, and what; the more it weighs, the rather it is kept among many."""

    at: datetime
    words: str
    weight: int = 0


@dataclass(frozen=True, slots=True)
class LookBack:
    """`then` is None for now. `lines` say how things stood; `said` is what was said of it, since `said_at`."""

    clock: str
    steps: tuple[Step, ...]
    then: Then | None = None
    lines: tuple[str, ...] = ()
    said: Finding | None = None
    said_at: datetime | None = None

    @property
    def before(self) -> Step | None:
        """The step before the moment looked at; from now, the last one."""
        earlier = [step for step in self.steps if self.then is None or step.at < self.then.at]
        return earlier[-1] if earlier else None

    @property
    def after(self) -> Step | None:
        later = [step for step in self.steps if self.then is not None and step.at > self.then.at]
        return later[0] if later else None


def so_far(attempts: Iterable[Attempt], then: Then | None) -> list[Attempt]:
    """Those that had begun by then; of one that had not ended, the end is not known and it is running."""
    if then is None or then.clock == KNOWN:
        return list(attempts)
    return [_unended(one, then.at) for one in attempts if one.started_at <= then.at]


def _unended(attempt: Attempt, at: datetime) -> Attempt:
    if attempt.finished_at is None or attempt.finished_at <= at:
        return attempt
    return replace(attempt, finished_at=None, status=Status.RUNNING, error=None)


def events_so_far(events: Iterable[Event], then: Then | None) -> list[Event]:
    return [one for one in events if then is None or one.at <= then.at]


def pairs_so_far(now: Sequence[Pair], said: Finding | None, then: Then | None) -> list[Pair]:
    """The failures attributed to the cause: as is known now, or as was said then."""
    if then is None:
        return list(now)
    pairs = (said.pairs if said else ()) if then.clock == KNOWN else now
    return [one for one in pairs if one.failed_at is not None and one.failed_at <= then.at]


# --- the steps -------------------------------------------------------------------------------------------------


def happened_steps(attempts: Iterable[Attempt], events: Iterable[Event]) -> list[Step]:
    """When attempts began and ended, and when anything was noted."""
    return [*(step for one in attempts for step in _of_attempt(one)), *map(_of_event, events)]


def _of_attempt(attempt: Attempt) -> Iterator[Step]:
    number = f", attempt {attempt.attempt}" if attempt.attempt else ""
    yield Step(attempt.started_at, f"{attempt.job} began{number}")
    if attempt.finished_at is not None:
        words = f"{attempt.job} {status_words(attempt.status)}{number}"
        yield Step(attempt.finished_at, words, 2 if attempt.status in FAILURES else 1)


def _of_event(event: Event) -> Step:
    return Step(event.at, f"{event.kind}: {one_line(event.text, 60)}", 3)


def opinion_steps(opinions: Iterable[Opinion]) -> list[Step]:
    return [Step(one.at, f"said: {one.verdict}", 3) for one in opinions]


def ordered(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Oldest first, one a moment; of too many those that weigh most."""
    by_time = groupby(sorted(steps, key=lambda step: (step.at, -step.weight, step.words)), key=lambda step: step.at)
    merged = [_merged(at, list(group)) for at, group in by_time]
    kept = sorted(merged, key=lambda step: (-step.weight, step.at))[:MOST_STEPS]
    return tuple(sorted(kept, key=lambda step: step.at))


def _merged(at: datetime, steps: list[Step]) -> Step:
    words = list(dict.fromkeys(step.words for step in steps))
    more = f" and {len(words) - 3} more" if len(words) > 3 else ""
    return Step(at, f"{'; '.join(words[:3])}{more}", steps[0].weight)


# --- in words --------------------------------------------------------------------------------------------------


def how_it_stood(then: Then, attempts: Sequence[Attempt], incident: Incident | None) -> tuple[str, ...]:
    """`attempts` and `incident` as of then; None for an incident that had not arrived."""
    verb = "had begun" if then.clock == HAPPENED else "were known"
    failed = sum(one.status in FAILURES for one in attempts)
    running = sum(one.status is Status.RUNNING for one in attempts)
    counts = f"{plural(len(attempts), 'attempt')} of the jobs shown {verb}: {failed} failed, {running} still running"
    return (counts, _incident_words(then, incident))


def _incident_words(then: Then, incident: Incident | None) -> str:
    if incident is None:
        return "The incident had not arrived yet"
    if incident.created_at > then.at:
        return "The incident had not been opened yet"
    if incident.resolved_at is None or incident.resolved_at > then.at:
        return f"The incident was open, since {moment(incident.created_at)}"
    return f"The incident had been resolved, {moment(incident.resolved_at)}"
