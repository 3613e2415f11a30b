"""How all pictures look, and the few words of Vega-Lite they are written in.

A picture is a Vega-Lite specification as a plain dictionary: panels below one another, each some layers over rows that
travel inside. Every domain is stated, and heights do not depend on the data, so that whoever draws it - the browser, or
`svg.py` without one - draws the same: UTC, light or dark, and never colour alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

FONT: Final = "Liberation Sans"
WIDTH: Final = 880
LEFT: Final = 52
"""Pixels for the labels of a value axis."""
MOST_MARKS: Final = 1500
SCHEMA: Final = "https://vega.github.io/schema/vega-lite/v6.json"
Spec = dict[str, Any]
Values = Iterable[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours told apart by the usual forms of colour blindness, and by lightness."""

    ink: str
    soft: str
    grid: str
    paper: str
    passed: str
    failed: str
    timed_out: str
    waiting: str
    band: str
    accent: str


LIGHT: Final = Palette(
    "#1b1f24", "#57606a", "#e4e8ec", "#ffffff", "#2c7a56", "#c2263e", "#b45309", "#79838e", "#cfd8e3", "#0550ae"
)
DARK: Final = Palette(
    "#e6edf3", "#9aa4af", "#2a313a", "#0d1117", "#4fb286", "#ff7b86", "#f0a04b", "#8b95a0", "#3a4656", "#79c0ff"
)


def palette(dark: bool) -> Palette:
    return DARK if dark else LIGHT


# --- words -----------------------------------------------------------------------------------------------------


def layer(values: Values, mark: str, encoding: Spec, **properties: Any) -> Spec:
    """Marks of one kind on these rows."""
    rows = [dict(row) for row in values]
    return {"data": {"values": rows}, "mark": {"type": mark, **properties}, "encoding": encoding}


def pixels(field: str) -> Spec:
    """A position that the rows give in pixels."""
    return {"field": field, "type": "quantitative", "scale": None, "axis": None}


def at_pixel(value: float) -> Spec:
    return {"value": value}


def time(field: str, domain: Sequence[int] | Spec, axis: Spec | None = None) -> Spec:
    """A moment in milliseconds; the domain is two of them, or the brush that sets it.

    Two moments are stated as signals: Vega's interpreter, which needs no `eval`, cannot read them as plain times."""
    moments = domain if isinstance(domain, dict) else [{"expr": str(edge)} for edge in domain]
    scale: Spec = {"type": "utc", "nice": False, "domain": moments}
    return _on_axis({"field": field, "type": "temporal", "scale": scale}, axis)


def value(field: str, domain: Sequence[float], axis: Spec | None = None) -> Spec:
    scale = {"domain": list(domain), "zero": False, "nice": False}
    return _on_axis({"field": field, "type": "quantitative", "scale": scale}, axis)


def _on_axis(position: Spec, axis: Spec | None) -> Spec:
    """Layers of a panel share their axis: the others must neither name it nor take it away."""
    return position | {"title": None} | ({"axis": axis} if axis else {})


def by(field: str, paints: Mapping[str, str]) -> Spec:
    """A colour (or a shape) that stands for a word; the legend is drawn as marks of its own."""
    scale = {"domain": list(paints), "range": list(paints.values())}
    return {"field": field, "type": "nominal", "scale": scale, "legend": None}


def raw(field: str) -> Spec:
    """A number that is taken as it stands, for example an opacity."""
    return {"field": field, "type": "quantitative", "scale": None, "legend": None}


def told(field: str = "words") -> dict[str, Spec]:
    """What a mark says of itself: to screen readers, and under the pointer."""
    words = {"field": field, "type": "nominal"}
    return {"description": words, "tooltip": words}


_CLOCK: Final = {
    **dict.fromkeys(("hours", "minutes"), "%H:%M"),
    **dict.fromkeys(("date", "week", "day"), "%-d %b"),
    "seconds": "%H:%M:%S",
    "month": "%b",
    "year": "%Y",
}


def time_axis(*, labels: bool = True, top: bool = False, ticks: int = 10) -> Spec:
    orient = "top" if top else "bottom"
    axis: Spec = {"title": None, "tickCount": ticks, "labelOverlap": True, "orient": orient, "format": _CLOCK}
    return axis if labels else axis | {"labels": False, "ticks": False, "domain": False}


def value_axis(ticks: int = 4, **more: Any) -> Spec:
    return {"title": None, "tickCount": ticks, "minExtent": LEFT - 8, "maxExtent": LEFT - 8, **more}


_OWN_PAINTS: Final = dict.fromkeys(("color", "fill", "stroke", "shape"), "independent")


def panel(layers: Iterable[Spec], height: float, title: str = "", words: str = "", **more: Any) -> Spec:
    drawn = [each for each in layers if each["data"]["values"]]
    made: Spec = {"width": WIDTH, "height": height, "layer": drawn, "resolve": {"scale": _OWN_PAINTS}, **more}
    if title:
        made["title"] = {"text": title, **({"subtitle": [words]} if words else {})}
    return made


def finished(panels: Iterable[Spec], colours: Palette, described: str) -> Spec:
    """The panels as one specification, with the common configuration."""
    return {
        "$schema": SCHEMA,
        "description": described,
        "background": colours.paper,
        "padding": {"left": 8, "right": 12, "top": 6, "bottom": 6},
        "spacing": 16,
        "vconcat": list(panels),
        "config": config(colours),
    }


def config(colours: Palette) -> Spec:
    """How everything looks that a picture does not say of itself."""
    font = {"labelFont": FONT, "titleFont": FONT}
    text = {"labelColor": colours.ink, "titleColor": colours.soft, "labelFontSize": 11, "titleFontWeight": "normal"}
    lines = {"gridColor": colours.grid, "domainColor": colours.soft, "tickColor": colours.soft}
    title = {"color": colours.ink, "subtitleColor": colours.soft, "fontSize": 13, "subtitleFontSize": 11}
    return {
        "font": FONT,
        "view": {"stroke": colours.grid},
        "axis": {**font, **text, **lines},
        "title": {"font": FONT, "subtitleFont": FONT, "anchor": "start", "fontWeight": "bold", **title},
    }


def marks(specification: Spec) -> int:
    """How many rows there are to draw."""
    return sum(len(each["data"]["values"]) for one in specification["vconcat"] for each in one["layer"])


# --- the legend ------------------------------------------------------------------------------------------------

_LETTER: Final = 6.1


@dataclass(frozen=True, slots=True)
class Sign:
    """One entry of a legend: a bar (`shape` ""), or a shape, in a colour, filled or hollow."""

    words: str
    colour: str
    shape: str = ""
    solid: float = 1.0
    striped: bool = False


def legend(signs: Sequence[Sign], colours: Palette) -> Spec:
    """A panel that says what the marks mean, drawn as marks itself."""
    rows: list[dict[str, Any]] = []
    x = 0.0
    for sign in signs:
        rows.append({"x": x, "x2": x + 22, "text": x + 28, "words": sign.words, "solid": sign.solid, "sign": sign})
        x += 28 + _LETTER * len(sign.words) + 18
    layers = [drawn for row in rows for drawn in _signs(row, row.pop("sign"), colours)]
    words = {"x": pixels("text"), "y": at_pixel(8), "text": {"field": "words", "type": "nominal"}}
    layers.append(layer(rows, "text", words, align="left", baseline="middle", fontSize=11, color=colours.soft))
    return panel(layers, 16, view={"stroke": None})


def _signs(row: dict[str, Any], sign: Sign, colours: Palette) -> list[Spec]:
    if sign.shape:
        at = {"x": at_pixel(row["x"] + 14), "y": at_pixel(8)}
        fill = sign.colour if sign.solid else colours.paper
        return [
            layer(
                [row], "point", at, shape=sign.shape, size=64, stroke=sign.colour, fill=fill, strokeWidth=1.4, opacity=1
            )
        ]
    box = {"x": pixels("x"), "x2": {"field": "x2"}, "y": at_pixel(2), "y2": at_pixel(14)}
    drawn = [layer([row], "bar", box, stroke=sign.colour, fill=sign.colour, fillOpacity=sign.solid, strokeWidth=1.4)]
    if sign.striped:
        drawn += [_stripe(row, y, sign.colour) for y in (6, 10)]
    return drawn


def _stripe(row: dict[str, Any], y: float, colour: str) -> Spec:
    line = {"x": pixels("x"), "x2": {"field": "x2"}, "y": at_pixel(y)}
    return layer([row], "rule", line, color=colour, strokeWidth=1.2)
