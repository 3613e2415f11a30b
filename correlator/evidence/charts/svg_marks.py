"""The marks of a picture as SVG: bars, rectangles, rules, points, texts, lines and areas."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Any, Final

from correlator.evidence.charts.svg_words import attributes, figure, paints
from correlator.evidence.charts.theme import Spec

Row = Mapping[str, Any]
_ANCHORS: Final = {"left": "start", "right": "end", "center": "middle"}
_BASELINES: Final = {"middle": 0.34, "top": 0.8}
_SHAPES: Final = {
    "triangle-up": "M0,-0.9L0.95,0.75L-0.95,0.75Z",
    "triangle-down": "M0,0.9L0.95,-0.75L-0.95,-0.75Z",
    "diamond": "M0,-1.1L0.9,0L0,1.1L-0.9,0Z",
    "square": "M-0.9,-0.9L0.9,-0.9L0.9,0.9L-0.9,0.9Z",
}
_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Scale:
    """`[low, high]` laid on pixels."""

    low: float
    high: float
    begin: float
    end: float
    utc: bool = False

    def at(self, value: float) -> float:
        return self.begin + (value - self.low) / ((self.high - self.low) or 1) * (self.end - self.begin)


@dataclass(frozen=True, slots=True)
class Frame:
    """A panel's size and its scales, where it has any."""

    width: float
    height: float
    x: Scale | None
    y: Scale | None

    def x_of(self, value: float) -> float:
        return self.x.at(value) if self.x else value


@dataclass(frozen=True, slots=True)
class _Mark:
    """One layer: how to read a row of it."""

    look: Mapping[str, Any]
    encoding: Mapping[str, Any]
    frame: Frame

    def place(self, channel: str, row: Row) -> float | None:
        """A channel in pixels; None where it is not encoded."""
        given = self.encoding.get(channel)
        if given is None:
            return None
        if "value" in given:
            ends = {"width": self.frame.width, "height": self.frame.height}
            return float(ends.get(given["value"], given["value"]))
        scale = self.frame.x if channel[0] == "x" else self.frame.y
        main = self.encoding[channel[0]]
        value = float(row[given["field"]])
        return value if scale is None or main.get("scale") is None else scale.at(value)

    def paint(self, channel: str, row: Row) -> str | None:
        """What a paint (or a shape) is for this row: encoded, or the same for all."""
        given = self.encoding.get(channel)
        if given is None:
            found = self.look.get(channel)
            return None if found is None else str(found)
        scale = given["scale"]
        return str(dict(zip(scale["domain"], scale["range"], strict=True))[row[given["field"]]])

    def common(self, row: Row) -> dict[str, Any]:
        dash = self.look.get("strokeDash")
        return {
            "stroke-width": self.look.get("strokeWidth"),
            "stroke-dasharray": " ".join(map(str, dash)) if dash else None,
            "opacity": self.look.get("opacity"),
        }

    def outside(self, *places: float | None) -> bool:
        """Whether all of these lie left of the frame, or all right of it, and the mark does not show there."""
        known = [place for place in places if place is not None]
        if not self.look.get("clip") or not known:
            return False
        return max(known) < 0 or min(known) > self.frame.width

    def held(self, place: float) -> float:
        return min(max(place, 0.0), self.frame.width) if self.look.get("clip") else place


def draw_mark(layer: Spec, frame: Frame) -> str:
    """All marks of a layer."""
    look, rows = layer["mark"], layer["data"]["values"]
    mark = _Mark(look, layer["encoding"], frame)
    if look.get("opacity") == 0.0:
        return ""
    if look["type"] in _PATHS:
        return "".join(_PATHS[look["type"]](mark, rows))
    draw = _DRAWN[look["type"]]
    return "".join(_told(mark, row, part) for row in rows if (part := draw(mark, row)))


def _told(mark: _Mark, row: Row, part: str) -> str:
    said = mark.encoding.get("description")
    return f"<g><title>{escape(str(row[said['field']]))}</title>{part}</g>" if said else part


def _box(mark: _Mark, row: Row) -> str:
    x, x2, y, y2 = (mark.place(channel, row) for channel in ("x", "x2", "y", "y2"))
    if mark.outside(x, x2):
        return ""
    left, right = sorted((mark.held(x or 0.0), mark.held(mark.frame.width if x2 is None else x2)))
    top, bottom = sorted((y or 0.0, mark.frame.height if y2 is None else y2))
    solid = mark.encoding.get("fillOpacity")
    box = {
        "x": figure(left),
        "y": figure(top),
        "width": figure(max(right - left, 3.0)),
        "height": figure(max(bottom - top, 0.0)),
        "fill-opacity": row[solid["field"]] if solid else mark.look.get("fillOpacity"),
    }
    fill = mark.paint("fill", row) or mark.paint("color", row)
    return f"<rect {attributes(box | mark.common(row))} {paints(fill, mark.paint('stroke', row))}/>"


def _rule(mark: _Mark, row: Row) -> str:
    x, x2, y, y2 = (mark.place(channel, row) for channel in ("x", "x2", "y", "y2"))
    if mark.outside(x, x2):
        return ""
    one = mark.held(0.0 if x is None else x)
    other = mark.held(mark.frame.width if x is None else one if x2 is None else x2)
    top = 0.0 if y is None else y
    bottom = mark.frame.height if y is None else top if y2 is None else y2
    line = {"x1": figure(one), "x2": figure(other), "y1": figure(top), "y2": figure(bottom)}
    stroke = mark.paint("stroke", row) or mark.paint("color", row)
    return f"<line {attributes(line | mark.common(row))} {paints(stroke=stroke)}/>"


def _point(mark: _Mark, row: Row) -> str:
    x, y = mark.place("x", row) or 0.0, mark.place("y", row) or 0.0
    if mark.outside(x):
        return ""
    shape, radius = mark.paint("shape", row) or "circle", math.sqrt(mark.look.get("size", 30)) / 2
    fill, stroke = mark.paint("fill", row), mark.paint("stroke", row)
    if mark.look.get("filled"):
        fill = mark.paint("color", row)
    look = f"{attributes(mark.common(row))} {paints(fill or 'none', stroke)}"
    if shape == "circle":
        return f'<circle cx="{figure(x)}" cy="{figure(y)}" r="{figure(radius)}" {look}/>'
    path = _NUMBER.sub(lambda found: figure(float(found[0]) * radius), _SHAPES.get(shape, shape))
    return f'<path transform="translate({figure(x)},{figure(y)})" d="{escape(path)}" {look}/>'


def _text(mark: _Mark, row: Row) -> str:
    x, y = mark.place("x", row) or 0.0, mark.place("y", row) or 0.0
    if mark.outside(x):
        return ""
    size = mark.look.get("fontSize", 11)
    at = {
        "x": figure(x + mark.look.get("dx", 0)),
        "y": figure(y + mark.look.get("dy", 0) + size * _BASELINES.get(mark.look.get("baseline", ""), 0.0)),
        "font-size": size,
        "font-weight": mark.look.get("fontWeight"),
        "text-anchor": _ANCHORS[mark.look.get("align", "center")],
    }
    words = escape(str(row[mark.encoding["text"]["field"]]))
    return f"<text {attributes(at)} {paints(mark.paint('color', row))}>{words}</text>"


def _line(mark: _Mark, rows: list[Row]) -> Iterator[str]:
    for group in _pieces(mark, rows):
        points = " ".join(f"{figure(mark.place('x', row) or 0)},{figure(mark.place('y', row) or 0)}" for row in group)
        look = attributes({"points": points, "fill": "none", **mark.common(group[0])})
        yield f"<polyline {look} {paints(stroke=mark.paint('color', group[0]))}/>"
        dot = mark.look.get("point")
        if dot:
            yield from (_dot(mark, row, dot["size"]) for row in group)


def _dot(mark: _Mark, row: Row, size: float) -> str:
    x, y = mark.place("x", row) or 0.0, mark.place("y", row) or 0.0
    at = {"cx": figure(x), "cy": figure(y), "r": figure(math.sqrt(size) / 2)}
    return f"<circle {attributes(at)} {paints(mark.paint('color', row))}/>"


def _area(mark: _Mark, rows: list[Row]) -> Iterator[str]:
    for group in _pieces(mark, rows):
        there = [(mark.place("x", row) or 0.0, mark.place("y", row) or 0.0) for row in group]
        back = [(mark.place("x", row) or 0.0, mark.place("y2", row) or 0.0) for row in reversed(group)]
        points = " ".join(f"{figure(x)},{figure(y)}" for x, y in (*there, *back))
        look = attributes({"points": points, **mark.common(group[0])})
        yield f"<polygon {look} {paints(mark.paint('color', group[0]))}/>"


def _pieces(mark: _Mark, rows: list[Row]) -> Iterator[list[Row]]:
    """The rows by what keeps lines apart; of those that clip, what lies in the frame and one step beyond."""
    detail = mark.encoding.get("detail")
    grouped = groupby(rows, key=lambda row: row[detail["field"]]) if detail else [("", iter(rows))]
    for _, group in grouped:
        kept = [row for row in group if not mark.outside(mark.place("x", row))]
        if kept:
            yield kept


_DRAWN: Final[dict[str, Callable[[_Mark, Row], str]]] = {
    "bar": _box,
    "rect": _box,
    "rule": _rule,
    "point": _point,
    "text": _text,
}
_PATHS: Final[dict[str, Callable[[_Mark, list[Row]], Iterator[str]]]] = {"line": _line, "area": _area}
