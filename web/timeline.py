"""The aligned timeline as geometry: lanes upstream to downstream, every attempt a bar, links from cause to effect.

Pure: attempts in, coordinates out; the template draws them as SVG. The table beside the picture is made from the
same bars, so that both always show the same rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby, pairwise
from typing import Final

from correlator.evidence.aligned import run_key
from correlator.model import FAILURES, Attempt, Change, Pair, Status
from web.scale import Tick, TimeScale

WIDTH: Final = 960
LEFT: Final = 12
RIGHT: Final = 948
TOP: Final = 26
LANE_HEIGHT: Final = 46
BAR_TOP: Final = 18
BAR_HEIGHT: Final = 20
LEAST_BAR: Final = 4.0
NAME_LENGTH: Final = 60
KINDS: Final = {
    Status.SUCCESS: "ok",
    Status.FAILED: "bad",
    Status.TIMED_OUT: "bad",
    Status.RUNNING: "busy",
}


@dataclass(frozen=True, slots=True)
class Lane:
    job: str
    name: str
    y: float

    @property
    def bar_y(self) -> float:
        return self.y + BAR_TOP


@dataclass(frozen=True, slots=True)
class Bar:
    """One attempt: a rectangle, its words, and the facts for its row in the table."""

    attempt: Attempt
    number: int
    kind: str
    x: float
    y: float
    width: float
    laid: bool

    @property
    def title(self) -> str:
        end = f"{self.attempt.finished_at:%H:%M:%S}" if self.attempt.finished_at else "still running"
        when = f"{self.attempt.started_at:%Y-%m-%d %H:%M:%S} to {end} UTC"
        text = f"{self.attempt.job} · {self.attempt.run_id} · attempt {self.number} · {self.attempt.status} · {when}"
        return f"{text} · {self.attempt.error}" if self.attempt.error else text

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 2)


@dataclass(frozen=True, slots=True)
class Wait:
    x: float
    y: float
    width: float
    title: str


@dataclass(frozen=True, slots=True)
class Link:
    """From the end of the upstream's failed attempt to the downstream's failure."""

    x1: float
    y1: float
    x2: float
    y2: float
    title: str


@dataclass(frozen=True, slots=True)
class Moment:
    """A line through all lanes; `label` is written below them."""

    x: float
    text: str
    kind: str = "change"
    label: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    lanes: tuple[Lane, ...]
    bars: tuple[Bar, ...]
    waits: tuple[Wait, ...]
    links: tuple[Link, ...]
    ticks: tuple[Tick, ...]
    scale: TimeScale
    moments: tuple[Moment, ...] = ()
    width: int = WIDTH

    @property
    def height(self) -> float:
        return TOP + LANE_HEIGHT * len(self.lanes) + 6


@dataclass(frozen=True, slots=True)
class Story:
    """What a timeline shows. `jobs` run upstream to downstream; `attempts` are those of these jobs."""

    jobs: Sequence[str]
    attempts: Sequence[Attempt]
    start: datetime
    end: datetime
    pairs: Sequence[Pair] = ()
    changes: Sequence[Change] = field(default_factory=tuple)


def draw(story: Story) -> Timeline:
    """Lay the story out; attempts outside `[start, end]` are left out."""
    scale = TimeScale(story.start, story.end, LEFT, RIGHT)
    lanes = tuple(Lane(job, _short(job), TOP + n * LANE_HEIGHT) for n, job in enumerate(story.jobs))
    by_job = {lane.job: lane for lane in lanes}
    shown = [item for item in story.attempts if item.job in by_job and _overlaps(item, story)]
    laid = {pair.logical_run_id for pair in story.pairs}
    laid |= {pair.upstream_logical_run_id for pair in story.pairs if pair.upstream_logical_run_id}
    bars = _bars(shown, by_job, scale, laid)
    return Timeline(
        lanes=lanes,
        bars=bars,
        waits=tuple(_waits(bars)),
        links=tuple(_links(bars, story.pairs)),
        ticks=tuple(scale.ticks()),
        scale=scale,
        moments=tuple(Moment(scale.x(item.at), item.title) for item in story.changes if scale.holds(item.at)),
    )


def _short(name: str) -> str:
    return name if len(name) <= NAME_LENGTH else name[: NAME_LENGTH - 1] + "…"


def _overlaps(attempt: Attempt, story: Story) -> bool:
    return attempt.started_at <= story.end and (attempt.finished_at or story.end) >= story.start


def _bars(attempts: Iterable[Attempt], lanes: Mapping[str, Lane], scale: TimeScale, laid: set[str]) -> tuple[Bar, ...]:
    ordered = sorted(attempts, key=lambda item: (lanes[item.job].y, run_key(item), item.started_at, item.run_id))
    bars = []
    for _, group in groupby(ordered, key=run_key):
        runs = list(group)
        for place, attempt in enumerate(runs, start=1):
            in_cause = bool(laid & {attempt.logical_run_id, *(run.run_id for run in runs)})
            bars.append(_bar(attempt, attempt.attempt or place, lanes[attempt.job], scale, in_cause))
    return tuple(sorted(bars, key=lambda bar: (bar.y, bar.attempt.started_at, bar.attempt.run_id)))


def _bar(attempt: Attempt, number: int, lane: Lane, scale: TimeScale, laid: bool) -> Bar:
    left, right = scale.x(attempt.started_at), scale.x(attempt.finished_at or scale.end)
    kind = KINDS.get(attempt.status, "off")
    return Bar(attempt, number, kind, left, lane.bar_y, round(max(right - left, LEAST_BAR), 2), laid)


def _waits(bars: Sequence[Bar]) -> Iterable[Wait]:
    """The grey stretches between two attempts of one run."""
    ordered = sorted(bars, key=lambda bar: (run_key(bar.attempt), bar.attempt.started_at))
    for before, after in pairwise(ordered):
        gap = after.x - before.x - before.width
        if run_key(before.attempt) == run_key(after.attempt) and gap > 0:
            title = f"{before.attempt.job} waited for its next attempt"
            yield Wait(round(before.x + before.width, 2), before.y, round(gap, 2), title)


def _links(bars: Sequence[Bar], pairs: Sequence[Pair]) -> Iterable[Link]:
    first_failures: dict[tuple[str, str], Bar] = {}
    for bar in bars:
        if bar.attempt.status in FAILURES:
            for name in (bar.attempt.logical_run_id, bar.attempt.run_id):
                first_failures.setdefault((bar.attempt.job, name or ""), bar)
    downstream = {name: bar for (_, name), bar in first_failures.items() if name}
    for pair in pairs:
        cause = first_failures.get((pair.upstream_job or "", pair.upstream_logical_run_id or ""))
        effect = downstream.get(pair.logical_run_id)
        if cause and effect:
            yield _link(cause, effect)


def _link(cause: Bar, effect: Bar) -> Link:
    title = f"{cause.attempt.run_id} in trouble, then {effect.attempt.run_id} failed"
    x1 = min(round(cause.x + cause.width, 2), effect.middle)
    return Link(x1, cause.y + BAR_HEIGHT, effect.middle, effect.y, title)
