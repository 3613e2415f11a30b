"""One incident on one clock: which jobs, which stretch of time, and what stands on it beside their attempts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine

from correlator.evidence.aligned import run_key
from correlator.model import FAILURES, Attempt, Dependency, Finding, Incident, Pair
from correlator.quantities import plural
from web import reading
from web.reading.incidents import Event
from web.reading.paths import around, upstream_first
from web.scale import around as with_air
from web.scenes import MOST_LANES, Focus, lanes_of, stretch
from web.timeline import Moment, Story, Timeline, draw

REACH: Final = timedelta(hours=6)
BEFORE: Final = timedelta(hours=2)
LONGEST: Final = timedelta(hours=12)
"""An incident that stays open for longer is shown up to here; the address can ask for any other stretch."""
ALL_LANES: Final = 40
MOST_BARS: Final = 1000
_LABEL_WIDTH: Final = 18.0
_OWN: Final = ("opened", "resolved", "log entry", "alert")


@dataclass(frozen=True, slots=True)
class Window:
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Scene:
    """`silent`: jobs without an attempt in the window, which get no lane; `left_out`: what is not drawn, in words."""

    timeline: Timeline
    window: Window
    attempts: tuple[Attempt, ...]
    silent: tuple[str, ...]
    left_out: str


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


def scene_of(
    lanes: Sequence[str],
    attempts: Sequence[Attempt],
    window: Window,
    pairs: Sequence[Pair],
    events: Sequence[Event],
) -> Scene:
    """The picture of these lanes; `events` are numbered as they come."""
    within = [one for one in attempts if reaches_into(one, window)]
    ran = {attempt.job for attempt in within}
    drawn = most_telling(within, MOST_BARS)
    story = Story(tuple(job for job in lanes if job in ran), drawn, window.start, window.end, pairs)
    timeline = draw(story)
    left = len(within) - len(drawn)
    return Scene(
        timeline=replace(timeline, moments=moments_of(timeline, events)),
        window=window,
        attempts=tuple(drawn),
        silent=tuple(job for job in lanes if job not in ran),
        left_out=f"{plural(left, 'attempt')} of runs that did not fail" if left else "",
    )


def reaches_into(attempt: Attempt, window: Window) -> bool:
    return attempt.started_at <= window.end and (attempt.finished_at or window.end) >= window.start


def most_telling(attempts: Sequence[Attempt], most: int) -> list[Attempt]:
    """All where they are few enough; else the runs that failed, and as many of the newest others as there is room."""
    if len(attempts) <= most:
        return list(attempts)
    failed = {run_key(attempt) for attempt in attempts if attempt.status in FAILURES}
    ranked = sorted(attempts, key=lambda one: (run_key(one) not in failed, -one.started_at.timestamp()))
    return sorted(ranked[:most], key=lambda one: (one.started_at, one.run_id))


def moments_of(timeline: Timeline, events: Sequence[Event]) -> tuple[Moment, ...]:
    """A line for each event in the window, numbered as in the table; those too near for two numbers share one."""
    lines: list[Moment] = []
    for number, event in enumerate(events, 1):
        if not timeline.scale.holds(event.at):
            continue
        x, text = timeline.scale.x(event.at), f"{number}. {event.at:%H:%M:%S} UTC · {event.kind}: {event.text}"
        kind = "incident" if event.kind in _OWN else "change"
        if lines and x - lines[-1].x < _LABEL_WIDTH:
            first = lines[-1].label.partition("–")[0]
            both = "incident" if "incident" in (kind, lines[-1].kind) else kind
            lines[-1] = Moment(lines[-1].x, f"{lines[-1].text}\n{text}", both, f"{first}–{number}")
        else:
            lines.append(Moment(x, text, kind, str(number)))
    return tuple(lines)
