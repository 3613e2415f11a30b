"""The metric before the failure: one thin line a failure, against the band of quiet days at the same hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import altair as alt

from correlator.evidence.charts.theme import WIDTH, Layers, Palette, chart, finished, palette
from correlator.quantities import one_line, unit_of

PANELS: Final = 3
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Band:
    """Quiet days at one distance (minutes) from the trouble's clock time: tenth, middle and ninetieth percentile."""

    minute: float
    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True)
class MetricSlice:
    """One metric around the troubles. `lines` are (minute, value) points a trouble; `middle` is their median."""

    metric: str
    job: str
    words: str
    lines: tuple[tuple[tuple[float, float], ...], ...]
    middle: tuple[tuple[float, float], ...]
    quiet: tuple[Band, ...]


def metric_chart(slices: Sequence[MetricSlice], *, dark: bool = False) -> dict[str, Any] | None:
    """A Vega-Lite specification with a panel a metric (at most three), or None when there is no metric."""
    if not slices:
        return None
    colours = palette(dark)
    return finished(alt.vconcat(*(_panel(each, colours) for each in slices[:PANELS])), colours)


def _panel(each: MetricSlice, colours: Palette) -> Layers:
    unit = unit_of(each.metric)
    title = f"{each.metric} ({unit})" if unit else each.metric
    layers = [*_quiet(each, colours), *_lines(each, colours), _zero(colours)]
    return alt.layer(*layers).properties(
        width=WIDTH,
        height=170,
        title=alt.TitleParams(one_line(f"{title} of {each.job}", 120), subtitle=[each.words]),
    )


def _x() -> alt.X:
    return alt.X(
        "minute:Q", title="minutes from the start of the run that failed or ran late", axis=alt.Axis(tickCount=12)
    )


def _y() -> alt.Y:
    return alt.Y("value:Q", title=None, scale=alt.Scale(zero=False, nice=True))


def _quiet(each: MetricSlice, colours: Palette) -> list[alt.Chart]:
    if not each.quiet:
        return []
    values = [{"minute": b.minute, "low": b.low, "value": b.middle, "high": b.high} for b in each.quiet]
    base = chart(values)
    area = base.mark_area(color=colours.band, opacity=0.75).encode(
        x=_x(), y=alt.Y("low:Q", title=None, scale=alt.Scale(zero=False)), y2="high:Q"
    )
    return [area, base.mark_line(color=colours.soft, strokeDash=[4, 3], strokeWidth=1.6).encode(x=_x(), y=_y())]


def _lines(each: MetricSlice, colours: Palette) -> list[alt.Chart]:
    thin: list[Row] = [
        {"minute": minute, "value": value, "line": str(number)}
        for number, line in enumerate(each.lines)
        for minute, value in line
    ]
    thick = [{"minute": minute, "value": value} for minute, value in each.middle]
    many = chart(thin).mark_line(color=colours.failed, opacity=0.35, strokeWidth=1)
    one = chart(thick).mark_line(color=colours.failed, strokeWidth=2.6, point={"size": 18})
    one = one.encode(x=_x(), y=_y())
    return [many.encode(x=_x(), y=_y(), detail="line:N"), one] if thin else [one]


def _zero(colours: Palette) -> alt.Chart:
    rule = chart([{"minute": 0}]).mark_rule(color=colours.ink, strokeDash=[2, 2])
    drawn: alt.Chart = rule.encode(x=alt.X("minute:Q"))
    return drawn
