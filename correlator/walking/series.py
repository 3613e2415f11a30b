"""One series against its own past: how far does the window depart, and how far did every stretch like it?

The window and a few hundred stretches of the same length from the ordinary period ("rehearsals") are measured by the
same rule, so nothing need be assumed about noise: what the rule finds in the rehearsals is what it finds on ordinary
days. A departure is measured from the last points before the stretch, in robust standard deviations of the whole
ordinary period: an old shift of level is no news, and a slow drift is followed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from correlator.statistics.extreme import fit_tail
from correlator.statistics.rhythm import daily_profile, offsets
from correlator.statistics.robust import robust_centre
from correlator.statistics.scan import running_means, scan_lengths, weighted_size
from correlator.walking.kinds import Kind, bad_side, kind_of

Floats = NDArray[np.float64]
Micros = NDArray[np.int64]
Mask = NDArray[np.bool_]

LEAST_BEFORE: Final = 3  # fewer ordinary points say nothing
RECENT: Final = (10, 60)  # points before a stretch that count as "the last points"
CHUNKS: Final = 6  # a rehearsed stretch is at most this part of the ordinary period
LONE_SPIKE: Final = 1.0  # nats taken from what only a single point shows: faults last, glitches do not
GOOD_SIDE: Final = 0.5  # a departure to the good side (faster, fewer errors) counts this much of one to the bad side
LEAST_DEVIATION: Final = 1.0  # robust standard deviations below which no tail begins


@dataclass(frozen=True)
class Series:
    """Ascending times (microseconds, UTC) and values of one metric of one node up to the end of the window.

    Where the values were made comparable, `shown` are those a reader knows, in `unit`; `given` names what was
    taken out.
    """

    node: str
    metric: str
    at: Micros
    values: Floats
    shown: Floats | None = None
    unit: str = ""
    given: str = ""


@dataclass(frozen=True)
class Move:
    """From `level` (the last ordinary points) to `since` (since the onset); the onset lies in (after, by]."""

    level: float
    since: float
    unit: str
    after: int
    by: int
    given: str


@dataclass(frozen=True)
class Measured:
    """The strongest departures of one series, for each scanned length.

    `rehearsed`: shape (lengths, rehearsals), sizes, nan where the series had no such stretch; `z`:
    shape (lengths,), signed departure in the window; `moves`: from where to where, and when; `size`: of `z`.
    `before`: ordinary points; `chunk`: points of a rehearsed stretch; `chunks`: how many of them the window holds.
    """

    node: str
    metric: str
    size: Floats
    rehearsed: Floats
    z: Floats
    moves: tuple[Move, ...]
    before: int
    chunk: int
    chunks: float


@dataclass(frozen=True)
class Judged:
    """`surprise`: -ln of the chance (nats) in each rehearsal and, last, in the window; nan where there was no data.
    `z`, `move`: of the most surprising length in the window."""

    node: str
    metric: str
    surprise: Floats
    z: float
    move: Move

    @property
    def kind(self) -> Kind:
        return kind_of(self.metric)


def measure(series: Series, start: int, rehearsals: Micros, unit: float) -> Measured | None:
    """Measure the points from `start` on against those before; None where one side is missing.

    `rehearsals` are the moments at which rehearsed stretches begin, the same for all series of a folder. `unit` is a
    typical size of this metric.
    """
    before = int(np.searchsorted(series.at, start))
    inside = len(series.at) - before
    if before < LEAST_BEFORE or inside == 0:
        return None
    values = _without_rhythm(series.at, series.values, before)
    scale = robust_centre(values[:before], unit).scale
    chunk = int(np.clip(before // CHUNKS, min(3, inside), inside))
    recent = int(np.clip(inside, *RECENT))
    side = bad_side(series.metric)
    places = _places(series.at[:before], rehearsals, chunk)
    past = _departures(values, places[places >= 0], chunk, recent) / scale
    present = _departures(values, np.array([before]), inside, recent)[0] / scale
    lengths = scan_lengths(chunk)
    rehearsed = np.full((len(lengths), len(places)), np.nan)
    for row, length in enumerate(lengths):
        rehearsed[row, places >= 0] = weighted_size(running_means(past, length), side, GOOD_SIDE).max(axis=-1)
    z = np.array([_peak(present, length, side) for length in lengths])
    moves = tuple(_move(series, before, before + _onset(present, peak), recent) for peak in z)
    size = weighted_size(z, side, GOOD_SIDE)
    chunks = max(inside / chunk, 1.0)
    return Measured(series.node, series.metric, size, rehearsed, z, moves, before, chunk, chunks)


def judge(measured: Measured, ordinary: Mask) -> Judged:
    """Turn departures into surprises; only the rehearsals marked `ordinary` say what is ordinary.

    Corrected for having scanned several lengths, and for a window longer than the rehearsals. Where longer stretches
    were scanned as well, what one point alone shows counts for less.
    """
    known = ~np.isnan(measured.rehearsed[0])
    size = measured.before / measured.chunk * float(ordinary.mean())
    rows = []
    for rehearsed, found in zip(measured.rehearsed, measured.size, strict=True):
        tail = fit_tail(rehearsed[known & ordinary], size, LEAST_DEVIATION, freedom=measured.before - 1.0)
        reached = np.append(np.where(known, rehearsed, 0.0), found)
        rows.append(tail.surprise(reached) - np.log(len(measured.z)))
    surprise = np.stack(rows)
    if len(rows) > 1:
        surprise[0] -= LONE_SPIKE
    surprise[:, -1] -= np.log(measured.chunks)
    best = int(np.argmax(surprise[:, -1]))
    strongest_row = np.maximum(surprise.max(axis=0), 0.0)
    strongest_row[:-1][~known] = np.nan
    return Judged(measured.node, measured.metric, strongest_row, float(measured.z[best]), measured.moves[best])


def _without_rhythm(at: Micros, values: Floats, before: int) -> Floats:
    profile = daily_profile(at[:before], values[:before])
    return values if profile is None else values - offsets(at, profile)


def _places(at: Micros, rehearsals: Micros, chunk: int) -> NDArray[np.int64]:
    """Where in the series each rehearsal begins; -1 where the stretch or the points before it are not there."""
    places = np.searchsorted(at, rehearsals)
    fits = (places >= LEAST_BEFORE) & (places + chunk <= len(at))
    return np.where(fits, places, -1)


def _departures(values: Floats, places: NDArray[np.int64], length: int, recent: int) -> Floats:
    """Values of the stretches minus the median of the last points before each: shape (places, length)."""
    if len(places) == 0:
        return np.empty((0, length))
    stretch = values[places[:, None] + np.arange(length)]
    before = places[:, None] - recent + np.arange(recent)
    level = np.nanmedian(np.where(before >= 0, values[np.maximum(before, 0)], np.nan), axis=1)
    departures: Floats = stretch - level[:, None]
    return departures


def _peak(present: Floats, length: int, side: int) -> float:
    means = running_means(present, length)
    return float(means[np.argmax(weighted_size(means, side, GOOD_SIDE))])


def _onset(present: Floats, z: float) -> int:
    """The first point of the window that had gone half the way, towards the side of the strongest stretch."""
    return int(np.argmax(present * np.sign(z) >= abs(z) / 2))


def _move(series: Series, before: int, onset: int, recent: int) -> Move:
    shown = series.values if series.shown is None else series.shown
    level = float(np.median(shown[max(before - recent, 0) : before]))
    since = float(np.median(shown[onset:]))
    return Move(level, since, series.unit, int(series.at[onset - 1]), int(series.at[onset]), series.given)
