"""Which of two jobs began it? A downstream job whose retries overload its own upstream fails first, the upstream after.

The failures attributed to an upstream come in occasions. Where the upstream is the cause, its trouble begins an
occasion, and a failure of the downstream job right before that, on an input that was there, is chance. Where such
failures come first in many occasions, the trouble began downstream or in something common, and the upstream stands
accused by mistake.

Two stories are compared as in `statistics.two_stories`: the number of occasions with a failure before is binomial at
the rate of chance, or has any rate (uniform prior).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import lgamma, log, log1p
from typing import Final

import numpy as np
from numpy.typing import NDArray

from correlator.engine.pipeline import Job

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]

RUNS_BEFORE: Final = 2
"""Runs before the upstream's trouble in which a failure counts as having come first."""
LEAST_CHANCE: Final = 0.02


@dataclass(frozen=True)
class Onsets:
    """In how many of the occasions the downstream job failed before the upstream's trouble began, and what that says
    for the upstream (log Bayes factor, never above 0: who began it is asked only to find the innocent)."""

    occasions: int
    preceded: int
    log_factor: float


def onsets(job: Job, root: Job, root_run: IntArray, laid: BoolArray, others: BoolArray) -> Onsets:
    """`laid`: failed runs of the job exposed to the root; `root_run`: the root's run of each; `others`: runs that were
    not exposed. The root's trouble begins when the run ought to have been over."""
    runs = np.flatnonzero(laid)
    if not len(runs):
        return Onsets(0, 0, 0.0)
    firsts = runs[np.append(True, np.diff(job.start[runs]) > RUNS_BEFORE * job.period)]
    began = root.start[root_run[firsts]] + root.usual_duration
    ended = np.sort(job.end[others & job.failed])
    reach = began - (RUNS_BEFORE + 0.5) * job.period
    preceded = np.searchsorted(ended, began, side="right") > np.searchsorted(ended, reach)
    rate = float((others & job.failed).sum() - preceded.sum()) / max(int(others.sum()), 1)
    chance = max(1.0 - (1.0 - max(rate, 0.0)) ** RUNS_BEFORE, LEAST_CHANCE)
    return Onsets(len(firsts), int(preceded.sum()), _log_factor(int(preceded.sum()), len(firsts), chance))


def _log_factor(preceded: int, occasions: int, chance: float) -> float:
    """log P(preceded | binomial at `chance`) - log P(preceded | any rate), at most 0."""
    ways = lgamma(occasions + 1) - lgamma(preceded + 1) - lgamma(occasions - preceded + 1)
    found = ways + preceded * log(chance) + (occasions - preceded) * log1p(-min(chance, 1 - 1e-12))
    return min(found + log(occasions + 1), 0.0)
