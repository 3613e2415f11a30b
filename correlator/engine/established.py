"""The causes that stand: each passed its own test after correction for everything looked at, with what it answers for.

How much a test must show is given as `Bounds`: more for a verdict that is raised than for one that is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from correlator.engine.bounds import Bounds
from correlator.engine.causes import Causes, Pressure, UpstreamCause
from correlator.engine.pipeline import Job
from correlator.model import Cause
from correlator.statistics.time_of_day import BadHours, bad_hours
from correlator.tables.frames import MICROSECONDS

BoolArray = NDArray[np.bool_]

CHANGE_TIMES: Final = 3.0
"""An own change is named only when the failure rate grew at least this many times."""
ENOUGH_FAILURES: Final = 5
"""Failures without which no verdict is given: a cause behind half of them would stay unseen with chance 1/32."""


@dataclass(frozen=True)
class Laid:
    """A cause, the failed runs attributed to it, and how many failures above chance it answers for.

    `expected`: of these runs, failures expected were the cause none. `ordinary`: failures expected of them without
    the cause, where that is not the same: an upstream's failures raise the rate of all runs taken together.
    """

    cause: Cause
    root: int | None
    runs: BoolArray
    observed: int
    expected: float
    p_value: float | None
    e_value: float | None
    strength: float
    ordinary: float | None = None
    wide: bool = False
    onset_run: int | None = None
    hours: BadHours | None = None
    pressure: Pressure | None = None

    @property
    def excess(self) -> float:
        return max(self.observed - (self.expected if self.ordinary is None else self.ordinary), 0.0)

    @property
    def more_than_chance(self) -> bool:
        """Whether any one failure attributed to it is more likely its doing than not: the attributable fraction among
        the exposed (Miettinen 1974) is a half or more."""
        return 2 * self.excess >= self.observed


def established(job: Job, causes: Causes, tests: int, bounds: Bounds) -> tuple[Laid, ...]:
    """Every cause that passes the bounds. `tests`: how many edges are tested in this look, over all tenants."""
    found = [_upstream(cause) for cause in causes.upstream if _stands(cause, tests, bounds)]
    if causes.shared.any():
        found.append(_shared(causes))
    own = [_change(causes, bounds), _hours(job, causes, bounds), _pressure(causes, bounds)]
    found += sorted((laid for laid in own if laid is not None), key=lambda laid: -laid.excess)[:1]
    return tuple(found)


def _stands(cause: UpstreamCause, tests: int, bounds: Bounds) -> bool:
    p_value = cause.weaker[1].p_value
    return (
        p_value <= bounds.level / max(tests, 1)
        and cause.log_odds_genuine >= bounds.log_odds
        and cause.e_value >= bounds.e_value
    )


def _upstream(cause: UpstreamCause) -> Laid:
    _, result = cause.weaker
    return Laid(
        cause=Cause.UPSTREAM,
        root=cause.root,
        runs=cause.runs,
        observed=cause.failed,
        expected=cause.exposed * cause.overall_rate,
        ordinary=expected_elsewhere(cause),
        p_value=result.p_value,
        e_value=cause.e_value,
        strength=min(cause.log_odds_genuine, float(-np.log(result.p_value)) - 4.0),
    )


def expected_elsewhere(cause: UpstreamCause) -> float:
    """Failures expected of the exposed runs at the rate of the unexposed ones."""
    return cause.exposed * cause.ordinary_rate


def _shared(causes: Causes) -> Laid:
    rest = int((causes.failed & ~causes.shared).sum())
    runs = int(causes.shared.sum())
    ordinary = rest / max(int(causes.speaks.sum()), 1)
    strength = 2.0 + 0.5 * runs
    wide = causes.platform_wide
    return Laid(Cause.SHARED, None, causes.shared, runs, runs * ordinary, None, None, strength, wide=wide)


def _change(causes: Causes, bounds: Bounds) -> Laid | None:
    change = causes.change
    if change is None or change.log_bayes_factor < bounds.change:
        return None
    if change.after_rate < CHANGE_TIMES * change.before_rate or change.after_failures < ENOUGH_FAILURES - 1:
        return None
    onset = int(causes.change_runs[change.index])
    after = causes.rest & (np.arange(len(causes.rest)) >= onset)
    laid = after & causes.failed
    return Laid(
        cause=Cause.SELF,
        root=None,
        runs=laid,
        observed=int(laid.sum()),
        expected=change.before_rate * int(after.sum()),
        p_value=None,
        e_value=float(np.exp(min(change.log_bayes_factor, 700.0))),
        strength=change.log_bayes_factor - 3.0,
        onset_run=onset,
    )


def _hours(job: Job, causes: Causes, bounds: Bounds) -> Laid | None:
    """Own trouble at certain hours of the day: only for jobs that run in many different hours."""
    hour = (job.due // (3600 * MICROSECONDS)) % 24
    rest = causes.speaks.copy()
    for cause in causes.upstream:
        if cause.log_odds_genuine > 0:
            rest &= ~cause.runs
    if len(np.unique(hour[rest])) < 6:
        return None
    found = bad_hours(hour[rest], causes.failed[rest])
    if found is None or found.p_value > bounds.p_value:
        return None
    inside = (hour - found.start) % 24 < found.hours
    outside = rest & ~inside
    ordinary = float(causes.failed[outside].sum()) / max(int(outside.sum()), 1)
    return Laid(
        cause=Cause.SELF,
        root=None,
        runs=rest & inside & causes.failed,
        observed=found.failures,
        expected=ordinary * found.runs,
        p_value=found.p_value,
        e_value=None,
        strength=float(-np.log(found.p_value)) - 6.0,
        hours=found,
    )


def _pressure(causes: Causes, bounds: Bounds) -> Laid | None:
    """Own trouble under pressure: a metric of the job itself tells its failures apart, clearly and strongly."""
    found = causes.pressure
    if found is None or found.p_value > bounds.p_value or abs(found.superiority - 0.5) < bounds.superiority:
        return None
    outside = causes.speaks & ~found.runs
    ordinary = float((causes.failed & outside).sum()) / max(int(outside.sum()), 1)
    laid = causes.failed & found.runs
    return Laid(
        cause=Cause.SELF,
        root=None,
        runs=laid,
        observed=int(laid.sum()),
        expected=ordinary * int(found.runs.sum()),
        p_value=found.p_value,
        e_value=None,
        strength=float(-np.log(found.p_value)) - 6.0,
        pressure=found,
    )
