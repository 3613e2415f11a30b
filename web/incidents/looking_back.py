"""Looking back at an incident: what the store knows of a moment, and at which moments something changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine

from correlator.model import Attempt, Incident
from correlator.text.quantities import moment, plural
from web.incidents import two_clocks
from web.incidents.scene import Window, nearby_attempts, reaches_into
from web.incidents.two_clocks import KNOWN, LookBack, Step, Then
from web.reading.incidents import Arrival, Event, Stored, arrivals_of, as_known, events_of
from web.reading.opinions import opinions_of, said_by


@dataclass(frozen=True, slots=True)
class Stage:
    """What is looked at: an incident, the jobs shown, the stretch of time and the longer one around it, and the
    finding about it, if any."""

    stored: Stored
    tenant: str
    jobs: tuple[str, ...]
    window: Window
    around: Window
    finding_id: str | None


@dataclass(frozen=True, slots=True)
class Sight:
    """What is to be seen: attempts and events as of the moment looked at, and the look back itself."""

    attempts: tuple[Attempt, ...]
    events: tuple[Event, ...]
    back: LookBack


def look(engine: Engine, stage: Stage, attempts: Sequence[Attempt], clock: str, then: Then | None) -> Sight:
    """`attempts` are those of the stage as they are known now."""
    window = stage.window
    events = events_of(engine, stage.stored, window.start, window.end)
    seen = list(attempts)
    steps = two_clocks.ordered(_steps(engine, stage, [one for one in seen if reaches_into(one, window)], events, clock))
    if then is None:
        return Sight(tuple(seen), tuple(events), LookBack(clock, steps))
    incident: Incident | None = stage.stored.incident
    if then.known_by is not None:
        seen = nearby_attempts(engine, stage.tenant, stage.jobs, stage.around, then.known_by)
        events = events_of(engine, stage.stored, window.start, window.end, then.known_by)
        told = as_known(engine, stage.stored, then.known_by)
        incident = told.incident if told else None
    seen, events = two_clocks.so_far(seen, then), two_clocks.events_so_far(events, then)
    said = said_by(engine, stage.finding_id, then.at) if stage.finding_id else None
    lines = two_clocks.how_it_stood(then, [one for one in seen if reaches_into(one, window)], incident)
    back = LookBack(clock, steps, then, lines, *(said or (None, None)))
    return Sight(tuple(seen), tuple(events), back)


def _steps(
    engine: Engine, stage: Stage, attempts: Sequence[Attempt], events: Sequence[Event], clock: str
) -> Iterator[Step]:
    if stage.finding_id:
        yield from two_clocks.opinion_steps(opinions_of(engine, stage.finding_id))
    if clock != KNOWN:
        yield from two_clocks.happened_steps(attempts, events)
        return
    window = stage.window
    found = arrivals_of(engine, stage.stored, stage.tenant, stage.jobs, window.start, window.end)
    yield from (Step(one.at, _arrived(one), 1) for one in found)
    for event in events:
        if event.known_at is not None:
            yield Step(event.known_at, f"{event.kind} of {moment(event.at)} arrived", 1)


def _arrived(one: Arrival) -> str:
    return f"{plural(one.count, one.kind) if one.kind == 'attempt' else one.kind} arrived or changed"
