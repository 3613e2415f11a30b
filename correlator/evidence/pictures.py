"""A bundle's pictures from a finding and its history: specifications first, files when they are wanted."""

from __future__ import annotations

from typing import Any

from correlator.evidence.attempts import attempt_rows, episode_rows
from correlator.evidence.blocks import Picture
from correlator.evidence.charts.lags import lag_chart
from correlator.evidence.charts.metrics import metric_chart
from correlator.evidence.charts.retries import retry_chart
from correlator.evidence.charts.svg import svg
from correlator.evidence.charts.timeline import timeline
from correlator.evidence.metric_series import series_in
from correlator.evidence.metric_slices import metric_slices
from correlator.evidence.rendering import to_png
from correlator.evidence.rows import AttemptRow
from correlator.model import Cause, Finding
from correlator.tables.frames import Tables

Specifications = dict[str, dict[str, Any]]


def specifications(
    tables: Tables, finding: Finding, as_of: int, rows: tuple[AttemptRow, ...] | None = None, *, dark: bool = False
) -> Specifications:
    """Vega-Lite specifications by name: `timeline`; `metrics` where a metric was compared, `lags` where there are
    pairs, `retries` where anything failed first."""
    rows = attempt_rows(tables, finding, as_of) if rows is None else rows
    found = {
        "timeline": timeline(finding, _lanes(tables, finding, rows, as_of), dark=dark),
        "metrics": metric_chart(metric_slices(finding, series_in(tables, finding, as_of), rows), dark=dark),
        "lags": lag_chart(finding, dark=dark),
        "retries": retry_chart(finding, rows, dark=dark),
    }
    return {name: drawn for name, drawn in found.items() if drawn is not None}


def _lanes(tables: Tables, finding: Finding, rows: tuple[AttemptRow, ...], as_of: int) -> tuple[AttemptRow, ...]:
    return episode_rows(tables, finding, as_of) if finding.cause is Cause.SHARED else rows


def vectors(specified: Specifications) -> dict[str, bytes]:
    """An SVG for each of them."""
    return {f"{name}.svg": svg(one).encode("utf-8", errors="replace") for name, one in specified.items()}


def pixels(specified: Specifications) -> dict[str, bytes]:
    """`timeline.png`. Takes a second or two, nearly all of it in a process of its own."""
    return {"timeline.png": to_png(specified["timeline"])}


def _lanes_words(finding: Finding) -> str:
    if finding.cause is Cause.SHARED:
        return f"{finding.job} and the jobs hit with it: attempts in lanes, one a job"
    if len(finding.path) > 1:
        return f"{' → '.join(finding.path)}: attempts in lanes, upstream above downstream"
    return f"{finding.job}: its attempts"


def shown(names: frozenset[str], finding: Finding) -> tuple[Picture, ...]:
    """The pictures among a bundle's files, with what they show in words."""
    words = {
        "timeline.svg": f"Timeline of {_lanes_words(finding)}, over the whole window and close up.",
        "metrics.svg": "The metrics before each failure, against the same hours on quiet days.",
        "lags.svg": "Lag profile: how long after the upstream run began the runs began that failed.",
        "retries.svg": "Retry debt: runs that passed only on a retry, runs that never passed, and minutes lost.",
    }
    return tuple(Picture(name, text) for name, text in words.items() if name in names)
