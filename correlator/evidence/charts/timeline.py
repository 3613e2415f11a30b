"""The aligned timeline of a finding: the whole window on top, one stretch of it close up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from correlator.evidence.charts.lanes import Lanes, lanes_panel, signs, stretch_words
from correlator.evidence.charts.theme import (
    MOST_MARKS,
    Palette,
    Sign,
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
)
from correlator.evidence.charts.window import close_up
from correlator.evidence.rows import AttemptRow, jobs_of
from correlator.model import Cause, Finding
from correlator.text.quantities import one_line, plural, tenant_name
from correlator.text.times import micros

BINS: Final = 140
KINDS: Final = ("failed, attributed to the cause", "late, attributed to the cause", "failed, other")
_SHAPES: Final = ("triangle-up", "diamond", "circle")
LANES: Final = 10
STRIP: Final = 34
MOST_BARS: Final = MOST_MARKS // 5
"""A failed bar takes up to five marks."""
Row = dict[str, Any]


def timeline(
    finding: Finding, rows: Sequence[AttemptRow], stretch: tuple[int, int] | None = None, *, dark: bool = False
) -> Spec:
    """A Vega-Lite specification. `stretch` (µs) is shown close up; else where the story can be seen best.

    A brush over the window on top drives the close-up, where somebody can drag it."""
    colours, jobs = palette(dark), lanes_of(finding, rows)
    shown = [row for row in rows if row.job in jobs]
    near = stretch or close_up(finding, shown)
    panels = [_legend(finding, shown, colours), _overview(finding, shown, jobs, near, colours)]
    if near is not None:
        panels += [legend(signs(colours), colours), _detail(finding, shown, jobs, near, colours)]
    return finished(panels, colours, f"Timeline of {' and '.join(jobs)}, upstream above downstream")


def lanes_of(finding: Finding, rows: Sequence[AttemptRow]) -> tuple[str, ...]:
    """Upstream first; of a shared outage the jobs it hit, the finding's own first."""
    jobs = list(jobs_of(finding))
    if finding.cause is Cause.SHARED:
        jobs = list(dict.fromkeys([finding.job, *(row.job for row in rows)]))
    return tuple(jobs[:LANES] if finding.job in jobs[:LANES] else [*jobs[: LANES - 1], finding.job])


# --- the whole window --------------------------------------------------------------------------------------------


def _paints(colours: Palette) -> dict[str, str]:
    return dict(zip(KINDS, (colours.failed, colours.accent, colours.waiting), strict=True))


def _legend(finding: Finding, rows: Sequence[AttemptRow], colours: Palette) -> Spec:
    paints = _paints(colours)
    drawn = {kind for _, kind in _marked(finding, rows)} or {KINDS[2]}
    kinds = [(kind, shape) for kind, shape in zip(KINDS, _SHAPES, strict=True) if kind in drawn]
    found = [Sign(kind, paints[kind], shape, float(kind != KINDS[2])) for kind, shape in kinds]
    return legend(found, colours)


def _overview(
    finding: Finding,
    rows: Sequence[AttemptRow],
    jobs: tuple[str, ...],
    stretch: tuple[int, int] | None,
    colours: Palette,
) -> Spec:
    low, high = bounds(finding, rows)
    domain = [low // 1000, max(high, low + 1000) // 1000]
    height = STRIP * len(jobs)
    layers = [*_rows(jobs, domain, colours), *_onset(finding, domain, colours, height)]
    binned = _binned(finding, rows, jobs, low, high)
    paints, kinds = _paints(colours), dict(zip(KINDS, _SHAPES, strict=True))
    fills = paints | {KINDS[2]: colours.paper}
    encoding = {"x": time("at", domain), "y": pixels("y"), "shape": by("kind", kinds), "stroke": by("kind", paints),
                "fill": by("kind", fills), **told()}  # fmt: skip
    layers.append(layer(binned, "point", encoding, size=52, strokeWidth=1.4, opacity=1))
    if stretch is not None:
        layers[0] |= {"params": [brush([edge // 1000 for edge in stretch], colours)]}
    shared = finding.cause is Cause.SHARED
    beside = "the jobs hit with it" if shared else "what it stands on"
    title = f"{finding.job} and {beside}, {tenant_name(finding.tenant)}: runs that failed first or came late"
    order = "" if shared else "Upstream above downstream. "
    return panel(layers, height, one_line(title, 120), f"{order}The shaded stretch is shown close up below.")


def brush(edges: Sequence[int], colours: Palette) -> Spec:
    """The stretch that is shown close up; who drags it moves the close-up."""
    mark = {"fill": colours.accent, "fillOpacity": 0.12, "stroke": colours.accent, "cursor": "move"}
    select = {"type": "interval", "encodings": ["x"], "mark": mark}
    return {"name": "brush", "select": select, "value": {"x": list(edges)}}


BRUSHED: Final[Spec] = {"param": "brush", "encoding": "x"}


def _rows(jobs: Sequence[str], domain: Sequence[int], colours: Palette) -> Iterator[Spec]:
    edges = [{"at": at} for at in domain]
    anchor = {"x": time("at", domain, time_axis()), "y": at_pixel(0), "y2": at_pixel(STRIP * len(jobs))}
    yield layer(edges, "rule", anchor, opacity=0.0)
    names = [{"y": n * STRIP + 9, "words": one_line(job, 60)} for n, job in enumerate(jobs)]
    text = {"x": at_pixel(6), "y": pixels("y"), "text": {"field": "words", "type": "nominal"}}
    yield layer(names, "text", text, align="left", baseline="middle", fontSize=11, color=colours.soft)


def _onset(finding: Finding, domain: Sequence[int], colours: Palette, height: int) -> Iterator[Spec]:
    if finding.onset is None:
        return
    at = [{"at": micros(finding.onset) // 1000, "words": "onset"}]
    line = {"x": time("at", domain), "y": at_pixel(0), "y2": at_pixel(height)}
    yield layer(at, "rule", line, color=colours.accent, strokeDash=[6, 3], strokeWidth=1.5)
    text = {"x": time("at", domain), "y": at_pixel(height - 6), "text": {"field": "words", "type": "nominal"}}
    yield layer(at, "text", text, align="left", dx=4, fontSize=11, color=colours.accent)


def _binned(finding: Finding, rows: Sequence[AttemptRow], jobs: tuple[str, ...], low: int, high: int) -> list[Row]:
    """One mark for a lane, a stretch of the window and a kind, so that a long history stays a picture."""
    width = max((high - low) // BINS, 1)
    bins: dict[tuple[str, int, str], list[int]] = {}
    for row, kind in _marked(finding, rows):
        bins.setdefault((row.job, (row.started_at - low) // width, kind), []).append(row.started_at)
    ordered = sorted(bins.items(), key=lambda item: (jobs.index(item[0][0]), item[0][1], item[0][2]))
    return [
        {
            "y": jobs.index(job) * STRIP + 23,
            "at": max(min(times), low) // 1000,
            "kind": kind,
            "words": f"{job}: {plural(len(times), 'run')} {kind}",
        }
        for (job, _, kind), times in ordered
    ]


def _marked(finding: Finding, rows: Sequence[AttemptRow]) -> Iterator[tuple[AttemptRow, str]]:
    """First attempts that failed, and upstream runs that were late, with the kind of their mark."""
    laid = {pair.logical_run_id for pair in finding.pairs}
    above = {pair.upstream_logical_run_id for pair in finding.pairs if pair.upstream_logical_run_id}
    seen: set[tuple[str, str]] = set()
    for row in sorted(rows, key=lambda row: (row.started_at, row.attempt)):
        if (row.job, row.logical_run_id) in seen:
            continue
        seen.add((row.job, row.logical_run_id))
        if row.failed:
            struck = row.logical_run_id in laid | above or _in_episode(finding, row)
            yield row, KINDS[0] if struck else KINDS[2]
        elif row.logical_run_id in above:
            yield row, KINDS[1]


def _in_episode(finding: Finding, row: AttemptRow) -> bool:
    """Whether the attempt began inside an outage that the finding is attributed to."""
    if finding.cause is not Cause.SHARED:
        return False
    return any(
        micros(episode.start) <= row.started_at < micros(episode.end) and row.job in episode.jobs
        for episode in finding.episodes
    )


def bounds(finding: Finding, rows: Sequence[AttemptRow]) -> tuple[int, int]:
    """The window of the verdict, in microseconds; where it is not stated, what the rows span."""
    if finding.window_start is not None and finding.window_end is not None:
        return micros(finding.window_start), micros(finding.window_end)
    starts = [row.started_at for row in rows] or [0]
    return min(starts), max(starts)


# --- close up ----------------------------------------------------------------------------------------------------


def _detail(
    finding: Finding, rows: Sequence[AttemptRow], jobs: tuple[str, ...], stretch: tuple[int, int], colours: Palette
) -> Spec:
    drawn = Lanes(
        jobs,
        nearest(rows, stretch),
        (stretch[0] // 1000, stretch[1] // 1000),
        root=finding.root_job,
        pairs=finding.pairs,
        ready=_ready(finding),
        shades=_outages(finding),
    )
    words = "Each bar is an attempt."
    extra = {
        Cause.UPSTREAM: f" Dashed upright: {finding.root_job} ready.",
        Cause.SHARED: " Shaded: the outage.",
    }.get(finding.cause, "")
    title = f"Close up: {stretch_words(drawn.stretch)}"
    return lanes_panel(drawn, colours, time_axis(), BRUSHED, title, f"{words}{extra}")


def nearest(rows: Sequence[AttemptRow], stretch: tuple[int, int], most: int = MOST_BARS) -> list[AttemptRow]:
    """At most so many: those in the stretch before those outside, the failed before the others."""

    def rank(row: AttemptRow) -> tuple[bool, bool, int, str]:
        inside = row.started_at < stretch[1] and (row.finished_at or row.started_at) >= stretch[0]
        return not inside, not row.failed, row.started_at, row.run_id

    return sorted(sorted(rows, key=rank)[:most], key=lambda row: (row.job, row.started_at, row.run_id))


def _outages(finding: Finding) -> list[tuple[int, int]]:
    """The outages a shared cause is attributed to."""
    if finding.cause is not Cause.SHARED:
        return []
    return [(micros(episode.start) // 1000, micros(episode.end) // 1000) for episode in finding.episodes]


def _ready(finding: Finding) -> list[int]:
    return sorted({micros(pair.upstream_ready_at) // 1000 for pair in finding.pairs if pair.upstream_ready_at})[:40]
