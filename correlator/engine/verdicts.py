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

from correlator.engine.bounds import KEEP, RAISE, Bounds
from correlator.engine.causes import Causes, UpstreamCause
from correlator.engine.confidence import confidence, with_inputs_unknown
from correlator.engine.established import CHANGE_TIMES, ENOUGH_FAILURES, Laid, established, expected_elsewhere
from correlator.engine.pipeline import Job
from correlator.engine.traits import grown, systemic_traits, transient_traits
from correlator.model import Cause, Verdict
from correlator.statistics.proportions import probability_exceeds
from correlator.text.quantities import plural

FAIR_SHARE: Final = 0.45
"""Established causes must answer for this share of the failures above chance to make the verdict systemic."""
OUTAGE_WEIGHT: Final = 1.8
LEAST_LAID: Final = {Cause.UPSTREAM: 3, Cause.SHARED: 3, Cause.SELF: 4}
"""Failures that must be attributed to a cause before it is called systemic."""


UNCLEAR_SHARE: Final = 0.3
"""Failed runs of which nobody can tell whether their input was there: with so many of them nothing is ruled out."""


@dataclass(frozen=True)
class Question:
    """What is decided: a job with its weighed causes. `tests`: how many edges with failures are tested in this look,
    over all tenants; `edges_declared`: whether the tenant's pipeline has any; `has_upstream`: whether this job has;
    `inputs_known`: whether it is known what this job reads; `unseen`: declared upstreams without any run."""

    job: Job
    causes: Causes
    tests: int
    edges_declared: bool
    has_upstream: bool
    inputs_known: bool
    unseen: tuple[str, ...] = ()

    def sureness(self, kind: str, traits: Mapping[str, float]) -> float:
        """How sure a verdict of this kind with these traits is, for this job."""
        sure = confidence(kind, traits)
        return sure if self.inputs_known else with_inputs_unknown(kind, sure)


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

    def same_answer(self, other: Decision) -> bool:
        """Whether both give a verdict, and the same one: verdict, cause and root."""
        mine = None if self.main is None else (self.main.cause, self.main.root)
        theirs = None if other.main is None else (other.main.cause, other.main.root)
        given = self.verdict is not Verdict.INCONCLUSIVE
        return given and self.verdict is other.verdict and mine == theirs


def decide(question: Question) -> Decision:
    """Decide about one job from what is known now, whatever was said before.

    A verdict that is not right with enough probability is withheld.
    """
    return _given(question, lean(question, RAISE, RAISE), RAISE)


def still_tenable(question: Question) -> tuple[Decision, ...]:
    """The verdicts that could be kept, had they been given before: those that fail none of the bounds of `KEEP`."""
    tenable = (lean(question, KEEP, KEEP), lean(question, RAISE, KEEP))
    return tuple(_given(question, leaning, KEEP) for leaning in tenable)


def _given(question: Question, leaning: Decision, bounds: Bounds) -> Decision:
    wanted = bounds.accusing if leaning.kind == Cause.UPSTREAM.value else bounds.confidence
    if leaning.confidence is None or leaning.confidence >= wanted:
        return leaning
    if confidence(leaning.kind, leaning.traits) >= wanted:
        needs = _inputs(question)
    else:
        more = _to_be_surer(leaning, question, wanted)
        needs = f"about {plural(more, 'more failed run')}, to be sure enough of what shows"
    return replace(_open(leaning.established, leaning.suspected, needs), withheld=leaning)


def lean(question: Question, establish: Bounds, doubt: Bounds) -> Decision:
    """The verdict that the evidence points to, with how sure it is; inconclusive where it points nowhere.

    `establish`: what a cause must pass; `doubt`: what leaves the verdict open.
    """
    job, causes, tests = question.job, question.causes, question.tests
    total = int(causes.failed.sum())
    found = established(job, causes, tests, establish)
    explained = sum(laid.excess for laid in found)
    main = max(found, key=_weight, default=None)
    suspected = _suspected(causes, found, doubt)
    fair = probability_exceeds(explained, total, FAIR_SHARE)
    if main is not None and fair >= establish.fair and main.observed >= (1 if main.wide else LEAST_LAID[main.cause]):
        traits = systemic_traits(job, causes, main, explained)
        return _sure(question, Verdict.SYSTEMIC, main.cause.value, traits, main, found, None)
    if total < ENOUGH_FAILURES:
        return _open(found, suspected, f"about {plural(ENOUGH_FAILURES - total, 'more failed run')}")
    if suspected is not None and probability_exceeds(explained + _excess(suspected), total, FAIR_SHARE) > doubt.doubt:
        return _open(found, suspected, _settles(suspected, tests))
    if fair > doubt.doubt:
        return _open(found, suspected, "about 5 more failed runs, to see which part of them the cause explains")
    if _change_in_sight(causes, doubt):
        return _open(found, suspected, "about 5 more failed runs, to see whether the failure rate has changed")
    unclear = causes.exposure.unclear & causes.failed
    if int(unclear.sum()) >= UNCLEAR_SHARE * total:
        return _open(found, suspected, _told_apart(unclear, job, total))
    if not question.edges_declared:
        return _open(found, suspected, _inputs(question))
    if _fails_as_a_rule(causes, doubt):
        return _open(found, suspected, "a history that reaches back to when most of its first attempts passed")
    traits = transient_traits(job, causes, question.has_upstream)
    return _sure(question, Verdict.TRANSIENT, "transient", traits, None, found, suspected)


def _weight(laid: Laid) -> tuple[float, str]:
    """Failures a cause answers for; where outages are established they count for more, because an outage that few
    jobs ran through looks like its upstream's trouble."""
    return laid.excess * (OUTAGE_WEIGHT if laid.cause is Cause.SHARED else 1.0), laid.cause.value


def _fails_as_a_rule(causes: Causes, doubt: Bounds) -> bool:
    """Whether more first attempts fail than pass, outages set aside: that is no bad luck, and began before all that is
    known."""
    return probability_exceeds(int((causes.failed & causes.speaks).sum()), int(causes.speaks.sum()), 0.5) > doubt.doubt


def _inputs(question: Question) -> str:
    if question.unseen:
        return f"runs of {' and '.join(question.unseen)}, from which it reads"
    return "the jobs this one reads from, as declared dependencies"


def _change_in_sight(causes: Causes, doubt: Bounds) -> bool:
    """A change of the failure rate that is more probable than none, and not yet established."""
    change = causes.change
    return (
        change is not None
        and change.log_bayes_factor > doubt.change_in_sight
        and change.after_rate >= CHANGE_TIMES * change.before_rate
    )


def _suspected(causes: Causes, found: tuple[Laid, ...], doubt: Bounds) -> UpstreamCause | None:
    """The upstream root with the best odds that is not established and not ruled out."""
    named = {laid.root for laid in found}
    open_ = [c for c in causes.upstream if c.root not in named and c.failed >= 2]
    open_ = [c for c in open_ if c.log_odds_genuine > doubt.suspect_log_odds]
    open_ = [c for c in open_ if c.weaker[1].p_value < doubt.suspect_p_value]
    return min(open_, key=lambda cause: cause.weaker[1].p_value, default=None)


def _excess(cause: UpstreamCause) -> float:
    """Failures of the exposed runs above what is ordinary for the unexposed."""
    return max(cause.failed - expected_elsewhere(cause), 0.0)


def _settles(cause: UpstreamCause, tests: int) -> str:
    """About how many more aligned failures bring the p-value under the corrected level, at the rate seen so far."""
    p_value, wanted = cause.weaker[1].p_value, RAISE.level / max(tests, 1)
    if p_value <= wanted:
        return "unexposed runs at times of the same load, to tell the upstream from a common cause"
    per_failure = max(-np.log(max(p_value, 1e-300)) / max(cause.failed, 1), 0.3)
    missing = (-np.log(wanted) + np.log(p_value)) / per_failure
    return f"about {plural(max(int(np.ceil(missing)), 1), 'more failed run')}"


def _told_apart(unclear: NDArray[np.bool_], job: Job, total: int) -> str:
    """What is missing where nobody can tell whether the input was there: when the runs began, or that input."""
    runs = f"{int(unclear.sum())} of the {total} failed runs"
    if 2 * int((unclear & job.hidden).sum()) > int(unclear.sum()):
        return f"when the first attempts of {runs} began: without it nobody can tell whether their input was there"
    return f"whether the input of {runs} was there: the upstream runs they stood on, or clocks that agree better"


def _open(found: tuple[Laid, ...], suspected: UpstreamCause | None, needs: str) -> Decision:
    return Decision(Verdict.INCONCLUSIVE, None, None, found, suspected, needs)


def _sure(
    question: Question,
    verdict: Verdict,
    kind: str,
    traits: Mapping[str, float],
    main: Laid | None,
    found: tuple[Laid, ...],
    suspected: UpstreamCause | None,
) -> Decision:
    return Decision(verdict, question.sureness(kind, traits), main, found, suspected, None, None, kind, traits)


def _to_be_surer(leaning: Decision, question: Question, wanted: float) -> int:
    """How many more failed runs like the ones seen would make the verdict sure enough; 20 where no number would."""
    total = max(int(question.causes.failed.sum()), 1)
    for more in range(1, 20):
        if question.sureness(leaning.kind, grown(leaning.traits, (total + more) / total)) >= wanted:
            return more
    return 20
