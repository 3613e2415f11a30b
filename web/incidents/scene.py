"""One incident on one clock: which jobs, which stretch of time, and what stands on it beside their attempts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine

from correlator.evidence.aligned import run_key
from correlator.evidence.charts.incident import Clock, Line, incident_chart
from correlator.evidence.charts.lanes import Lanes, Note
from correlator.evidence.charts.theme import WIDTH
from correlator.model import FAILURES, Attempt, Dependency, Finding, Incident, Pair
from correlator.text.quantities import moment, plural
from web import reading
from web.pictures.picture import Picture
from web.pictures.scale import around as with_air
from web.pictures.scenes import MOST_LANES, Focus, lanes_of, stretch
from web.pictures.timeline import Timeline, bars_of, overlaps, rows_of, stretch_of
from web.reading.incidents import Event
from web.reading.paths import around, upstream_first

REACH: Final = timedelta(hours=6)
BEFORE: Final = timedelta(hours=2)
LONGEST: Final = timedelta(hours=12)
"""An incident that stays open for longer is shown up to here; the address can ask for any other stretch."""
ALL_LANES: Final = 40
WIDEST: Final = timedelta(days=7)
MOST_MARKS: Final = 900
"""For attempts; the metrics and the strip take the rest of what a picture may hold."""
_LABEL_WIDTH: Final = 18.0
_OWN: Final = ("opened", "resolved", "log entry", "alert")


@dataclass(frozen=True, slots=True)
class Window:
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Scene:
    """`silent`: jobs without an attempt in the window, which get no lane; `left_out`: what is not drawn, in words;
    `lines`: the metrics below the lanes."""

    timeline: Timeline
    window: Window
    attempts: tuple[Attempt, ...]
    silent: tuple[str, ...]
    left_out: str
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Stand:
    """What stands on the clock beside the attempts."""

    pairs: Sequence[Pair] = ()
    events: Sequence[Event] = ()
    lines: tuple[Line, ...] = ()
    root: str | None = None
    then: datetime | None = None
    around: Window | None = None


def lanes_that_matter(
    incident: Incident, finding: Finding | None, edges: Sequence[Dependency], of_service: Iterable[str]
) -> tuple[str, ...]:
    """Upstream first: the path of what explains it; else its job and what that reads from directly; else the jobs of
    its service."""
    if finding is not None:
        path = lanes_of(finding)
        return path if incident.job in (None, *path) else (*path, str(incident.job))
    if incident.job:
        direct = [step.job for step in around(edges, (incident.job,)).upstream if step.distance == 1]
        return (*upstream_first(edges, direct[: MOST_LANES - 1]), incident.job)
    return upstream_first(edges, sorted(of_service)[:MOST_LANES])


def all_lanes(lanes: Sequence[str], edges: Sequence[Dependency]) -> tuple[str, ...]:
    """These jobs with everything up- and downstream of them, the nearest where there are too many."""
    path = around(edges, lanes)
    near = sorted((*path.upstream, *path.downstream), key=lambda step: (step.distance, step.job))
    return upstream_first(edges, (*lanes, *(step.job for step in near[: max(0, ALL_LANES - len(lanes))])))


def window_of(incident: Incident, pair: Pair | None, attempts: Sequence[Attempt], known: datetime | None) -> Window:
    """From the trouble that explains it, or a while before, to its end, or to what is known."""
    end = incident.resolved_at or max(incident.created_at, known or incident.created_at)
    moments = [incident.created_at, min(end, incident.created_at + LONGEST)]
    if pair is not None and pair.failed_at is not None:
        focus = Focus(pair.logical_run_id, pair.failed_at, pair.upstream_failed_at, pair.upstream_logical_run_id)
        moments += [at for at in stretch(attempts, focus) if at > incident.created_at - 2 * REACH]
    else:
        moments.append(incident.created_at - BEFORE)
    return Window(*with_air(moments, 0.02))


def nearby_attempts(
    engine: Engine, tenant: str, lanes: Sequence[str], window: Window, by: datetime | None = None
) -> list[Attempt]:
    """Also those that began before the window and may reach into it; with `by`, as they were known then."""
    return reading.attempts(engine, tenant, lanes, window.start - REACH, window.end, by)


def around_of(window: Window) -> Window:
    """The longer time of the strip on top: as much again before and after, where that is not too long."""
    span = window.end - window.start
    return Window(window.start - span, window.end + span) if 3 * span <= WIDEST else window


def scene_of(lanes: Sequence[str], attempts: Sequence[Attempt], window: Window, stand: Stand) -> Scene:
    """The picture of these lanes; events are numbered as they come."""
    around = stand.around or window
    within = [one for one in attempts if reaches_into(one, window)]
    near = [one for one in attempts if reaches_into(one, around)]
    ran = {attempt.job for attempt in within}
    jobs = tuple(job for job in lanes if job in ran)
    drawn = most_telling(within, MOST_MARKS)
    beside = most_telling([one for one in near if not reaches_into(one, window)], MOST_MARKS - marks_of(drawn))
    clock = Clock(
        Lanes(
            jobs,
            rows_of([*drawn, *beside]),
            stretch_of(window.start, window.end),
            root=stand.root,
            pairs=stand.pairs,
            notes=notes_of(window, stand),
        ),
        stretch_of(around.start, around.end),
        rows_of(near),
        stand.lines,
        stretch_of(stand.then, stand.then)[0] if stand.then else None,
    )
    left = len(within) - len(drawn)
    return Scene(
        timeline=Timeline(bars_of(drawn, jobs, stand.pairs), Picture(lambda dark: incident_chart(clock, dark=dark))),
        window=window,
        attempts=tuple(drawn),
        silent=tuple(job for job in lanes if job not in ran),
        left_out=f"{plural(left, 'attempt')} of runs that did not fail" if left else "",
        lines=stand.lines,
    )


def reaches_into(attempt: Attempt, window: Window) -> bool:
    return overlaps(attempt, window.start, window.end)


def marks_of(attempts: Iterable[Attempt]) -> int:
    """How many marks these take: a failed one also stripes, a sign, its number and its waiting."""
    return sum(6 if one.status in FAILURES else 2 for one in attempts)


def most_telling(attempts: Sequence[Attempt], most_marks: int) -> list[Attempt]:
    """All where there is room for their marks; else the runs that failed, and as many of the newest others."""
    if marks_of(attempts) <= most_marks:
        return list(attempts)
    failed = {run_key(attempt) for attempt in attempts if attempt.status in FAILURES}
    ranked = sorted(attempts, key=lambda one: (run_key(one) not in failed, -one.started_at.timestamp()))
    room, kept = most_marks, []
    for one in ranked:
        room -= marks_of([one])
        if room < 0:
            break
        kept.append(one)
    return sorted(kept, key=lambda one: (one.started_at, one.run_id))


def notes_of(window: Window, stand: Stand) -> tuple[Note, ...]:
    """A line for each event in the window, numbered as in the table; those too near for two numbers share one."""
    least = (window.end - window.start) / WIDTH * _LABEL_WIDTH
    lines: list[tuple[datetime, Note]] = []
    for number, event in enumerate(stand.events, 1):
        if not window.start <= event.at <= window.end:
            continue
        text = f"{number}. {event.at:%H:%M:%S} UTC · {event.kind}: {event.text}"
        own = event.kind in _OWN
        if lines and event.at - lines[-1][0] < least:
            at, last = lines[-1]
            first, both = last.label.partition("–")[0], own or not last.dashed
            words = f"{last.words}; {text}"
            lines[-1] = at, Note(last.at, f"{first}–{number}", words, _paint(both), not both)
        else:
            at_ms = stretch_of(event.at, event.at)[0]
            lines.append((event.at, Note(at_ms, str(number), text, _paint(own), not own)))
    found = tuple(note for _, note in lines)
    if stand.then is None or not window.start <= stand.then <= window.end:
        return found
    words = f"looked back from here: {moment(stand.then)}"
    return (*found, Note(stretch_of(stand.then, stand.then)[0], "", words, "accent"))


def _paint(own: bool) -> str:
    return "ink" if own else "timed_out"
