"""The lag profile: how long after the upstream run began the runs began that failed, in bins, with the median."""

from __future__ import annotations

from statistics import median
from typing import Any, Final

from correlator.evidence.charts.axes import round_domain
from correlator.evidence.charts.theme import (
    Spec,
    at_pixel,
    finished,
    layer,
    palette,
    panel,
    told,
    value,
    value_axis,
)
from correlator.model import Finding
from correlator.text.quantities import duration, one_line, plural

BINS: Final = 12
LEAST: Final = 3
_STEPS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)


def lag_chart(finding: Finding, *, dark: bool = False) -> Spec | None:
    """A Vega-Lite specification, None with fewer than three pairs of the root that have a lag."""
    own = (pair for pair in finding.pairs if pair.upstream_job == finding.root_job)
    lags = sorted(pair.lag_seconds for pair in own if pair.lag_seconds is not None)
    if len(lags) < LEAST:
        return None
    colours, (unit, word) = palette(dark), _unit(lags[-1])
    bins = _bins(lags, unit)
    low, high = bins[0]["from"], bins[-1]["to"]
    air = max((high - low) / 20, (high - low) / len(bins) / 10)
    words = f"{word} from the start of the upstream run to the start of the run that failed"
    axis: Spec = {"title": words, "tickCount": 10, "orient": "bottom", "labelOverlap": True}
    x, across = value("from", (low - air, high + air), axis), (low - air, high + air)
    most = round_domain(0, max(each["runs"] for each in bins) * 1.15)[1]
    y = value("runs", (0, most), value_axis(tickMinStep=1))
    middle = [{"at": round(median(lags) / unit, 3), "words": f"median {duration(median(lags))}"}]
    boxes = {"x": x, "x2": {"field": "to"}, "y": y, "y2": {"field": "zero"}, **told()}
    counts = {"x": value("middle", across), "y": value("runs", (0, most)), "text": _words("label")}
    median_words = {"x": value("at", across), "y": at_pixel(8), "text": _words("words")}
    layers = [
        layer(bins, "bar", boxes, fill=colours.band, stroke=colours.ink, strokeWidth=1),
        layer(bins, "text", counts, dy=-6, color=colours.ink, fontSize=11),
        layer(middle, "rule", {"x": value("at", across)}, color=colours.accent, strokeDash=[5, 4], strokeWidth=1.6),
        layer(middle, "text", median_words, align="left", dx=5, color=colours.accent, fontSize=11, fontWeight="bold"),
    ]
    title = one_line(f"Lag between {finding.root_job or 'upstream'} and {finding.job}", 120)
    said = f"{plural(len(lags), 'pair')}; all between {duration(lags[0])} and {duration(lags[-1])}."
    return finished([panel(layers, 150, title, said)], colours, f"{title}. {said}")


def _words(field: str) -> Spec:
    return {"field": field, "type": "nominal"}


def _unit(most: float) -> tuple[int, str]:
    if most < 300:
        return 1, "seconds"
    return (60, "minutes") if most < 4 * 3600 else (3600, "hours")


def _bins(lags: list[float], unit: int) -> list[dict[str, Any]]:
    """At most about `BINS` bins of a round width; empty ones are left out."""
    width = next((step for step in _STEPS if (lags[-1] - lags[0]) / step <= BINS), lags[-1] - lags[0])
    counts: dict[int, int] = {}
    for lag in lags:
        counts[int(lag // width)] = counts.get(int(lag // width), 0) + 1
    return [
        {
            "from": round(place * width / unit, 4),
            "to": round((place + 1) * width / unit, 4),
            "middle": round((place + 0.5) * width / unit, 4),
            "zero": 0,
            "runs": count,
            "label": str(count),
            "words": f"{plural(count, 'failed run')}: {duration(place * width)} to {duration((place + 1) * width)}",
        }
        for place, count in sorted(counts.items())
    ]
