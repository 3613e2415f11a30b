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
from correlator.statistics.scan import running_means, scan_lengths, strongest

Floats = NDArray[np.float64]
Micros = NDArray[np.int64]
Mask = NDArray[np.bool_]

LEAST_BEFORE: Final = 3  # fewer ordinary points say nothing
RECENT: Final = (10, 60)  # points before a stretch that count as "the last points"
CHUNKS: Final = 6  # a rehearsed stretch is at most this part of the ordinary period
LONE_SPIKE: Final = 1.0  # nats taken from what only a single point shows: faults last, glitches do not
LEAST_DEVIATION: Final = 1.0  # robust standard deviations below which no tail begins


@dataclass(frozen=True)
class Series:
    """Ascending times (microseconds, UTC) and values of one metric of one node up to the end of the window."""

    node: str
    metric: str
    at: Micros
    values: Floats


@dataclass(frozen=True)
class Measured:
    """The strongest departures of one series, for each scanned length.

    `rehearsed`: shape (lengths, rehearsals), absolute, nan where the series had no such stretch; `z` and `onset`:
    shape (lengths,), signed departure in the window and when (microseconds) it had gone half the way.
    `before`: ordinary points; `chunk`: points of a rehearsed stretch; `chunks`: how many of them the window holds.
    """

    node: str
    metric: str
    rehearsed: Floats
    z: Floats
    onset: Micros
    before: int
    chunk: int
    chunks: float


@dataclass(frozen=True)
class Judged:
    """`surprise`: -ln of the chance (nats) in each rehearsal and, last, in the window; nan where there was no data.
    `z`, `onset`: of the most surprising length in the window."""

    node: str
    metric: str
    surprise: Floats
    z: float
    onset: int


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
    places = _places(series.at[:before], rehearsals, chunk)
    past = _departures(values, places[places >= 0], chunk, recent) / scale
    present = _departures(values, np.array([before]), inside, recent)[0] / scale
    lengths = scan_lengths(chunk)
    rehearsed = np.full((len(lengths), len(places)), np.nan)
    for row, length in enumerate(lengths):
        rehearsed[row, places >= 0] = strongest(past, length)
    z = np.array([_peak(present, length) for length in lengths])
    onset = np.array([series.at[before + _onset(present, peak)] for peak in z], dtype=np.int64)
    return Measured(series.node, series.metric, rehearsed, z, onset, before, chunk, max(inside / chunk, 1.0))


def judge(measured: Measured, ordinary: Mask) -> Judged:
    """Turn departures into surprises; only the rehearsals marked `ordinary` say what is ordinary.

    Corrected for having scanned several lengths, and for a window longer than the rehearsals. Where longer stretches
    were scanned as well, what one point alone shows counts for less.
    """
    known = ~np.isnan(measured.rehearsed[0])
    size = measured.before / measured.chunk * float(ordinary.mean())
    rows = []
    for rehearsed, z in zip(measured.rehearsed, measured.z, strict=True):
        tail = fit_tail(rehearsed[known & ordinary], size, LEAST_DEVIATION, freedom=measured.before - 1.0)
        reached = np.append(np.where(known, rehearsed, 0.0), abs(z))
        rows.append(tail.surprise(reached) - np.log(len(measured.z)))
    surprise = np.stack(rows)
    if len(rows) > 1:
        surprise[0] -= LONE_SPIKE
    surprise[:, -1] -= np.log(measured.chunks)
    best = int(np.argmax(surprise[:, -1]))
    strongest_row = np.maximum(surprise.max(axis=0), 0.0)
    strongest_row[:-1][~known] = np.nan
    return Judged(measured.node, measured.metric, strongest_row, float(measured.z[best]), int(measured.onset[best]))


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


def _peak(present: Floats, length: int) -> float:
    means = running_means(present, length)
    return float(means[np.argmax(np.abs(means))])


def _onset(present: Floats, z: float) -> int:
    """The first point of the window that had gone half the way, towards the side of the strongest stretch."""
    return int(np.argmax(present * np.sign(z) >= abs(z) / 2))
