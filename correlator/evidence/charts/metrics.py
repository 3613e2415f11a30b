"""The metric before the failure: one thin line a failure, against the band of quiet days at the same hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from correlator.evidence.charts.axes import round_domain
from correlator.evidence.charts.theme import Palette, Spec, finished, layer, palette, panel, value, value_axis
from correlator.text.quantities import one_line, unit_of

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


def metric_chart(slices: Sequence[MetricSlice], *, dark: bool = False) -> Spec | None:
    """A Vega-Lite specification with a panel a metric (at most three), or None when there is no metric."""
    if not slices:
        return None
    colours = palette(dark)
    names = ", ".join(each.metric for each in slices[:PANELS])
    return finished([_panel(each, colours) for each in slices[:PANELS]], colours, f"{names} before each failure")


def _panel(each: MetricSlice, colours: Palette) -> Spec:
    unit = unit_of(each.metric)
    title = f"{each.metric} ({unit})" if unit else each.metric
    xs, ys = _domains(each)
    layers = [*_quiet(each, xs, ys, colours), *_lines(each, xs, ys, colours), _zero(xs, colours)]
    return panel(layers, 160, one_line(f"{title} of {each.job}", 120), each.words)


Domain = tuple[float, float]


def _domains(each: MetricSlice) -> tuple[Domain, Domain]:
    """Minutes and values that hold everything that is drawn."""
    points = [point for line in (*each.lines, each.middle) for point in line]
    minutes = [minute for minute, _ in points] + [band.minute for band in each.quiet] + [0.0]
    values = [value for _, value in points] + [edge for band in each.quiet for edge in (band.low, band.high)]
    return (min(minutes), max(minutes)), round_domain(min(values), max(values))


def _x(domain: Domain) -> Spec:
    title = "minutes from the start of the run that failed or ran late"
    return value("minute", domain, {"title": title, "tickCount": 12, "orient": "bottom", "labelOverlap": True})


def _quiet(each: MetricSlice, xs: Domain, ys: Domain, colours: Palette) -> list[Spec]:
    if not each.quiet:
        return []
    values = [{"minute": b.minute, "low": b.low, "value": b.middle, "high": b.high} for b in each.quiet]
    between = {"x": _x(xs), "y": value("low", ys, value_axis()), "y2": {"field": "high"}}
    along = {"x": _x(xs), "y": value("value", ys, value_axis())}
    return [
        layer(values, "area", between, color=colours.band, opacity=0.75),
        layer(values, "line", along, color=colours.soft, strokeDash=[4, 3], strokeWidth=1.6),
    ]


def _lines(each: MetricSlice, xs: Domain, ys: Domain, colours: Palette) -> list[Spec]:
    thin: list[Row] = [
        {"minute": minute, "value": value, "line": str(number)}
        for number, line in enumerate(each.lines)
        for minute, value in line
    ]
    thick = [{"minute": minute, "value": value} for minute, value in each.middle]
    along = {"x": _x(xs), "y": value("value", ys, value_axis())}
    apart = along | {"detail": {"field": "line", "type": "nominal"}}
    many = layer(thin, "line", apart, color=colours.failed, opacity=0.35, strokeWidth=1.0)
    point = {"size": 18, "color": colours.failed}
    one = layer(thick, "line", along, color=colours.failed, strokeWidth=2.6, point=point)
    return [many, one] if thin else [one]


def _zero(xs: Domain, colours: Palette) -> Spec:
    return layer([{"minute": 0}], "rule", {"x": _x(xs)}, color=colours.ink, strokeDash=[2, 2], strokeWidth=1.0)
