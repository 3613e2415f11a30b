"""From weighed causes to a verdict: which cause answers for most of the failures, and is the evidence enough?

A cause is *established* when it passes its own test after correction for everything looked at, and no simpler story
explains the same failures. The verdict is systemic when the established causes answer for a fair share of the job's
failures; transient when there were failures enough that a cause would have shown, and none did; and inconclusive in
every other case, with what would settle it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from correlator.engine.causes import Causes, Pressure, UpstreamCause
from correlator.engine.confidence import SURE_ENOUGH, confidence
from correlator.engine.pipeline import Job
from correlator.engine.traits import grown, systemic_traits, transient_traits
from correlator.model import Cause, Verdict
from correlator.quantities import plural
from correlator.statistics.proportions import probability_exceeds
from correlator.statistics.time_of_day import BadHours, bad_hours
from correlator.tables.frames import MICROSECONDS

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]

LEVEL: Final = 0.05
"""Chance of accusing any upstream wrongly in one look, over all edges with failures together (Bonferroni)."""
LEAST_E_VALUE: Final = 200.0
"""The e-value holds however often the history is looked at: under the null it ever gets here once in 200 edges."""
GENUINE_LOG_ODDS: Final = 1.5
"""An upstream is named only when its story is at least four times as probable as a common condition behind both."""
CHANGE_LOG_FACTOR: Final = 4.0
"""An own change is named from this log Bayes factor on (about 55 to 1)."""
CHANGE_IN_SIGHT: Final = 2.0
"""From here on (seven to one) a change keeps the verdict open."""
CHANGE_TIMES: Final = 3.0
"""And only when the failure rate grew at least this many times."""
HOURS_P: Final = 1e-4
PRESSURE_P: Final = 1e-4
PRESSURE_DIFFERENCE: Final = 0.3
"""A metric must be higher (or lower) at a failure than at a pass with at least 80 % probability."""
FAIR_SHARE: Final = 0.45
"""Established causes must answer for this share of the failures above chance to make the verdict systemic."""
OUTAGE_WEIGHT: Final = 1.8
OPEN: Final = 0.3
"""A cause that may answer for a fair share with more than this probability keeps the verdict open."""
LEAST_LAID: Final = {Cause.UPSTREAM: 3, Cause.SHARED: 3, Cause.SELF: 4}
"""Failures that must be laid to a cause before it is called systemic."""
ENOUGH_FAILURES: Final = 5
"""Failures without which no verdict is given: a cause behind half of them would stay unseen with chance 1/32."""


@dataclass(frozen=True)
class Laid:
    """A cause, the failed runs laid to it, and how many failures above chance it answers for.

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


@dataclass(frozen=True)
class Decision:
    """What is said about one job. `main` is None unless the verdict is systemic; `suspected` is the best upstream
    cause that was not established."""

    verdict: Verdict
    confidence: float | None
    main: Laid | None
    established: tuple[Laid, ...]
    suspected: UpstreamCause | None
    needs: str | None
    withheld: Decision | None = None
    """The verdict the evidence leans to, where it was not sure enough to be given."""
    kind: str = ""
    traits: Mapping[str, float] = field(default_factory=dict)
    """What the confidence stands on (see `traits`)."""


def decide(job: Job, causes: Causes, tests: int, edges_declared: bool, has_upstream: bool) -> Decision:
    """Decide about one job. `tests`: how many edges with failures are tested in this look, over all tenants.

    A verdict that is right with less than `SURE_ENOUGH` probability is withheld.
    """
    leaning = lean(job, causes, tests, edges_declared, has_upstream)
    if leaning.confidence is None or leaning.confidence >= SURE_ENOUGH:
        return leaning
    needs = f"about {plural(_to_be_surer(leaning, causes), 'more failed run')}, to be sure enough of what shows"
    return replace(_open(leaning.established, leaning.suspected, needs), withheld=leaning)


def lean(job: Job, causes: Causes, tests: int, edges_declared: bool, has_upstream: bool) -> Decision:
    """The verdict that the evidence points to, with how sure it is; inconclusive where it points nowhere."""
    total = int(causes.failed.sum())
    established = _established(job, causes, tests)
    explained = sum(laid.excess for laid in established)
    main = max(established, key=_weight, default=None)
    suspected = _suspected(causes, tests, established)
    fair = probability_exceeds(explained, total, FAIR_SHARE)
    if main is not None and fair >= 0.5 and main.observed >= (1 if main.wide else LEAST_LAID[main.cause]):
        traits = systemic_traits(job, causes, main, explained)
        return _sure(Verdict.SYSTEMIC, main.cause.value, traits, main, established, None)
    if total < ENOUGH_FAILURES:
        return _open(established, suspected, f"about {plural(ENOUGH_FAILURES - total, 'more failed run')}")
    if suspected is not None and probability_exceeds(explained + _excess(suspected), total, FAIR_SHARE) > OPEN:
        return _open(established, suspected, _settles(suspected, tests))
    if fair > OPEN:
        return _open(established, suspected, "about 5 more failed runs, to see which part of them the cause explains")
    if _change_in_sight(causes):
        return _open(established, suspected, "about 5 more failed runs, to see whether the failure rate has changed")
    if not edges_declared:
        return _open(established, suspected, "the jobs this one reads from, as declared dependencies")
    traits = transient_traits(job, causes, has_upstream)
    return _sure(Verdict.TRANSIENT, "transient", traits, None, established, suspected)


def _weight(laid: Laid) -> tuple[float, str]:
    """Failures a cause answers for; where outages are established they count for more, because an outage that few
    jobs ran through looks like its upstream's trouble."""
    return laid.excess * (OUTAGE_WEIGHT if laid.cause is Cause.SHARED else 1.0), laid.cause.value


def _established(job: Job, causes: Causes, tests: int) -> tuple[Laid, ...]:
    found = [_upstream(cause) for cause in causes.upstream if _stands(cause, tests)]
    if causes.shared.any():
        found.append(_shared(causes))
    own = _change(causes) or _hours(job, causes) or _pressure(causes)
    if own is not None:
        found.append(own)
    return tuple(found)


def _stands(cause: UpstreamCause, tests: int) -> bool:
    p_value = cause.weaker[1].p_value
    return (
        p_value <= LEVEL / max(tests, 1)
        and cause.log_odds_genuine >= GENUINE_LOG_ODDS
        and cause.e_value >= LEAST_E_VALUE
    )


def _upstream(cause: UpstreamCause) -> Laid:
    _, result = cause.weaker
    return Laid(
        cause=Cause.UPSTREAM,
        root=cause.root,
        runs=cause.runs,
        observed=cause.failed,
        expected=cause.exposed * cause.overall_rate,
        ordinary=_expected_elsewhere(cause),
        p_value=result.p_value,
        e_value=cause.e_value,
        strength=min(cause.log_odds_genuine, float(-np.log(result.p_value)) - 4.0),
    )


def _expected_elsewhere(cause: UpstreamCause) -> float:
    """Failures expected of the exposed runs at the rate of the unexposed ones."""
    return cause.exposed * cause.ordinary_rate


def _shared(causes: Causes) -> Laid:
    rest = int((causes.failed & ~causes.shared).sum())
    runs = int(causes.shared.sum())
    ordinary = rest / max(int(causes.speaks.sum()), 1)
    strength = 2.0 + 0.5 * runs
    wide = causes.platform_wide
    return Laid(Cause.SHARED, None, causes.shared, runs, runs * ordinary, None, None, strength, wide=wide)


def _change(causes: Causes) -> Laid | None:
    change = causes.change
    if change is None or change.log_bayes_factor < CHANGE_LOG_FACTOR:
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


def _change_in_sight(causes: Causes) -> bool:
    """A change of the failure rate that is more probable than none, and not yet established."""
    change = causes.change
    return (
        change is not None
        and change.log_bayes_factor > CHANGE_IN_SIGHT
        and change.after_rate >= CHANGE_TIMES * change.before_rate
    )


def _hours(job: Job, causes: Causes) -> Laid | None:
    """Own trouble at certain hours of the day: only for jobs that run in many different hours."""
    hour = (job.due // (3600 * MICROSECONDS)) % 24
    rest = causes.speaks.copy()
    for cause in causes.upstream:
        if cause.log_odds_genuine > 0:
            rest &= ~cause.runs
    if len(np.unique(hour[rest])) < 6:
        return None
    found = bad_hours(hour[rest], causes.failed[rest])
    if found is None or found.p_value > HOURS_P:
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


def _pressure(causes: Causes) -> Laid | None:
    """Own trouble under pressure: a metric of the job itself tells its failures apart, clearly and strongly."""
    found = causes.pressure
    if found is None or found.p_value > PRESSURE_P or abs(found.superiority - 0.5) < PRESSURE_DIFFERENCE:
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


def _suspected(causes: Causes, tests: int, established: tuple[Laid, ...]) -> UpstreamCause | None:
    """The upstream root with the best odds that is not established and not ruled out."""
    named = {laid.root for laid in established}
    open_ = [c for c in causes.upstream if c.root not in named and c.failed >= 2 and c.log_odds_genuine > -1.0]
    open_ = [c for c in open_ if c.weaker[1].p_value < 0.5]
    return min(open_, key=lambda cause: cause.weaker[1].p_value, default=None)


def _excess(cause: UpstreamCause) -> float:
    """Failures of the exposed runs above what is ordinary for the unexposed."""
    return max(cause.failed - _expected_elsewhere(cause), 0.0)


def _settles(cause: UpstreamCause, tests: int) -> str:
    """About how many more aligned failures bring the p-value under the corrected level, at the rate seen so far."""
    p_value = cause.weaker[1].p_value
    if p_value <= LEVEL / max(tests, 1):
        return "unexposed runs at times of the same load, to tell the upstream from a common cause"
    per_failure = max(-np.log(max(p_value, 1e-300)) / max(cause.failed, 1), 0.3)
    missing = (-np.log(LEVEL / max(tests, 1)) + np.log(p_value)) / per_failure
    return f"about {plural(max(int(np.ceil(missing)), 1), 'more failed run')}"


def _open(established: tuple[Laid, ...], suspected: UpstreamCause | None, needs: str) -> Decision:
    return Decision(Verdict.INCONCLUSIVE, None, None, established, suspected, needs)


def _sure(
    verdict: Verdict,
    kind: str,
    traits: Mapping[str, float],
    main: Laid | None,
    established: tuple[Laid, ...],
    suspected: UpstreamCause | None,
) -> Decision:
    return Decision(verdict, confidence(kind, traits), main, established, suspected, None, None, kind, traits)


def _to_be_surer(leaning: Decision, causes: Causes) -> int:
    """How many more failed runs like the ones seen would make the verdict sure enough; 20 where no number would."""
    total = max(int(causes.failed.sum()), 1)
    for more in range(1, 20):
        if confidence(leaning.kind, grown(leaning.traits, (total + more) / total)) >= SURE_ENOUGH:
            return more
    return 20
