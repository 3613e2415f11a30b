"""Which jobs and which stretch of time a finding's pictures show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine

from correlator.evidence.aligned import run_key
from correlator.model import FAILURES, Attempt, Cause, Finding, Pair
from correlator.quantities import moment
from web import reading
from web.scale import around
from web.strip import Strip, Window, draw_strip
from web.timeline import Story, Timeline, draw

MOST_LANES: Final = 12
REACH: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Scene:
    """`around` says in words which failure the timeline is about; `chosen` is its logical run."""

    strip: Strip
    timeline: Timeline | None
    around: str
    chosen: str


def scene_of(engine: Engine, finding: Finding, run: str = "") -> Scene:
    """The strip over the whole window, and the timeline around `run` or the latest failure laid to the cause."""
    jobs = lanes_of(finding)
    start, end = window_of(finding)
    failed = reading.failed_attempts(engine, finding.tenant, jobs, start, end)
    window = Window(start, end, finding.onset, finding.episodes)
    strip = draw_strip(jobs, failed, finding.pairs, window)
    focus = focus_of(finding, failed, run)
    if focus is None:
        return Scene(strip, None, "", "")
    timeline = _timeline(engine, finding, jobs, focus)
    return Scene(strip, timeline, f"around {moment(focus.at)}", focus.run)


@dataclass(frozen=True, slots=True)
class Focus:
    """The failure a timeline is about: its run, when it failed, and when the upstream's trouble began."""

    run: str
    at: datetime
    cause_at: datetime | None = None
    upstream_run: str | None = None


def lanes_of(finding: Finding) -> tuple[str, ...]:
    """Upstream first: the path, or the jobs of the latest episode, or the tested upstreams and the job itself."""
    if finding.cause is Cause.SHARED and finding.episodes:
        others = [job for job in finding.episodes[-1].jobs if job != finding.job]
        return (*others[: MOST_LANES - 1], finding.job)
    if len(finding.path) > 1:
        return tuple(finding.path)
    tested = [edge.upstream for edge in finding.edges if edge.downstream == finding.job]
    return (*dict.fromkeys(job for job in tested[: MOST_LANES - 1] if job != finding.job), finding.job)


def window_of(finding: Finding) -> tuple[datetime, datetime]:
    """The window the verdict rests on; where it is not stated, what its failures span."""
    known = [at for at in (finding.first_failure_at, finding.last_failure_at) if at]
    known += [pair.failed_at for pair in finding.pairs if pair.failed_at]
    if finding.window_start and finding.window_end and finding.window_start < finding.window_end:
        return finding.window_start, finding.window_end
    return around(known or [datetime.fromisoformat("1970-01-01T00:00:00Z")])


def focus_of(finding: Finding, failed: Sequence[Attempt], run: str) -> Focus | None:
    """The pair named by `run`, else the latest pair, else the job's latest failed attempt."""
    dated = [pair for pair in finding.pairs if pair.failed_at]
    wanted = [pair for pair in dated if pair.logical_run_id == run]
    if dated:
        return _pair_focus(wanted[0] if wanted else max(dated, key=lambda pair: str(pair.failed_at)))
    own = [item for item in failed if item.job == finding.job and item.status in FAILURES]
    if not own:
        return None
    last = max(own, key=lambda item: (item.started_at, item.run_id))
    return Focus(last.logical_run_id or last.run_id, last.finished_at or last.started_at)


def _pair_focus(pair: Pair) -> Focus:
    at = pair.failed_at
    if at is None:
        raise ValueError(pair)
    return Focus(pair.logical_run_id, at, pair.upstream_failed_at, pair.upstream_logical_run_id)


def _timeline(engine: Engine, finding: Finding, jobs: Sequence[str], focus: Focus) -> Timeline:
    start = min(focus.at, focus.cause_at or focus.at) - REACH
    attempts = reading.attempts(engine, finding.tenant, jobs, start, focus.at + REACH)
    first, last = stretch(attempts, focus)
    return draw(Story(jobs, attempts, first, last, finding.pairs))


def stretch(attempts: Sequence[Attempt], focus: Focus) -> tuple[datetime, datetime]:
    """From the beginning of the upstream run (or of this run) to the end of this run's last attempt, with some air."""
    keys = {focus.run, focus.upstream_run or focus.run}
    own = [item for item in attempts if run_key(item)[2] in keys or item.run_id in keys]
    moments = [focus.at, focus.cause_at or focus.at, *(item.started_at for item in own)]
    return around(moments + [item.finished_at for item in own if item.finished_at])
