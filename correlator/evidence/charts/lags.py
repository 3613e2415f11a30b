"""The lag profile: how long after the upstream run began the runs began that failed, in bins, with the median."""

from __future__ import annotations

from statistics import median
from typing import Any, Final

import altair as alt

from correlator.evidence.charts.theme import WIDTH, chart, finished, palette
from correlator.model import Finding
from correlator.quantities import duration, one_line, plural

BINS: Final = 12
LEAST: Final = 3
_STEPS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)


def lag_chart(finding: Finding, *, dark: bool = False) -> dict[str, Any] | None:
    """A Vega-Lite specification, None with fewer than three pairs that have a lag."""
    lags = sorted(pair.lag_seconds for pair in finding.pairs if pair.lag_seconds is not None)
    if len(lags) < LEAST:
        return None
    colours = palette(dark)
    unit, word = _unit(lags[-1])
    x = alt.X(
        "from:Q",
        scale=alt.Scale(zero=False, padding=12),
        title=f"{word} from the start of the upstream run to the start of the run that failed",
    )
    y = alt.Y("runs:Q", title="failed runs", axis=alt.Axis(tickMinStep=1))
    bars = chart(_bins(lags, unit)).mark_bar(color=colours.band, stroke=colours.ink, strokeWidth=1)
    counts = chart(_bins(lags, unit)).mark_text(dy=-6, color=colours.ink, fontSize=11)
    middle = [{"at": round(median(lags) / unit, 3), "words": f"median {duration(median(lags))}"}]
    rule = chart(middle).mark_rule(color=colours.accent, strokeDash=[5, 4], strokeWidth=1.6).encode(x="at:Q")
    label = chart(middle).mark_text(color=colours.accent, align="left", dx=5, fontSize=11, fontWeight="bold")
    title = one_line(f"Lag between {finding.root_job or 'upstream'} and {finding.job}", 120)
    words = [f"{plural(len(lags), 'pair')}; all between {duration(lags[0])} and {duration(lags[-1])}."]
    layers = (
        bars.encode(x=x, x2="to:Q", y=y, y2="zero:Q"),
        counts.encode(x="middle:Q", y="runs:Q", text="label:N"),
        rule,
        label.encode(x="at:Q", y=alt.value(8), text="words:N"),
    )
    drawn = alt.layer(*layers).properties(width=WIDTH, height=150, title=alt.TitleParams(title, subtitle=words))
    return finished(alt.vconcat(drawn), colours)


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
        }
        for place, count in sorted(counts.items())
    ]
