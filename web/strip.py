"""The whole window on one strip: a stroke for every run that failed first, tall where it is laid to the cause."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final

from correlator.evidence.aligned import run_key
from correlator.model import FAILURES, Attempt, Episode, Pair
from web.scale import Tick, TimeScale
from web.timeline import LEFT, RIGHT, WIDTH

TOP: Final = 22
LANE_HEIGHT: Final = 36
STROKE: Final = 16


@dataclass(frozen=True, slots=True)
class Stroke:
    x: float
    y: float
    laid: bool
    title: str
    logical_run_id: str


@dataclass(frozen=True, slots=True)
class Row:
    job: str
    y: float


@dataclass(frozen=True, slots=True)
class Span:
    x: float
    width: float
    title: str


@dataclass(frozen=True, slots=True)
class Strip:
    rows: tuple[Row, ...]
    strokes: tuple[Stroke, ...]
    spans: tuple[Span, ...]
    ticks: tuple[Tick, ...]
    onset: float | None
    width: int = WIDTH
    stroke: int = STROKE

    @property
    def height(self) -> float:
        return TOP + LANE_HEIGHT * len(self.rows) + 4


@dataclass(frozen=True, slots=True)
class Window:
    start: datetime
    end: datetime
    onset: datetime | None = None
    episodes: Sequence[Episode] = ()


def draw_strip(jobs: Sequence[str], attempts: Iterable[Attempt], pairs: Sequence[Pair], window: Window) -> Strip:
    """`attempts` may hold more than the failed first ones; only the first attempt of each run counts."""
    scale = TimeScale(window.start, window.end, LEFT, RIGHT)
    rows = tuple(Row(job, TOP + n * LANE_HEIGHT) for n, job in enumerate(jobs))
    heights = {row.job: row.y for row in rows}
    laid = {pair.logical_run_id for pair in pairs} | {pair.upstream_logical_run_id or "" for pair in pairs}
    failed = [item for item in first_attempts(attempts) if item.status in FAILURES and item.job in heights]
    return Strip(
        rows=rows,
        strokes=tuple(_stroke(item, scale, heights[item.job], laid) for item in failed if scale.holds(item.started_at)),
        spans=tuple(_span(episode, scale) for episode in window.episodes),
        ticks=tuple(scale.ticks()),
        onset=scale.x(window.onset) if window.onset else None,
    )


def first_attempts(attempts: Iterable[Attempt]) -> list[Attempt]:
    """The earliest attempt of each scheduled run."""
    ordered = sorted(attempts, key=lambda item: (run_key(item), item.started_at, item.attempt or 0))
    return [next(group) for _, group in groupby(ordered, key=run_key)]


def _stroke(attempt: Attempt, scale: TimeScale, y: float, laid: set[str]) -> Stroke:
    is_laid = bool(laid & {attempt.logical_run_id or "", attempt.run_id} - {""})
    words = "laid to the cause" if is_laid else "not laid to the cause"
    title = f"{attempt.job} · {attempt.run_id} · {attempt.started_at:%Y-%m-%d %H:%M} UTC · {attempt.status} · {words}"
    return Stroke(scale.x(attempt.started_at), y + 16, is_laid, title, attempt.logical_run_id or attempt.run_id)


def _span(episode: Episode, scale: TimeScale) -> Span:
    left, right = scale.x(episode.start), scale.x(episode.end)
    title = f"shared episode {episode.start:%Y-%m-%d %H:%M} to {episode.end:%H:%M} UTC: {episode.failures} failures"
    return Span(left, round(max(right - left, 3.0), 2), title)
