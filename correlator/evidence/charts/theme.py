"""How all pictures look: one of the renderer's own fonts, UTC, light or dark, and never colour alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import altair as alt

FONT: Final = "Liberation Sans"
WIDTH: Final = 860
MOST_MARKS: Final = 1500


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
    "#1b1f24", "#57606a", "#e4e8ec", "#ffffff", "#3f8f6b", "#c2263e", "#b45309", "#9aa4af", "#cfd8e3", "#0550ae"
)
DARK: Final = Palette(
    "#e6edf3", "#9aa4af", "#262c34", "#0d1117", "#4fb286", "#ff7b86", "#f0a04b", "#6b7580", "#3a4656", "#79c0ff"
)


Layers = alt.LayerChart | alt.FacetChart
Values = Sequence[Mapping[str, Any]]


def chart(values: Values) -> alt.Chart:
    """A chart on these rows, which travel inside the specification."""
    data: alt.InlineData = alt.InlineData(values=[dict(row) for row in values])
    return alt.Chart(data)


def palette(dark: bool) -> Palette:
    return DARK if dark else LIGHT


def finished(chart: alt.VConcatChart | alt.Chart | alt.LayerChart, colours: Palette) -> dict[str, Any]:
    """The chart as a specification, with the common configuration."""
    text = {"font": FONT, "labelFont": FONT, "titleFont": FONT}
    specification: dict[str, Any] = chart.to_dict()
    specification["background"] = colours.paper
    specification["config"] = {
        "font": FONT,
        "view": {"stroke": colours.grid},
        "axis": {
            **{key: text[key] for key in ("labelFont", "titleFont")},
            "labelColor": colours.ink,
            "titleColor": colours.soft,
            "gridColor": colours.grid,
            "domainColor": colours.soft,
            "tickColor": colours.soft,
            "labelFontSize": 11,
            "titleFontWeight": "normal",
        },
        "legend": {
            **{key: text[key] for key in ("labelFont", "titleFont")},
            "labelColor": colours.ink,
            "titleColor": colours.soft,
            "labelFontSize": 11,
        },
        "title": {
            "font": FONT,
            "subtitleFont": FONT,
            "color": colours.ink,
            "subtitleColor": colours.soft,
            "fontSize": 13,
            "subtitleFontSize": 11,
            "anchor": "start",
            "fontWeight": "bold",
        },
        "concat": {"spacing": 28},
    }
    return specification


def time_axis(label_format: str | None = None, ticks: int = 12) -> alt.Axis:
    """A time axis; its title says UTC."""
    extra: dict[str, Any] = {"format": label_format} if label_format else {}
    return alt.Axis(title="UTC", tickCount=ticks, labelOverlap=True, **extra)
