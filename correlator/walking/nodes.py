"""From series to nodes: one surprise a node, corrected for how many metrics it has and how they hang together.

The surprises of a node's metrics are added, the strongest in full and each further one with less weight, and the sum
is compared with what it was in the rehearsals. Metrics that rise and fall together (three percentiles of one latency)
are thereby hardly more than one piece of evidence, and twenty independent ones are twenty chances to be surprised.

Old trouble in the ordinary period would make new trouble look ordinary. So the rehearsals in which the node stood out
most are set aside, at most a third of them, and the rest is taken for ordinary.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from correlator.statistics.extreme import predictive
from correlator.walking.kinds import Kind
from correlator.walking.series import Judged, Measured, judge

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

SHARE: Final = 0.25  # the tail beyond the upper quartile of the rehearsals is taken for exponential
PRIOR_REHEARSALS: Final = 8.0
PRIOR_EXCESSES: Final = 4.0
FURTHER_METRICS: Final = 0.5  # the k-th strongest metric counts k ** -0.5
OLD_TROUBLE: Final = 3.0  # times the spread of the lower half
MOST_SET_ASIDE: Final = 0.34
LEAST_TO_SET_ASIDE: Final = 20
LOG_2: Final = float(np.log(2.0))


@dataclass(frozen=True)
class Level:
    """What a sum of surprises ordinarily is: P(sum >= s) = SHARE * exp(-rate * (s - quartile)) beyond the quartile."""

    quartile: float
    rate: float
    weight: float

    def corrected(self, sums: Floats) -> Floats:
        """-ln P in nats; under the quartile P falls evenly from one."""
        beyond = -np.log(SHARE) + predictive(self.rate * np.maximum(sums - self.quartile, 0.0), self.weight)
        below = -np.log1p(-(1 - SHARE) * np.clip(sums / self.quartile, 0.0, 1.0))
        return np.where(sums > self.quartile, beyond, below)


@dataclass(frozen=True)
class Node:
    """`surprises`: for each kind of metric, corrected, in nats, for each rehearsal and, last, the window (nan = no
    data then); `series`: strongest in the window first."""

    name: str
    surprises: Mapping[Kind, Floats]
    series: tuple[Judged, ...]

    @property
    def onset(self) -> int:
        return self.series[0].move.by


def summarise(name: str, measured: Sequence[Measured], independent: float, calm: Mask) -> Node:
    """One node out of its measured series (at least one); `independent` is how many rehearsals the overlapping ones
    are worth, `calm` marks those in which the system as a whole was not in trouble."""
    sums = _sums([judge(one, calm) for one in measured])[:-1]
    ordinary = calm.copy()
    ordinary[calm] = ordinary_ones(sums[calm])
    judged = [judge(one, ordinary) for one in measured]
    kinds = sorted({one.kind for one in judged})
    surprises = {kind: _together([one for one in judged if one.kind is kind], ordinary, independent) for kind in kinds}
    ordered = sorted(judged, key=lambda one: (-one.surprise[-1], -abs(one.z), one.metric))
    return Node(name, surprises, tuple(ordered))


def _together(judged: Sequence[Judged], ordinary: Mask, independent: float) -> Floats:
    sums = _sums(judged)
    level = ordinary_level(sums[:-1][ordinary], len(judged), independent * float(ordinary.mean()))
    return level.corrected(sums)


def ordinary_level(sums: Floats, count: int, independent: float) -> Level:
    """Fit to the sums of the rehearsals (nan = no data), drawn to what the largest of `count` exponentials would do."""
    known = sums[~np.isnan(sums)]
    prior = float(np.log(max(count, 1)) - np.log(-np.log1p(-SHARE)))
    if len(known) == 0:
        return Level(prior, 1.0, PRIOR_EXCESSES)
    weight = min(independent, len(known)) / (min(independent, len(known)) + PRIOR_REHEARSALS)
    quartile = weight * float(np.quantile(known, 1 - SHARE)) + (1 - weight) * prior
    above = known[known > quartile] - quartile
    mean = float(np.median(above)) / LOG_2 if len(above) else 1.0
    excesses = PRIOR_EXCESSES + SHARE * min(independent, len(known))
    return Level(quartile, min(1.0 / (weight * mean + 1 - weight), 1.0), excesses)


def _sums(judged: Sequence[Judged]) -> Floats:
    rows = np.stack([one.surprise for one in judged])
    weights = np.arange(1, len(rows) + 1, dtype=np.float64) ** -FURTHER_METRICS
    sums: Floats = weights @ np.sort(np.nan_to_num(rows), axis=0)[::-1]
    return np.where(np.isnan(rows).all(axis=0), np.nan, sums)


def ordinary_ones(sums: Floats) -> Mask:
    """False where `sums` (shape (n,), nan = no data) stands out far beyond its own lower half."""
    known = sums[~np.isnan(sums)]
    if len(known) < LEAST_TO_SET_ASIDE:
        return np.ones(len(sums), dtype=np.bool_)
    low, middle, most = np.quantile(known, (0.1, 0.5, 1 - MOST_SET_ASIDE))
    limit = max(middle + OLD_TROUBLE * (middle - low) + 1.0, most)
    ordinary: Mask = ~(np.nan_to_num(sums) > limit)
    return ordinary
