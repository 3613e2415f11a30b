"""An incident on one clock: a strip of a longer time on top, whose brush drives the lanes and the metrics below it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from correlator.evidence.charts.axes import round_domain
from correlator.evidence.charts.lanes import Lanes, kind_of, lanes_panel, paints, signs, stretch_words
from correlator.evidence.charts.theme import (
    Palette,
    Spec,
    at_pixel,
    by,
    finished,
    layer,
    legend,
    palette,
    panel,
    pixels,
    time,
    time_axis,
    told,
    value,
    value_axis,
)
from correlator.evidence.charts.timeline import BRUSHED, brush
from correlator.evidence.rows import AttemptRow
from correlator.text.quantities import one_line, quantity, unit_of
from correlator.text.times import moment as from_micros

STRIP: Final = 14
BINS: Final = 160
METRIC: Final = 84
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One metric of a job. `pieces` are (ms, value) without gaps, `quiet` (from ms, to ms, low, middle, high); `words`
    say what the band is made of, and what is missing."""

    metric: str
    job: str
    pieces: tuple[tuple[tuple[int, float], ...], ...]
    quiet: tuple[tuple[int, int, float, float, float], ...]
    words: str


@dataclass(frozen=True, slots=True)
class Clock:
    """What stands on the clock. `around` is the longer time of the strip, `rows` all attempts in it; `then` the
    moment looked back at (ms)."""

    lanes: Lanes
    around: tuple[int, int]
    rows: Sequence[AttemptRow]
    lines: Sequence[Line] = ()
    then: int | None = None


def incident_chart(clock: Clock, *, dark: bool = False) -> Spec:
    """A Vega-Lite specification."""
    colours = palette(dark)
    lanes = clock.lanes
    title = f"{stretch_words(lanes.stretch)}: every attempt"
    panels = [
        legend(signs(colours), colours),
        _strip(clock, colours),
        lanes_panel(lanes, colours, time_axis(top=True), BRUSHED, title, "Upstream above. Numbers below are events."),
        *(_metric(line, clock, colours) for line in clock.lines),
    ]
    return finished(panels, colours, f"Attempts of {', '.join(lanes.jobs) or 'no job'}, upstream above")


# --- the strip -------------------------------------------------------------------------------------------------


def _strip(clock: Clock, colours: Palette) -> Spec:
    low, high = clock.around
    jobs, height = clock.lanes.jobs, STRIP * max(len(clock.lanes.jobs), 1) + 6
    edges = {"x": time("at", [low, high], time_axis()), "y": at_pixel(0), "y2": at_pixel(height)}
    frame = layer([{"at": at} for at in (low, high)], "rule", edges, opacity=0.0)
    frame["params"] = [brush(clock.lanes.stretch, colours)]
    place = {"x": time("at", [low, high]), "y": pixels("y"), "y2": {"field": "y2"}}
    ticks = place | {"color": by("kind", paints(colours))} | told()
    marks = layer(_binned(clock, jobs), "rule", ticks, strokeWidth=2.4, opacity=1)
    words = "Failed attempts reach down, others are short. Drag the shaded stretch to see another one."
    return panel([frame, marks], height, "Before and after", words)


def _binned(clock: Clock, jobs: Sequence[str]) -> list[Row]:
    """One tick for a lane, a stretch and a kind."""
    low, high = clock.around
    width = max((high - low) // BINS, 1)
    found: dict[tuple[int, int, str], int] = {}
    for row in clock.rows:
        at = row.started_at // 1000
        if row.job in jobs and low <= at <= high:
            key = (jobs.index(row.job), (at - low) // width, kind_of(row.status))
            found[key] = found.get(key, 0) + 1
    return [_tick(*key, count, clock, width) for key, count in sorted(found.items())]


def _tick(lane: int, place: int, kind: str, count: int, clock: Clock, width: int) -> Row:
    failed = kind in ("failed", "timed out")
    at = clock.around[0] + place * width + width // 2
    top = lane * STRIP + 4
    words = f"{clock.lanes.jobs[lane]}: {count} {kind} around {from_micros(at * 1000):%H:%M} UTC"
    return {"at": at, "y": top, "y2": top + (12 if failed else 5), "kind": kind, "words": words}


# --- metrics ---------------------------------------------------------------------------------------------------


def _metric(line: Line, clock: Clock, colours: Palette) -> Spec:
    unit = unit_of(line.metric)
    name = f"{line.metric} ({unit})" if unit else line.metric
    ys = _values(line)
    layers = [*_edges(clock), *_quiet(line, ys, colours), *_measured(line, ys, colours), *_then(clock, colours)]
    return panel(layers, METRIC, one_line(f"{name} of {line.job}", 120), line.words)


def _values(line: Line) -> tuple[float, float]:
    values = [value for piece in line.pieces for _, value in piece]
    values += [edge for band in line.quiet for edge in (band[2], band[4])]
    return round_domain(min(values), max(values), 3) if values else (0.0, 1.0)


def _edges(clock: Clock) -> Iterator[Spec]:
    """What holds the axis where nothing was measured."""
    encoding = {"x": time("at", BRUSHED, time_axis(labels=False)), "y": at_pixel(0), "y2": at_pixel(METRIC)}
    yield layer([{"at": at} for at in clock.lanes.stretch], "rule", encoding, opacity=0.0)


def _quiet(line: Line, ys: tuple[float, float], colours: Palette) -> Iterator[Spec]:
    if line.quiet:
        rows = [{"from": a, "to": b, "low": low, "high": high} for a, b, low, _, high in line.quiet]
        boxes = {"x": time("from", BRUSHED), "x2": {"field": "to"}, "y": value("low", ys, value_axis(3)),
                 "y2": {"field": "high"}}  # fmt: skip
        yield layer(rows, "rect", boxes, color=colours.band, opacity=0.8, clip=True)


def _measured(line: Line, ys: tuple[float, float], colours: Palette) -> Iterator[Spec]:
    rows = [
        {"at": at, "value": measured, "piece": str(number), "words": _said(line, at, measured)}
        for number, piece in enumerate(line.pieces)
        for at, measured in piece
    ]
    if not rows:
        return
    place = {"x": time("at", BRUSHED), "y": value("value", ys, value_axis(3))}
    along = place | {"detail": {"field": "piece", "type": "nominal"}}
    yield layer(rows, "line", along, color=colours.accent, strokeWidth=1.8, clip=True)
    yield layer(rows, "point", place | told(), color=colours.accent, filled=True, size=14, opacity=1, clip=True)


def _said(line: Line, at: int, measured: float) -> str:
    return f"{quantity(line.metric, measured)} · {from_micros(at * 1000):%Y-%m-%d %H:%M} UTC"


def _then(clock: Clock, colours: Palette) -> Iterator[Spec]:
    if clock.then is not None:
        line = {"x": time("at", BRUSHED), "y": at_pixel(0), "y2": at_pixel(METRIC)}
        yield layer(
            [{"at": clock.then}], "rule", line, color=colours.ink, strokeDash=[2, 2], strokeWidth=1.5, clip=True
        )
