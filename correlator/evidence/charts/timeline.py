"""The aligned timeline: lanes of jobs, upstream above downstream. The whole window on top, one stretch close up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Final

import altair as alt

from correlator.evidence.attempts import AttemptRow, jobs_of
from correlator.evidence.charts.theme import MOST_MARKS, WIDTH, Layers, Palette, chart, finished, palette, time_axis
from correlator.evidence.charts.window import close_up
from correlator.evidence.words import status_words
from correlator.model import FAILURES, Cause, Finding, Status
from correlator.quantities import moment, one_line, plural, tenant_name
from correlator.tables.frames import from_micros, to_micros

_CROSS: Final = "M-0.7,-1L0,-0.3L0.7,-1L1,-0.7L0.3,0L1,0.7L0.7,1L0,0.3L-0.7,1L-1,0.7L-0.3,0L-1,-0.7Z"
_HOURGLASS: Final = "M-0.9,-1L0.9,-1L0.15,0L0.9,1L-0.9,1L-0.15,0Z"
BINS: Final = 140
KINDS: Final = ["failed, laid to the cause", "late, laid to the cause", "failed, not laid to it"]
LANES: Final = 10
Row = dict[str, Any]


def timeline(finding: Finding, rows: Sequence[AttemptRow], *, dark: bool = False) -> dict[str, Any]:
    """A Vega-Lite specification. Failed attempts are hollow and carry a sign at their end; passed ones are solid."""
    colours, lanes = palette(dark), _lanes(finding, rows)
    shown = [row for row in rows if row.job in lanes]
    stretch = close_up(finding, shown)
    panels = [_overview(finding, shown, lanes, stretch, colours)]
    if stretch is not None:
        panels.append(_detail(finding, shown, lanes, stretch, colours))

    return finished(
        alt.vconcat(*panels).resolve_scale(
            color="independent", fill="independent", shape="independent", stroke="independent"
        ),
        colours,
    )


def _lanes(finding: Finding, rows: Sequence[AttemptRow]) -> list[str]:
    jobs = list(jobs_of(finding))
    if finding.cause is Cause.SHARED:
        jobs = list(dict.fromkeys([finding.job, *(row.job for row in rows)]))
    return jobs[:LANES] if finding.job in jobs[:LANES] else [*jobs[: LANES - 1], finding.job]


# --- the whole window --------------------------------------------------------------------------------------------


def _overview(
    finding: Finding,
    rows: Sequence[AttemptRow],
    lanes: list[str],
    stretch: tuple[int, int] | None,
    colours: Palette,
) -> Layers:
    low, high = _bounds(finding, rows)
    scale = alt.Scale(type="utc", domain=[low // 1000, high // 1000])
    legend = alt.Legend(title=None, orient="top", symbolSize=60)
    paints = [colours.failed, colours.accent, colours.waiting]
    points = (
        chart(_binned(finding, rows, lanes, low, high))
        .mark_point(size=42, strokeWidth=1.4, opacity=1)
        .encode(
            x=alt.X("at:T", scale=scale, axis=time_axis("%b %d")),
            y=alt.Y("job:N", sort=lanes, scale=alt.Scale(domain=lanes), title=None),
            shape=alt.Shape(
                "kind:N", scale=alt.Scale(domain=KINDS, range=["triangle-up", "diamond", "circle"]), legend=legend
            ),
            color=alt.Color("kind:N", scale=alt.Scale(domain=KINDS, range=paints), legend=legend),
            fill=alt.Fill("kind:N", scale=alt.Scale(domain=KINDS, range=[*paints[:2], colours.paper]), legend=legend),
            description=alt.Description("words:N"),
        )
    )
    shared = finding.cause is Cause.SHARED
    beside = "the jobs hit with it" if shared else "what it stands on"
    title = f"{finding.job} and {beside}, {tenant_name(finding.tenant)}: runs that failed first or came late"
    order = "" if shared else "Upstream above downstream. "
    return alt.layer(*_stretch_layer(stretch, colours), points).properties(
        width=WIDTH,
        height=26 * len(lanes),
        title=alt.TitleParams(one_line(title, 120), subtitle=[f"{order}The shaded stretch is shown close up below."]),
    )


def _stretch_layer(stretch: tuple[int, int] | None, colours: Palette) -> list[alt.Chart]:
    if stretch is None:
        return []
    values = [{"from": stretch[0] // 1000, "to": stretch[1] // 1000}]
    shade = chart(values).mark_rect(color=colours.band, opacity=0.7, stroke=colours.soft)
    return [shade.encode(x=alt.X("from:T", scale=alt.Scale(type="utc")), x2="to:T")]


def _binned(finding: Finding, rows: Sequence[AttemptRow], lanes: list[str], low: int, high: int) -> list[Row]:
    """One mark for a lane, a stretch of the window and a kind, so that a long history stays a picture."""
    width = max((high - low) // BINS, 1)
    bins: dict[tuple[str, int, str], list[int]] = {}
    for row, kind in _marked(finding, rows):
        bins.setdefault((row.job, (row.started_at - low) // width, kind), []).append(row.started_at)
    ordered = sorted(bins.items(), key=lambda item: (lanes.index(item[0][0]), item[0][1], item[0][2]))
    return [
        {
            "job": job,
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
    for row in rows:
        if (row.job, row.logical_run_id) in seen:
            continue
        seen.add((row.job, row.logical_run_id))
        if row.failed:
            struck = row.logical_run_id in laid | above or _in_episode(finding, row)
            yield row, KINDS[0] if struck else KINDS[2]
        elif row.logical_run_id in above:
            yield row, KINDS[1]


def _in_episode(finding: Finding, row: AttemptRow) -> bool:
    """Whether the attempt began inside an outage that the finding is laid to."""
    if finding.cause is not Cause.SHARED:
        return False
    return any(
        to_micros(episode.start) <= row.started_at < to_micros(episode.end) and row.job in episode.jobs
        for episode in finding.episodes
    )


def _bounds(finding: Finding, rows: Sequence[AttemptRow]) -> tuple[int, int]:
    if finding.window_start is not None and finding.window_end is not None:
        return to_micros(finding.window_start), to_micros(finding.window_end)
    starts = [row.started_at for row in rows] or [0]
    return min(starts), max(starts)


# --- close up ----------------------------------------------------------------------------------------------------


def _detail(
    finding: Finding, rows: Sequence[AttemptRow], lanes: list[str], stretch: tuple[int, int], colours: Palette
) -> Layers:
    near = [row for row in rows if row.started_at < stretch[1] and (row.finished_at or row.started_at) >= stretch[0]]
    near = sorted(near, key=lambda row: (not row.failed, row.started_at, row.run_id))[: MOST_MARKS // 4]
    bars = [_bar(row, stretch) for row in sorted(near, key=lambda row: (lanes.index(row.job), row.started_at))]
    kinds = ["passed", "failed", "timed out", "other"]
    scale = alt.Scale(domain=kinds, range=[colours.passed, colours.failed, colours.timed_out, colours.waiting])
    x = alt.X(
        "start:T", scale=alt.Scale(type="utc", domain=[edge // 1000 for edge in stretch]), axis=time_axis("%H:%M")
    )
    y = alt.Y("job:N", sort=lanes, scale=alt.Scale(domain=lanes), title=None)
    legend = alt.Legend(title=None, orient="top", symbolSize=80)
    colour = alt.Color("kind:N", scale=scale, legend=legend)
    base = chart(bars)
    boxes = base.mark_bar(height=14, strokeWidth=1.6, clip=True).encode(
        x=x,
        x2="end:T",
        y=y,
        stroke=alt.Stroke("kind:N", scale=scale, legend=legend),
        color=colour,
        fillOpacity=alt.FillOpacity("solid:Q", scale=None, legend=None),
        description=alt.Description("words:N"),
    )
    signs = base.mark_point(size=70, strokeWidth=1.2, opacity=1, filled=True, clip=True).encode(
        x=alt.X("end:T"),
        y=y,
        color=alt.Color("kind:N", scale=scale, legend=legend),
        shape=alt.Shape(
            "kind:N",
            scale=alt.Scale(domain=kinds, range=["circle", _CROSS, _HOURGLASS, "square"]),
            legend=legend,
        ),
    )
    layers = [
        *_outages(finding, stretch, colours),
        *_waiting(near, stretch, lanes, colours),
        boxes,
        signs,
        *_ready(finding, stretch, lanes, colours),
    ]
    return alt.layer(*layers).properties(width=WIDTH, height=34 * len(lanes), title=_detail_title(finding, stretch))


def _outages(finding: Finding, stretch: tuple[int, int], colours: Palette) -> list[alt.Chart]:
    """The outages a shared cause is laid to, as shaded stretches."""
    if finding.cause is not Cause.SHARED:
        return []
    spans = [(to_micros(episode.start), to_micros(episode.end)) for episode in finding.episodes]
    near = [(max(low, stretch[0]), min(high, stretch[1])) for low, high in spans]
    values = [{"from": low // 1000, "to": high // 1000} for low, high in near if low < high]
    if not values:
        return []
    return [chart(values).mark_rect(color=colours.band, opacity=0.6).encode(x=alt.X("from:T"), x2="to:T")]


def _detail_title(finding: Finding, stretch: tuple[int, int]) -> alt.TitleParams:
    first, last = (moment(from_micros(edge // 60_000_000 * 60_000_000)) for edge in stretch)
    words = "Each bar is an attempt: solid passed, hollow did not; the sign at its end says how it ended."
    ready = {
        Cause.UPSTREAM: f" Dashed: {finding.root_job} ready.",
        Cause.SHARED: " Shaded: the outage.",
    }.get(finding.cause, "")
    return alt.TitleParams(f"Close up: {first} to {last}", subtitle=[f"{words}{ready}"])


def _bar(row: AttemptRow, stretch: tuple[int, int]) -> Row:
    end = row.finished_at if row.finished_at is not None else stretch[1]
    kind = _kind(row.status)
    words = f"{row.job} run {row.run_id}, attempt {row.attempt} of {row.attempts}: {status_words(row.status)}"
    return {
        "job": row.job,
        "start": row.started_at // 1000,
        "end": end // 1000,
        "kind": kind,
        "solid": 0.9 if kind == "passed" else 0.12,
        "words": one_line(words, 200),
    }


def _kind(status: str) -> str:
    if status == Status.SUCCESS:
        return "passed"
    return status_words(status) if status in FAILURES else "other"


def _waiting(
    rows: Sequence[AttemptRow], stretch: tuple[int, int], lanes: list[str], colours: Palette
) -> list[alt.Chart]:
    """Thin lines between the attempts of one run."""
    runs: dict[tuple[str, str], list[AttemptRow]] = {}
    for row in rows:
        runs.setdefault((row.job, row.logical_run_id), []).append(row)
    values = []
    for (job, _), attempts in sorted(runs.items()):
        ordered = sorted(attempts, key=lambda row: row.started_at)
        for before, after in pairwise(ordered):
            end = before.finished_at if before.finished_at is not None else before.started_at
            values.append({"job": job, "start": end // 1000, "end": after.started_at // 1000})
    if not values:
        return []
    line = chart(values).mark_rule(color=colours.waiting, strokeWidth=2, clip=True)
    return [line.encode(x="start:T", x2="end:T", y=alt.Y("job:N", sort=lanes))]


def _ready(finding: Finding, stretch: tuple[int, int], lanes: list[str], colours: Palette) -> list[alt.Chart]:
    moments = {to_micros(pair.upstream_ready_at) for pair in finding.pairs if pair.upstream_ready_at}
    values = [{"at": at // 1000} for at in sorted(moments) if stretch[0] <= at <= stretch[1]][:40]
    if not values:
        return []
    rule = chart(values).mark_rule(color=colours.accent, strokeDash=[5, 4], strokeWidth=1.3)
    return [rule.encode(x="at:T")]
