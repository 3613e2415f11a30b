"""Lanes of jobs, upstream above downstream, with every attempt as a bar: the panel that the timelines share.

Failed attempts are hollow, striped and carry a sign at their end; passed ones are solid; a running one is open. So they
differ in print and for the colour-blind too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import Any, Final

from correlator.evidence.charts.theme import Palette, Sign, Spec, at_pixel, by, layer, panel, pixels, raw, time, told
from correlator.evidence.rows import AttemptRow
from correlator.evidence.words import status_words
from correlator.model import FAILURES, Pair, Status
from correlator.text.quantities import duration, moment, one_line
from correlator.text.times import moment as from_micros

LANE: Final = 50
BAR_TOP: Final = 23
BAR: Final = 20
NAME_LENGTH: Final = 60
CROSS: Final = "M-0.7,-1L0,-0.3L0.7,-1L1,-0.7L0.3,0L1,0.7L0.7,1L0,0.3L-0.7,1L-1,0.7L-0.3,0L-1,-0.7Z"
HOURGLASS: Final = "M-0.9,-1L0.9,-1L0.15,0L0.9,1L-0.9,1L-0.15,0Z"
KINDS: Final = ("passed", "failed", "timed out", "running", "other")
_SOLID: Final = {"passed": 0.85, "failed": 0.1, "timed out": 0.1, "running": 0.0, "other": 0.4}
_NUMBER_ROOM: Final = 14
_LETTER: Final = 6.5
"""Pixels that a letter of a name takes, or a little more."""
Row = dict[str, Any]
Domain = Sequence[int] | Spec


@dataclass(frozen=True, slots=True)
class Note:
    """A line through all lanes: a change, an entry of an incident's log, the moment looked back at.

    `paint` is a role of the palette."""

    at: int
    label: str
    words: str
    paint: str
    dashed: bool = True


@dataclass(frozen=True, slots=True)
class Lanes:
    """What is drawn. `stretch` is seen at first, in milliseconds like all that is drawn; rows may lie beyond it."""

    jobs: tuple[str, ...]
    rows: Sequence[AttemptRow]
    stretch: tuple[int, int]
    root: str | None = None
    pairs: Sequence[Pair] = ()
    ready: Sequence[int] = ()
    shades: Sequence[tuple[int, int]] = ()
    notes: Sequence[Note] = field(default_factory=tuple)


def paints(colours: Palette) -> dict[str, str]:
    found = (colours.passed, colours.failed, colours.timed_out, colours.accent, colours.waiting)
    return dict(zip(KINDS, found, strict=True))


def signs(colours: Palette) -> list[Sign]:
    """The legend of bars."""
    return [
        Sign("passed", colours.passed, solid=_SOLID["passed"]),
        Sign("failed, numbered by attempt", colours.failed, solid=_SOLID["failed"], striped=True),
        Sign("timed out", colours.timed_out, HOURGLASS),
        Sign("running", colours.accent, solid=0.0),
        Sign("attributed to", colours.failed, "M-1.6,-0.1L1.2,-0.1L1.2,-0.6L2.2,0L1.2,0.6L1.2,0.1L-1.6,0.1Z"),
    ]


def lanes_panel(drawn: Lanes, colours: Palette, axis: Spec, domain: Domain, title: str = "", words: str = "") -> Spec:
    """`domain` is the stretch, or the brush that sets it."""
    tops = {job: place * LANE for place, job in enumerate(drawn.jobs)}
    height = max(len(drawn.jobs), 1) * LANE
    bars = [_bar(row, tops, drawn.stretch) for row in drawn.rows if row.job in tops]
    layers = [
        *_frame(drawn, domain, axis, colours, height),
        *_shades(drawn.shades, domain, colours),
        *_lines(drawn, tops, domain, colours, height),
        *_bars(bars, domain, colours),
        *_links(drawn, tops, domain, colours),
        *_notes(drawn.notes, domain, colours, height),
        *_names(drawn, colours),
    ]
    return panel(layers, height, title, words)


# --- the lanes themselves --------------------------------------------------------------------------------------


def _frame(drawn: Lanes, domain: Domain, axis: Spec, colours: Palette, height: int) -> Iterator[Spec]:
    """The lines between lanes, and two marks that hold the axis where nothing else is drawn."""
    edges = [{"at": at} for at in drawn.stretch]
    anchor = {"x": time("at", domain, axis), "y": at_pixel(0), "y2": at_pixel(height)}
    yield layer(edges, "rule", anchor, opacity=0.0)
    lines = [{"line": n * LANE + LANE - 3} for n in range(len(drawn.jobs))]
    ends = {"x": at_pixel(0), "x2": {"value": "width"}, "y": pixels("line")}
    yield layer(lines, "rule", ends, color=colours.grid, strokeWidth=1.0)


def _names(drawn: Lanes, colours: Palette) -> Iterator[Spec]:
    """Above all else, each on a strip of paper: lines that lead from lane to lane do not strike them out."""
    names = [_name(job, drawn.root) for job in drawn.jobs]
    rows = [
        {
            "y": n * LANE + 11,
            "top": n * LANE + 2,
            "bottom": n * LANE + 18,
            "left": 2,
            "right": 10 + _LETTER * len(name),
            "words": name,
        }
        for n, name in enumerate(names)
    ]
    strip = {"x": pixels("left"), "x2": {"field": "right"}, "y": pixels("top"), "y2": {"field": "bottom"}}
    yield layer(rows, "rect", strip, color=colours.paper, opacity=0.85)
    text = {"x": at_pixel(6), "y": pixels("y"), "text": {"field": "words", "type": "nominal"}}
    yield layer(rows, "text", text, align="left", baseline="middle", fontSize=12, color=colours.ink)


def _name(job: str, root: str | None) -> str:
    return one_line(job, NAME_LENGTH) + (" (root)" if job == root else "")


def _shades(shades: Sequence[tuple[int, int]], domain: Domain, colours: Palette) -> Iterator[Spec]:
    if shades:
        values = [{"from": low, "to": high} for low, high in shades]
        encoding = {"x": time("from", domain), "x2": {"field": "to"}}
        yield layer(values, "rect", encoding, color=colours.band, opacity=0.6, clip=True)


# --- attempts --------------------------------------------------------------------------------------------------


def _bar(row: AttemptRow, tops: Mapping[str, int], stretch: tuple[int, int]) -> Row:
    kind, top = kind_of(row.status), tops[row.job] + BAR_TOP
    start, end = row.started_at // 1000, _end(row, stretch)
    room = (end - start) / max(stretch[1] - stretch[0], 1) * 880
    return {
        "start": start,
        "end": end,
        "y": top,
        "y2": top + BAR,
        "low": top + 7,
        "high": top + 13,
        "middle": top + BAR // 2,
        "kind": kind,
        "solid": _SOLID[kind],
        "number": str(row.attempt) if room >= _NUMBER_ROOM else "",
        "words": words_of(row),
    }


def _end(row: AttemptRow, stretch: tuple[int, int]) -> int:
    return max(stretch[1], row.started_at // 1000) if row.finished_at is None else row.finished_at // 1000


def kind_of(status: str) -> str:
    if status == Status.SUCCESS:
        return "passed"
    if status in FAILURES:
        return status_words(status)
    return "running" if status == Status.RUNNING else "other"


def words_of(row: AttemptRow) -> str:
    """One attempt in words: what a bar says under the pointer and to a screen reader."""
    start = from_micros(row.started_at)
    until = f"to {from_micros(row.finished_at):%H:%M:%S}" if row.finished_at is not None else "still running"
    said = f"{row.job} · {row.run_id} · attempt {row.attempt} · {status_words(row.status)}"
    text = f"{said} · {start:%Y-%m-%d %H:%M:%S} {until} UTC"
    return one_line(f"{text} · {row.error}" if row.error else text, 300)


def _bars(bars: list[Row], domain: Domain, colours: Palette) -> Iterator[Spec]:
    colour = by("kind", paints(colours))
    x, x2 = time("start", domain), {"field": "end"}
    boxes = {"x": x, "x2": x2, "y": pixels("y"), "y2": {"field": "y2"}, "stroke": colour, "color": colour,
             "fillOpacity": raw("solid"), **told()}  # fmt: skip
    yield layer(bars, "bar", boxes, strokeWidth=1.5, clip=True)
    failed = [bar for bar in bars if bar["kind"] in ("failed", "timed out")]
    short = ("start", "end", "kind", "middle")
    stripes = [{**{name: bar[name] for name in short}, "y": bar[at]} for bar in failed for at in ("low", "high")]
    if stripes:
        yield layer(stripes, "rule", {"x": x, "x2": x2, "y": pixels("y"), "color": colour}, strokeWidth=1.1, clip=True)
        ends = [{name: bar[name] for name in short} for bar in failed]
        shapes = by("kind", {"failed": CROSS, "timed out": HOURGLASS})
        signs = {"x": time("end", domain), "y": pixels("middle"), "shape": shapes, "color": colour}
        yield layer(ends, "point", signs, size=64, filled=True, opacity=1, clip=True)
    numbered = [{name: bar[name] for name in (*short, "number")} for bar in bars if bar["number"]]
    if numbered:
        text = {"x": x, "y": pixels("middle"), "text": {"field": "number", "type": "nominal"}}
        yield layer(numbered, "text", text, align="left", baseline="middle", dx=4, fontSize=10, fontWeight="bold",
                    color=colours.ink, clip=True)  # fmt: skip


def _lines(drawn: Lanes, tops: Mapping[str, int], domain: Domain, colours: Palette, height: int) -> Iterator[Spec]:
    """Waiting between the attempts of one run, and when the root's data was ready."""
    waits = list(_waiting(drawn.rows, tops))
    if waits:
        encoding = {"x": time("start", domain), "x2": {"field": "end"}, "y": pixels("y"), **told()}
        yield layer(waits, "rule", encoding, color=colours.waiting, strokeWidth=4.0, opacity=0.55, clip=True)
    if drawn.ready:
        encoding = {"x": time("at", domain), "y": at_pixel(0), "y2": at_pixel(height)}
        values = [{"at": at} for at in drawn.ready]
        yield layer(values, "rule", encoding, color=colours.accent, strokeDash=[5, 4], strokeWidth=1.3, clip=True)


def _waiting(rows: Iterable[AttemptRow], tops: Mapping[str, int]) -> Iterator[Row]:
    ordered = sorted(rows, key=lambda row: (row.job, row.tenant, row.logical_run_id, row.started_at))
    for (job, _, _), group in groupby(ordered, key=lambda row: (row.job, row.tenant, row.logical_run_id)):
        for before, after in pairwise(group):
            end = before.finished_at if before.finished_at is not None else before.started_at
            if job in tops and after.started_at > end:
                words = f"{job} waited {duration((after.started_at - end) / 1_000_000)} for its next attempt"
                yield {"start": end // 1000, "end": after.started_at // 1000, "y": tops[job] + BAR_TOP + BAR // 2,
                       "words": words}  # fmt: skip


# --- what leads to what ----------------------------------------------------------------------------------------


def _links(drawn: Lanes, tops: Mapping[str, int], domain: Domain, colours: Palette) -> Iterator[Spec]:
    links = list(links_of(drawn.rows, drawn.pairs, tops))
    if not links:
        return
    line = {"x": time("x", domain), "x2": {"field": "x2"}, "y": pixels("y"), "y2": {"field": "y2"}, **told()}
    yield layer(links, "rule", line, color=colours.failed, strokeDash=[3, 3], strokeWidth=1.4, clip=True)
    heads = [{"x": link["x2"], "y": link["y2"]} for link in links]
    tips = {"x": time("x", domain), "y": pixels("y")}
    yield layer(heads, "point", tips, shape="triangle-down", size=46, filled=True, color=colours.failed, clip=True)


def links_of(rows: Iterable[AttemptRow], pairs: Sequence[Pair], tops: Mapping[str, int]) -> Iterator[Row]:
    """From the end of the upstream's first failed attempt to the middle of the failure attributed to it."""
    first: dict[tuple[str, str], AttemptRow] = {}
    for row in sorted(rows, key=lambda row: row.started_at):
        if row.failed and row.job in tops:
            for name in (row.logical_run_id, row.run_id):
                first.setdefault((row.job, name), row)
    by_run = {name: row for (_, name), row in reversed(first.items())}
    for pair in pairs:
        cause = first.get((pair.upstream_job or "", pair.upstream_logical_run_id or ""))
        effect = by_run.get(pair.logical_run_id)
        if cause is not None and effect is not None:
            yield _link(cause, effect, tops, pair)


def _link(cause: AttemptRow, effect: AttemptRow, tops: Mapping[str, int], pair: Pair) -> Row:
    begin, end = effect.started_at // 1000, (effect.finished_at or effect.started_at) // 1000
    middle = (begin + end) // 2
    lag = f", {duration(pair.lag_seconds)} later" if pair.lag_seconds is not None else ""
    return {
        "x": min((cause.finished_at or cause.started_at) // 1000, middle),
        "x2": middle,
        "y": tops[cause.job] + BAR_TOP + BAR,
        "y2": tops[effect.job] + BAR_TOP - 4,
        "words": f"{cause.run_id} in trouble, then {effect.run_id} failed{lag}",
    }


def _notes(notes: Sequence[Note], domain: Domain, colours: Palette, height: int) -> Iterator[Spec]:
    for dashed in (True, False):
        values = [_note(one) for one in notes if one.dashed is dashed]
        if not values:
            continue
        paint = by("paint", {one.paint: getattr(colours, one.paint) for one in notes if one.dashed is dashed})
        lines = {"x": time("at", domain), "y": at_pixel(0), "y2": at_pixel(height), "color": paint, **told()}
        yield layer(values, "rule", lines, strokeWidth=1.5, clip=True, **({"strokeDash": [6, 3]} if dashed else {}))
        labelled = [value for value in values if value["label"]]
        text = {"x": time("at", domain), "y": at_pixel(height + 9), "text": {"field": "label", "type": "nominal"}}
        yield layer(labelled, "text", text, baseline="middle", fontSize=11, color=colours.ink, clip=False)


def _note(note: Note) -> Row:
    return {"at": note.at, "label": note.label, "words": note.words, "paint": note.paint}


def stretch_words(stretch: tuple[int, int]) -> str:
    """`2026-03-15 02:43 UTC to 2026-03-15 05:06 UTC`."""
    first, last = (moment(from_micros(edge // 60_000 * 60_000_000)) for edge in stretch)
    return f"{first} to {last}"
