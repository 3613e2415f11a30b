"""The metrics on an incident's clock: of the root and of the job that failed, beside the same hours of quiet days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine

from correlator.evidence.charts.incident import Line
from correlator.evidence.series import DAY, Points, between, pieces, quiet_band, thinned, usual_step
from correlator.model import Finding
from correlator.text.quantities import plural
from correlator.text.times import micros
from web.incidents.scene import Window
from web.incidents.two_clocks import KNOWN, Then
from web.reading.series import Series, points_of, series_of_jobs

MOST_LINES: Final = 4
MOST_POINTS: Final = 120
BANDS: Final = 60
DAYS_BEFORE: Final = 7


@dataclass(frozen=True, slots=True)
class Measured:
    """Whose metrics are wanted: of these jobs, the first first; of the finding's, those that moved first."""

    tenant: str
    jobs: tuple[str, ...]
    finding: Finding | None


def lines_of(engine: Engine, of: Measured, around: Window, then: Then | None) -> tuple[Line, ...]:
    """At most MOST_LINES, over the longer time `around`; what had not happened (or was not known) is not there."""
    wanted = _wanted(engine, of)
    end = around.end if then is None else min(around.end, then.at)
    if not wanted or end <= around.start:
        return ()
    by = then.known_by if then is not None and then.clock == KNOWN else None
    points = points_of(engine, wanted, of.tenant, around.start, end, days_before=DAYS_BEFORE, by=by)
    troubled = _troubled(of.finding, around)
    return tuple(_line(one, points[one], (micros(around.start), micros(around.end)), troubled) for one in wanted)


def _wanted(engine: Engine, of: Measured) -> list[Series]:
    """What was compared before the failures tells most; where nothing was, whatever is measured of these jobs."""
    compared = sorted(of.finding.metrics if of.finding else (), key=lambda one: (not one.moved, -abs(one.score)))
    found = [Series(one.metric, one.job) for one in compared]
    return found[:MOST_LINES] or series_of_jobs(engine, of.tenant, of.jobs, MOST_LINES)


def _troubled(finding: Finding | None, around: Window) -> frozenset[int]:
    """The days before, counted back from these hours, in which a failure was attributed to the cause."""
    moments = [pair.failed_at for pair in finding.pairs if pair.failed_at] if finding else []
    return frozenset((micros(around.end) - micros(at)) // DAY for at in moments)


def _line(one: Series, points: Points, around: tuple[int, int], troubled: Iterable[int]) -> Line:
    start, end = around
    today = between(points, start, end)
    step = max(usual_step(today), (end - start) // MOST_POINTS)
    drawn = list(pieces(thinned(today, start, end, MOST_POINTS), step))
    quiet = [day for day in range(1, DAYS_BEFORE + 1) if day not in set(troubled)]
    quiet = [day for day in quiet if between(points, start - day * DAY, end - day * DAY)]
    boxes = max(min(BANDS, (end - start) // max(usual_step(points), 1)), 1)
    band = quiet_band(points, start, end, quiet, boxes) if end - start < DAY else []
    return Line(
        metric=one.metric,
        job=one.job,
        pieces=tuple(tuple((at // 1000, value) for at, value in piece) for piece in drawn),
        quiet=tuple((start // 1000, end // 1000, low, middle, high) for start, end, low, middle, high in band),
        words=_words(drawn, quiet if band else []),
    )


def _words(drawn: Sequence[object], quiet: Sequence[int]) -> str:
    if not drawn:
        return "Nothing was measured in this time: that is missing, not zero."
    gaps = f" {plural(len(drawn) - 1, 'gap')} without data." if len(drawn) > 1 else ""
    if not quiet:
        return f"No quiet day to compare with is stored.{gaps}"
    days = plural(len(quiet), "quiet day")
    return f"Band: the same hours on {days} of the {DAYS_BEFORE} before, 10th to 90th percentile.{gaps}"
