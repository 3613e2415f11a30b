"""Calibration: of the findings marked so sure, how many were right? The table shipped with this version, drawn."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Final

from flask import Blueprint, render_template

from correlator.engine.confidence import Bin, table

pages: Final = Blueprint("calibration", __name__)
NAMES: Final = {"upstream": "Upstream", "shared": "Shared", "self": "Own trouble", "transient": "Transient"}
LEFT, TOP, SIDE = 40.0, 10.0, 240.0
"""The square of the drawing, in its own units: both axes run from one half to one."""
FROM: Final = 0.5
TICKS: Final = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True, slots=True)
class Dot:
    """One class of confidence: where it stands, how large, from where to where its interval reaches."""

    x: float
    y: float
    radius: float
    low: float
    high: float
    words: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """The verdicts of one kind."""

    name: str
    bins: tuple[Bin, ...]

    @property
    def dots(self) -> tuple[Dot, ...]:
        return tuple(_dot(row) for row in self.bins if row.verdicts and row.mean_confidence >= FROM)


def across(confidence: float) -> float:
    """Where a confidence stands on the horizontal axis."""
    return LEFT + SIDE * (confidence - FROM) / (1 - FROM)


def up(share: float) -> float:
    """Where a share stands on the vertical axis; below one half it is drawn at the foot."""
    return TOP + SIDE * (1 - (max(share, FROM) - FROM) / (1 - FROM))


def _dot(row: Bin) -> Dot:
    low, high = wilson(row.share_right, row.verdicts)
    words = f"{row.verdicts} verdicts, told {row.mean_confidence:.1%}, right {row.share_right:.1%}"
    radius = 2.0 + min(sqrt(row.verdicts) / 4, 7.0)
    return Dot(across(row.mean_confidence), up(row.share_right), radius, up(low), up(high), words)


def wilson(share: float, number: int) -> tuple[float, float]:
    """The 95 % interval of a share of so many (Wilson 1927)."""
    z2 = 1.96**2
    middle = (share + z2 / (2 * number)) / (1 + z2 / number)
    half = 1.96 / (1 + z2 / number) * sqrt(share * (1 - share) / number + z2 / (4 * number**2))
    return max(middle - half, 0.0), min(middle + half, 1.0)


@pages.get("/calibration")
def show() -> str:
    """The reliability of every kind of verdict."""
    shipped = table()
    drawings = [Drawing(NAMES[kind], rows) for kind, rows in shipped.kinds.items()]
    axis = [(tick, across(tick), up(tick)) for tick in TICKS]
    return render_template("calibration.html", table=shipped, drawings=drawings, axis=axis)
