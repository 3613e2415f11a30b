"""Attempts on a page: the rows of the table beside a picture, and the picture of lanes made from the same rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final

from correlator.evidence.aligned import run_key
from correlator.evidence.charts.lanes import Lanes, lanes_panel, signs
from correlator.evidence.charts.theme import Spec, finished, legend, palette, time_axis
from correlator.evidence.rows import AttemptRow
from correlator.model import Attempt, Pair, Status
from correlator.text.times import micros
from web.pictures.picture import Picture

KINDS: Final = {
    Status.SUCCESS: "ok",
    Status.FAILED: "bad",
    Status.TIMED_OUT: "bad",
    Status.RUNNING: "busy",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One attempt for its row in the table: its number within its run, and whether its run is attributed to the
    cause."""

    attempt: Attempt
    number: int
    kind: str
    laid: bool


@dataclass(frozen=True, slots=True)
class Timeline:
    bars: tuple[Bar, ...]
    picture: Picture


@dataclass(frozen=True, slots=True)
class Story:
    """What to draw: jobs upstream first, their attempts, the stretch of time, the failures attributed to a cause."""

    jobs: Sequence[str]
    attempts: Sequence[Attempt]
    start: datetime
    end: datetime
    pairs: Sequence[Pair] = ()
    root: str | None = None


def draw(story: Story) -> Timeline:
    """Attempts of other jobs, or outside `[start, end]`, are left out."""
    shown = [one for one in story.attempts if one.job in story.jobs and overlaps(one, story.start, story.end)]
    lanes = Lanes(
        tuple(story.jobs), rows_of(shown), stretch_of(story.start, story.end), root=story.root, pairs=story.pairs
    )
    return Timeline(bars_of(shown, story.jobs, story.pairs), Picture(lambda dark: _lanes_alone(lanes, dark)))


def _lanes_alone(lanes: Lanes, dark: bool) -> Spec:
    colours = palette(dark)
    panel = lanes_panel(lanes, colours, time_axis(), [*lanes.stretch])
    return finished([legend(signs(colours), colours), panel], colours, f"Attempts of {', '.join(lanes.jobs)}")


def overlaps(attempt: Attempt, start: datetime, end: datetime) -> bool:
    return attempt.started_at <= end and (attempt.finished_at or end) >= start


def stretch_of(start: datetime, end: datetime) -> tuple[int, int]:
    """In milliseconds, as pictures take it."""
    return micros(start) // 1000, micros(end) // 1000


def bars_of(attempts: Iterable[Attempt], jobs: Sequence[str], pairs: Sequence[Pair]) -> tuple[Bar, ...]:
    """By lane, then by time."""
    laid = {pair.logical_run_id for pair in pairs}
    laid |= {pair.upstream_logical_run_id for pair in pairs if pair.upstream_logical_run_id}
    bars = []
    for attempt, number, of_run in _by_run(attempts):
        names = {attempt.logical_run_id, *(one.run_id for one in of_run)}
        bars.append(Bar(attempt, number, KINDS.get(attempt.status, "off"), bool(laid & names)))
    order = {job: place for place, job in enumerate(jobs)}
    return tuple(sorted(bars, key=lambda bar: (order[bar.attempt.job], bar.attempt.started_at, bar.attempt.run_id)))


def rows_of(attempts: Iterable[Attempt]) -> list[AttemptRow]:
    """Attempts as pictures take them; where the source does not number them, they are counted."""
    return [_row(attempt, number, len(of_run)) for attempt, number, of_run in _by_run(attempts)]


def _by_run(attempts: Iterable[Attempt]) -> Iterator[tuple[Attempt, int, list[Attempt]]]:
    ordered = sorted(attempts, key=lambda one: (run_key(one), one.started_at, one.run_id))
    for _, group in groupby(ordered, key=run_key):
        of_run = list(group)
        for place, attempt in enumerate(of_run, start=1):
            yield attempt, attempt.attempt or place, of_run


def _row(attempt: Attempt, number: int, attempts: int) -> AttemptRow:
    return AttemptRow(
        job=attempt.job,
        tenant=attempt.tenant,
        logical_run_id=run_key(attempt)[2],
        run_id=attempt.run_id,
        attempt=number,
        attempts=attempts,
        scheduled_at=micros(attempt.scheduled_at),
        started_at=micros(attempt.started_at),
        finished_at=micros(attempt.finished_at),
        status=attempt.status.value,
        error=attempt.error or "",
        host=attempt.host or "",
        url="",
        arrived_at=None,
    )
