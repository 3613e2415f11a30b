"""Draws a picture's definition as a light SVG, without a browser and without a renderer's hundreds of megabytes.

It draws what `theme.py` can say, and nothing else of Vega-Lite. The same picture stands in a bundle and on a page until
(or instead of) the interactive one; the bytes follow from the definition alone. Each paint is written as a colour and
as a class (`f-failed`, `s-grid`), so that a page can give it the viewer's theme.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from correlator.evidence.charts.axes import time_ticks, value_ticks
from correlator.evidence.charts.svg_marks import Frame, Scale, draw_mark
from correlator.evidence.charts.svg_words import attributes, figure, paints
from correlator.evidence.charts.theme import DARK, FONT, LEFT, LIGHT, Palette, Spec

_TITLE: Final = 18
_SUBTITLE: Final = 15
_AXIS: Final = 20


def svg(specification: Spec) -> str:
    """The whole picture as an SVG document that needs nothing beside it."""
    padding, spacing = specification["padding"], specification["spacing"]
    colours = _palette(specification)
    brushed = _brushed(specification)
    left = padding["left"] + (LEFT if any(_axis(one, "y") for one in specification["vconcat"]) else 0)
    y, body = float(padding["top"]), list[str]()
    for one in specification["vconcat"]:
        panel = _Panel(one, brushed, colours)
        body.append(f'<g transform="translate({left},{figure(y + panel.above)})">{"".join(panel.drawn())}</g>')
        y += panel.above + one["height"] + panel.below + spacing
    width = left + max(one["width"] for one in specification["vconcat"]) + padding["right"]
    height = y - spacing + padding["bottom"]
    head = attributes({"width": width, "height": figure(height), "viewBox": f"0 0 {width} {figure(height)}"})
    about = escape(specification["description"], quote=True)
    paper = f'<rect width="100%" height="100%" {paints(fill=specification["background"])}/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {head} role="img" aria-label="{about}" '
        f'font-family="{FONT}, Arial, sans-serif">{paper}{"".join(body)}</svg>'
    )


def _palette(specification: Spec) -> Palette:
    return DARK if specification["background"] == DARK.paper else LIGHT


def _brushed(specification: Spec) -> dict[str, list[float]]:
    """What the brushes begin with, by their names."""
    layers = [each for one in specification["vconcat"] for each in one["layer"]]
    return {one["name"]: one["value"]["x"] for each in layers for one in each.get("params", ())}


def _moment(edge: Any) -> float:
    """The end of a domain: a number, or one that is stated as a signal."""
    return float(edge["expr"] if isinstance(edge, dict) else edge)


def _axis(panel: Spec, channel: str) -> dict[str, Any] | None:
    found = (each["encoding"].get(channel, {}).get("axis") for each in panel["layer"])
    return next((axis for axis in found if axis), None)


@dataclass(frozen=True)
class _Panel:
    spec: Spec
    brushed: Mapping[str, list[float]]
    colours: Palette

    @property
    def above(self) -> int:
        title, axis = self.spec.get("title"), _axis(self.spec, "x")
        top = _AXIS if axis and axis["orient"] == "top" and axis.get("labels", True) else 0
        return top + (_TITLE + _SUBTITLE * ("subtitle" in title) + 4 if title else 0)

    @property
    def below(self) -> int:
        axis = _axis(self.spec, "x")
        if axis is None or not axis.get("labels", True):
            return 0
        return 14 if axis["orient"] == "top" else _AXIS + (16 if axis.get("title") else 0)

    def drawn(self) -> Iterator[str]:
        width, height = self.spec["width"], self.spec["height"]
        x, y = self._scale("x", 0, width), self._scale("y", height, 0)
        frame = Frame(width, height, x, y)
        yield from self._title()
        yield from _grid(self.spec, frame, self.colours)
        for each in self.spec["layer"]:
            yield draw_mark(each, frame)
        for each in self.spec["layer"]:
            yield from (self._brush(one, frame) for one in each.get("params", ()))

    def _scale(self, channel: str, begin: float, end: float) -> Scale | None:
        for each in self.spec["layer"]:
            scale = each["encoding"].get(channel, {}).get("scale")
            if scale and "domain" in scale:
                domain = scale["domain"]
                low, high = self.brushed[domain["param"]] if isinstance(domain, dict) else map(_moment, domain)
                return Scale(low, high, begin, end, scale.get("type") == "utc")
        return None

    def _title(self) -> Iterator[str]:
        title = self.spec.get("title")
        if not title:
            return
        words = {"font-size": 13, "font-weight": "bold"}
        yield _text(0, _TITLE - 4 - self.above, title["text"], self.colours.ink, words)
        for n, line in enumerate(title.get("subtitle", ()), 1):
            yield _text(0, _TITLE - 4 - self.above + n * _SUBTITLE, line, self.colours.soft, {"font-size": 11})

    def _brush(self, one: Spec, frame: Frame) -> str:
        low, high = sorted(frame.x_of(edge) for edge in self.brushed[one["name"]])
        box = attributes({"x": figure(low), "width": figure(max(high - low, 2)), "height": frame.height})
        look = one["select"]["mark"]
        fill = f'{paints(fill=look["fill"], stroke=look["stroke"])} fill-opacity="{look["fillOpacity"]}"'
        return f"<rect {box} {fill}/>"


def _grid(panel: Spec, frame: Frame, colours: Palette) -> Iterator[str]:
    if panel.get("view", {}).get("stroke", colours.grid):
        box = attributes({"width": frame.width, "height": frame.height, "fill": "none"})
        yield f"<rect {box} {paints(stroke=colours.grid)}/>"
    across, upright = _axis(panel, "x"), _axis(panel, "y")
    if across and frame.x:
        yield from _across(across, frame, frame.x, colours)
    if upright and frame.y:
        yield from _upright(upright, frame, frame.y, colours)


def _across(axis: Spec, frame: Frame, scale: Scale, colours: Palette) -> Iterator[str]:
    ticks = time_ticks if scale.utc else value_ticks
    top = axis["orient"] == "top"
    free = -1e9
    for at, words in ticks(scale.low, scale.high, axis["tickCount"]):
        x = scale.at(at)
        line = attributes({"x1": figure(x), "x2": figure(x), "y1": 0, "y2": frame.height})
        yield f"<line {line} {paints(stroke=colours.grid)}/>"
        room = 3.2 * len(words)
        if axis.get("labels", True) and x - room > free and x + room / 2 < frame.width + 10:
            edge = frame.width + 10
            place, anchor = (edge, "end") if x + room > edge else (x, "middle")  # the paper ends there
            look = {"font-size": 11, "text-anchor": anchor}
            yield _text(place, -6 if top else frame.height + 14, words, colours.ink, look)
            free = x + room + 4
    if axis.get("title"):
        look = {"font-size": 11, "text-anchor": "middle"}
        yield _text(frame.width / 2, frame.height + 30, axis["title"], colours.soft, look)


def _upright(axis: Spec, frame: Frame, scale: Scale, colours: Palette) -> Iterator[str]:
    for at, words in value_ticks(scale.low, scale.high, axis["tickCount"], axis.get("tickMinStep", 0.0)):
        y = scale.at(at)
        line = attributes({"x1": 0, "x2": frame.width, "y1": figure(y), "y2": figure(y)})
        yield f"<line {line} {paints(stroke=colours.grid)}/>"
        yield _text(-6, y + 4, words, colours.ink, {"font-size": 11, "text-anchor": "end"})


def _text(x: float, y: float, words: str, colour: str, look: Mapping[str, Any]) -> str:
    at = attributes({"x": figure(x), "y": figure(y), **look})
    return f"<text {at} {paints(fill=colour)}>{escape(words)}</text>"
