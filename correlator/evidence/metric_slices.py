"""The metrics around a finding's troubles, cut out of the tables and set beside quiet days at the same hours."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from correlator.evidence.charts.metrics import PANELS, Band, MetricSlice
from correlator.evidence.rows import AttemptRow
from correlator.model import Cause, Finding, MetricEvidence
from correlator.quantities import plural
from correlator.tables.frames import Tables, to_micros

_MINUTE: Final = 60_000_000
_DAY: Final = 86_400_000_000
BEFORE: Final = 120
AFTER: Final = 60
LINES: Final = 10
STEPS: Final = (5, 10, 15, 30)
Floats = NDArray[np.float64]


def metric_slices(tables: Tables, finding: Finding, rows: tuple[AttemptRow, ...], as_of: int) -> list[MetricSlice]:
    """The metrics that moved first, then those that did not, as far as they are in the tables by `as_of` (µs)."""
    troubles = trouble_moments(finding, rows)
    ordered = sorted(finding.metrics, key=lambda metric: (not metric.moved, -abs(metric.score), metric.metric))
    slices = [_slice(tables, finding, metric, troubles, as_of) for metric in ordered[:PANELS]]
    return [each for each in slices if each is not None]


def trouble_moments(finding: Finding, rows: tuple[AttemptRow, ...]) -> list[int]:
    """When the troubled runs of the root (or of the job itself) started, in microseconds.

    The same moments that the engine compares metrics before: the start of the first attempt.
    """
    if finding.cause is Cause.SHARED:
        return sorted({to_micros(episode.start) for episode in finding.episodes})
    above = {pair.upstream_logical_run_id for pair in finding.pairs if pair.upstream_logical_run_id}
    runs = above or {pair.logical_run_id for pair in finding.pairs}
    job = finding.root_job or finding.job
    starts: dict[str, int] = {}
    for row in rows:
        if row.job == job and (row.logical_run_id in runs if runs else row.failed):
            starts[row.logical_run_id] = min(row.started_at, starts.get(row.logical_run_id, row.started_at))
    return sorted(starts.values())


def _slice(
    tables: Tables, finding: Finding, metric: MetricEvidence, troubles: list[int], as_of: int
) -> MetricSlice | None:
    at, value = _series(tables.metrics, metric, finding.tenant, as_of)
    if not len(at) or not troubles:
        return None
    step = _step(at)
    lines = [line for moment in troubles[-LINES:] if len(line := _around(at, value, moment))]
    everything = [line for moment in troubles if len(line := _around(at, value, moment))]
    if not everything:
        return None
    quiet, days = _quiet(at, value, troubles, step)
    band = f"Band: the same hours on {plural(days, 'quiet day')}, 10th to 90th percentile (dashed: the middle)."
    last = f"the last {len(lines)} of " if len(lines) < len(everything) else ""
    words = f"Thin: {last}{plural(len(everything), 'troubled run')}; bold with dots: the median of all. {band}"
    return MetricSlice(
        metric.metric,
        metric.job,
        words,
        tuple(_steps(line, step) for line in lines),
        _steps(np.concatenate(everything), step),
        quiet,
    )


def _series(frame: pd.DataFrame, metric: MetricEvidence, tenant: str, as_of: int) -> tuple[NDArray[np.int64], Floats]:
    """The metric's points of the job, of this tenant where it is measured by tenant, sorted by time."""
    named = frame[(frame["metric"] == metric.metric) & (frame["at"] <= as_of)]
    of_job = named[named["job"].astype(str) == metric.job]
    named = of_job if len(of_job) else named[named["job"].isna() | (named["job"].astype(str) == "")]
    of_tenant = named[named["tenant"].astype(str) == tenant]
    chosen = (of_tenant if len(of_tenant) else named[named["tenant"].astype(str) == ""]).sort_values(
        "at", kind="stable"
    )
    return chosen["at"].to_numpy(np.int64), chosen["value"].to_numpy(np.float64)


def _around(at: NDArray[np.int64], value: Floats, moment: int) -> Floats:
    """Points `[moment - BEFORE, moment + AFTER]` as rows of (minutes from the moment, value)."""
    low, high = np.searchsorted(at, [moment - BEFORE * _MINUTE, moment + AFTER * _MINUTE])
    return np.column_stack(((at[low:high] - moment) / _MINUTE, value[low:high]))


def _step(at: NDArray[np.int64]) -> int:
    """Minutes between two points of the picture: as the metric is sampled, five at least."""
    gap = float(np.median(np.diff(at))) / _MINUTE if len(at) > 1 else 0.0
    return next((step for step in STEPS if step >= gap), STEPS[-1])


def _steps(points: Floats, step: int) -> tuple[tuple[float, float], ...]:
    """(minute, median value) a step."""
    return tuple((band.minute, band.middle) for band in _bands(points, step))


def _bands(points: Floats, step: int) -> tuple[Band, ...]:
    place = np.round(points[:, 0] / step)
    return tuple(_band(float(at) * step, points[place == at, 1]) for at in np.unique(place))


def _band(minute: float, values: Floats) -> Band:
    low, middle, high = np.round(np.quantile(values, [0.1, 0.5, 0.9]), 6)
    return Band(minute, float(low), float(middle), float(high))


def _quiet(at: NDArray[np.int64], value: Floats, troubles: list[int], step: int) -> tuple[tuple[Band, ...], int]:
    """The band over days without trouble, at the clock times of the troubles."""
    bad = {moment // _DAY for moment in troubles}
    days = [day for day in range(int(at[0] // _DAY), int(at[-1] // _DAY) + 1) if day not in bad]
    clock = sorted({moment % _DAY // (15 * _MINUTE) * 15 * _MINUTE for moment in troubles})[:24]
    pieces = [piece for day in days for time in clock if len(piece := _around(at, value, day * _DAY + time))]
    if not pieces:
        return (), 0
    return _bands(np.concatenate(pieces), step), len(days)
