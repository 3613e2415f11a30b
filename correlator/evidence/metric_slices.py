"""The metrics around a finding's troubles, beside quiet days at the same hours. Pure; needs no numerical library."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from correlator.evidence.charts.metrics import PANELS, Band, MetricSlice
from correlator.evidence.rows import AttemptRow
from correlator.evidence.series import DAY, Points, between, quantile, usual_step
from correlator.model import Cause, Finding, MetricEvidence
from correlator.text.quantities import plural
from correlator.text.times import micros

_MINUTE: Final = 60_000_000
BEFORE: Final = 120
AFTER: Final = 60
LINES: Final = 10
CLOCKS: Final = 24
STEPS: Final = (5, 10, 15, 30)
Near = list[tuple[float, float]]
"""(minutes from a trouble, value)."""
SeriesByName = Mapping[tuple[str, str], Points]


def ordered_metrics(finding: Finding) -> list[MetricEvidence]:
    """Those that moved first, then those that did not."""
    return sorted(finding.metrics, key=lambda metric: (not metric.moved, -abs(metric.score), metric.metric))


def metric_slices(finding: Finding, series: SeriesByName, rows: Sequence[AttemptRow]) -> list[MetricSlice]:
    """At most PANELS of the finding's metrics, as far as there are points of them; `series` by metric and job, each
    sorted by time."""
    troubles = trouble_moments(finding, rows)
    wanted = ordered_metrics(finding)[:PANELS]
    slices = [_slice(metric, series.get((metric.metric, metric.job), ()), troubles) for metric in wanted]
    return [each for each in slices if each is not None]


def trouble_moments(finding: Finding, rows: Sequence[AttemptRow]) -> list[int]:
    """When the troubled runs of the root (or of the job itself) started, in microseconds.

    The same moments that the engine compares metrics before: the start of the first attempt.
    """
    if finding.cause is Cause.SHARED:
        return sorted({micros(episode.start) for episode in finding.episodes})
    above = {pair.upstream_logical_run_id for pair in finding.pairs if pair.upstream_logical_run_id}
    runs = above or {pair.logical_run_id for pair in finding.pairs}
    job = finding.root_job or finding.job
    starts: dict[str, int] = {}
    for row in rows:
        if row.job == job and (row.logical_run_id in runs if runs else row.failed):
            starts[row.logical_run_id] = min(row.started_at, starts.get(row.logical_run_id, row.started_at))
    return sorted(starts.values())


def _slice(metric: MetricEvidence, points: Points, troubles: list[int]) -> MetricSlice | None:
    near = [line for moment in troubles if (line := _around(points, moment))]
    if not near:
        return None
    step = next((step for step in STEPS if step >= usual_step(points) / _MINUTE), STEPS[-1])
    lines = near[-LINES:]
    quiet, days = _quiet(points, troubles, step)
    band = f"Band: the same hours on {plural(days, 'quiet day')}, 10th to 90th percentile (dashed: the middle)."
    last = f"the last {len(lines)} of " if len(lines) < len(near) else ""
    words = f"Thin: {last}{plural(len(near), 'troubled run')}; bold with dots: the median of all. {band}"
    return MetricSlice(
        metric.metric,
        metric.job,
        words,
        tuple(_steps(line, step) for line in lines),
        _steps((point for line in near for point in line), step),
        quiet,
    )


def _around(points: Points, moment: int) -> Near:
    """Points of `[moment - BEFORE, moment + AFTER)` as (minutes from the moment, value)."""
    inside = between(points, moment - BEFORE * _MINUTE, moment + AFTER * _MINUTE)
    return [((at - moment) / _MINUTE, value) for at, value in inside]


def _steps(points: Iterable[tuple[float, float]], step: int) -> tuple[tuple[float, float], ...]:
    """(minute, median value) a step."""
    return tuple((band.minute, band.middle) for band in _bands(points, step))


def _bands(points: Iterable[tuple[float, float]], step: int) -> tuple[Band, ...]:
    found: dict[int, list[float]] = {}
    for minute, value in points:
        found.setdefault(round(minute / step), []).append(value)
    return tuple(_band(float(place * step), sorted(values)) for place, values in sorted(found.items()))


def _band(minute: float, values: list[float]) -> Band:
    low, middle, high = (round(quantile(values, share), 6) for share in (0.1, 0.5, 0.9))
    return Band(minute, low, middle, high)


def _quiet(points: Points, troubles: list[int], step: int) -> tuple[tuple[Band, ...], int]:
    """The band over days without trouble, at the clock times of the troubles."""
    bad = {moment // DAY for moment in troubles}
    days = [day for day in range(points[0][0] // DAY, points[-1][0] // DAY + 1) if day not in bad]
    clock = sorted({moment % DAY // (15 * _MINUTE) * 15 * _MINUTE for moment in troubles})[:CLOCKS]
    near = [line for day in days for time in clock if (line := _around(points, day * DAY + time))]
    return (_bands((point for line in near for point in line), step), len(days)) if near else ((), 0)
