"""What a finding's pictures show on its page: the same definitions as its bundle's, over what the store holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Final

from sqlalchemy import Engine

from correlator.evidence.aligned import run_key
from correlator.evidence.charts.lags import lag_chart
from correlator.evidence.charts.metrics import PANELS, metric_chart
from correlator.evidence.charts.retries import retry_chart
from correlator.evidence.charts.theme import Spec
from correlator.evidence.charts.timeline import timeline
from correlator.evidence.metric_slices import metric_slices, ordered_metrics
from correlator.evidence.rows import AttemptRow
from correlator.model import FAILURES, Attempt, Cause, Finding, Pair
from correlator.store.names import attempts_named
from correlator.text.quantities import moment
from correlator.text.times import micros
from web import reading
from web.pictures.picture import Picture
from web.pictures.scale import around
from web.pictures.timeline import Timeline, bars_of, overlaps, rows_of
from web.reading.series import Series, points_of

MOST_LANES: Final = 12
REACH: Final = timedelta(days=2)
MOST_LATE: Final = 300


@dataclass(frozen=True, slots=True)
class Scene:
    """`around` says in words which failure the close-up is about; `chosen` is its logical run. `rows` are what the
    pictures are made of."""

    timeline: Timeline
    around: str
    chosen: str
    rows: tuple[AttemptRow, ...]


@dataclass(frozen=True, slots=True)
class Focus:
    """The failure a timeline is about: its run, when it failed, and when the upstream's trouble began."""

    run: str
    at: datetime
    cause_at: datetime | None = None
    upstream_run: str | None = None


def scene_of(engine: Engine, finding: Finding, run: str = "") -> Scene:
    """The pictures; close up around `run`, or around the latest failure attributed to the cause."""
    jobs = lanes_of(finding)
    start, end = window_of(finding)
    troubled = reading.troubled_attempts(engine, finding.tenant, jobs, start, end)
    focus = focus_of(finding, [one for one in troubled if one.status in FAILURES], run)
    near = _near(engine, finding, jobs, focus)
    every = {(one.tenant, one.run_id): one for one in (*troubled, *_late(engine, finding, troubled), *near)}
    rows = rows_of(every.values())
    edges = stretch(near, focus) if focus else None
    drawn = [one for one in near if edges and overlaps(one, *edges)]
    micro = (micros(edges[0]), micros(edges[1])) if edges else None
    picture = Picture(lambda dark: timeline(finding, rows, micro, dark=dark))
    return Scene(
        Timeline(bars_of(drawn, jobs, finding.pairs), picture),
        f"around {moment(focus.at)}" if focus else "",
        focus.run if focus else "",
        tuple(rows),
    )


def _near(engine: Engine, finding: Finding, jobs: Sequence[str], focus: Focus | None) -> list[Attempt]:
    if focus is None:
        return []
    start = min(focus.at, focus.cause_at or focus.at) - REACH
    return reading.attempts(engine, finding.tenant, jobs, start, focus.at + REACH)


def _late(engine: Engine, finding: Finding, known: Sequence[Attempt]) -> list[Attempt]:
    """The upstream runs that failures are attributed to though they did not fail: they were late."""
    seen = {run_key(one)[2] for one in known}
    named = dict.fromkeys(pair.upstream_logical_run_id or "" for pair in reversed(finding.pairs))
    missing = [name for name in named if name and name not in seen][:MOST_LATE]
    found = attempts_named(engine, missing) if missing else []
    return [one for one in found if one.tenant in ("", finding.tenant)]


def pictures_of(engine: Engine, finding: Finding, rows: Sequence[AttemptRow]) -> dict[str, Picture]:
    """The pictures below the timeline by name: those of them there is anything to draw for."""
    slices = metric_slices(finding, _series(engine, finding), rows)
    makers: dict[str, Callable[[bool], Spec | None]] = {
        "lags": cache(lambda dark: lag_chart(finding, dark=dark)),
        "metrics": cache(lambda dark: metric_chart(slices, dark=dark)),
        "retries": cache(lambda dark: retry_chart(finding, rows, dark=dark)),
    }
    return {name: Picture(make) for name, make in makers.items() if make(False)}


def _series(engine: Engine, finding: Finding) -> dict[tuple[str, str], Sequence[tuple[int, float]]]:
    """The points of the metrics that are drawn, by metric and job, over the window of the verdict."""
    start, end = window_of(finding)
    wanted = [Series(one.metric, one.job) for one in ordered_metrics(finding)[:PANELS]]
    platform = [Series(one.metric, "") for one in wanted]
    found = points_of(engine, [*wanted, *platform], finding.tenant, start, end)
    return {(one.metric, one.job): found[one] or found[Series(one.metric, "")] for one in wanted}


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


def stretch(attempts: Sequence[Attempt], focus: Focus) -> tuple[datetime, datetime]:
    """From the beginning of the upstream run (or of this run) to the end of this run's last attempt, with some air."""
    keys = {focus.run, focus.upstream_run or focus.run}
    own = [item for item in attempts if run_key(item)[2] in keys or item.run_id in keys]
    moments = [focus.at, focus.cause_at or focus.at, *(item.started_at for item in own)]
    return around(moments + [item.finished_at for item in own if item.finished_at])
