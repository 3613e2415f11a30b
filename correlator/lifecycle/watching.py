"""Whether a fix holds: what the runs since the claim say. Pure: counts in, one word out.

Clean first attempts are counted until as many have passed as would come about by luck once in twenty times as
it went before (`correlator.engine.proof`). A failure attributed to the old cause ends the watch at once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from correlator.lifecycle.steps import Step

UNUSUAL: Final = 0.01
"""More failures of other kinds than chance gives so seldom, at the rate before, are said to be failing otherwise."""


@dataclass(frozen=True, slots=True)
class Since:
    """How first attempts went since the fix. `clean`: passed, with the root at work; `idle`: passed while the root had
    not run since, which shows nothing; `same`: failed of the old cause; `otherwise`: failed of something else.
    `examples`: ids of the latest that failed."""

    clean: int = 0
    idle: int = 0
    same: int = 0
    otherwise: int = 0
    examples: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        counts = {name: getattr(self, name) for name in ("clean", "idle", "same", "otherwise")}
        return counts | {"examples": list(self.examples)}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Since:
        counts = {name: int(document[name]) for name in ("clean", "idle", "same", "otherwise")}
        return cls(**counts, examples=tuple(document["examples"]))


def outcome(since: Since, needed: int, background: float, *, overdue: bool) -> Step:
    """What is to be said now; WATCH while it is too early to say.

    >>> outcome(Since(clean=40), 41, 0.01, overdue=False), outcome(Since(clean=41), 41, 0.01, overdue=False)
    (<Step.WATCH: 'watch'>, <Step.FIXED: 'fixed'>)
    """
    if since.same:
        return Step.BACK
    judged = since.clean + since.idle + since.otherwise
    if since.otherwise and at_least(since.otherwise, judged, background) < UNUSUAL:
        return Step.FAILING_OTHERWISE
    if since.clean >= needed:
        return Step.FIXED
    return Step.NOT_EXERCISED if overdue else Step.WATCH


def at_least(hits: int, trials: int, rate: float) -> float:
    """P(X >= hits) for a binomial X.

    >>> round(at_least(2, 3, 0.5), 6)
    0.5
    """
    return min(1.0, math.fsum(_exactly(k, trials, rate) for k in range(hits, trials + 1)))


def _exactly(hits: int, trials: int, rate: float) -> float:
    ways = math.lgamma(trials + 1) - math.lgamma(hits + 1) - math.lgamma(trials - hits + 1)
    return math.exp(ways + hits * math.log(rate) + (trials - hits) * math.log1p(-rate))
