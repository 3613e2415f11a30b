"""The layers grid, outside in: what was looked at, with which data, and what came of it."""

from __future__ import annotations

import numpy as np

from correlator.engine.case import Case
from correlator.engine.nearby import CHANGES_WITHIN
from correlator.model import Cause, Layer
from correlator.text.quantities import p_words, percent, plural

ENOUGH_EXPOSED = 3
"""Exposed runs from which on an upstream whose lateness did no harm is eliminated."""
IMPLICATED, ELIMINATED, NOT_CHECKED, NO_DATA = "implicated", "eliminated", "not checked", "no data"


def layers(case: Case) -> tuple[Layer, ...]:
    """One row a layer; `eliminated` only where data was there to say so."""
    return (_shared(case), *_upstreams(case), _own(case), _hours(case), _deploys(case), _metrics(case))


def _main_is(case: Case, cause: Cause) -> bool:
    return case.main is not None and case.main.cause is cause


def _established(case: Case, cause: Cause) -> bool:
    return any(laid.cause is cause for laid in case.decision.established)


def _shared(case: Case) -> Layer:
    others = sum(1 for job in case.pipeline.jobs if job.name != case.job.name and job.tenant == case.job.tenant)
    if not others:
        return Layer("platform", "unrelated jobs failing at the same time", "this job alone is known", NO_DATA)
    hit = int(case.causes.shared.sum())
    data = f"{hit} of {int(case.causes.failed.sum())} failures inside {plural(len(case.episodes), 'shared episode')}"
    result = IMPLICATED if _established(case, Cause.SHARED) else ELIMINATED
    return Layer("platform", "unrelated jobs failing at the same time", data, result)


def _upstreams(case: Case) -> list[Layer]:
    """Each declared upstream, and each root the walk went back to."""
    direct = {edge.upstream for edge in case.pipeline.into[case.index]}
    unseen = case.pipeline.unseen.get(case.job.name, ())
    missing = [
        Layer(f"upstream {name}", "inputs late or failed", "none of its runs is recorded", NO_DATA) for name in unseen
    ]
    if not direct and not unseen:
        known = case.pipeline.inputs_known(case.index)
        data = "none is declared; others read from this job" if known else "no upstream is declared"
        return [Layer("upstream", "inputs late or failed", data, NO_DATA)]
    rows = {cause.root: _tested(case, cause.root) for cause in case.causes.upstream}
    rows |= {index: _not_a_root(case, index) for index in direct - rows.keys()}
    return [*(rows[index] for index in sorted(rows)), *missing]


def _not_a_root(case: Case, index: int) -> Layer:
    """A direct upstream in which no trouble began: on the way from a named root, or not concerned."""
    name, causes = case.pipeline.jobs[index].name, case.causes
    edge = next(edge for edge in case.pipeline.into[case.index] if edge.upstream == index)
    exposed = edge.exposed & causes.speaks
    count, failed = int(exposed.sum()), int((exposed & causes.failed).sum())
    data = f"{failed} of {count} exposed runs failed" if count else "it was ready in time for every run"
    named = [laid.root for laid in case.decision.established if laid.root is not None]
    passed_on = causes.failed & (causes.exposure.via == index) & np.isin(causes.exposure.root, named)
    if passed_on.any():
        roots = sorted({case.pipeline.jobs[root].name for root in np.unique(causes.exposure.root[passed_on]).tolist()})
        data += f"; it lies on the way from {' and '.join(roots)}"
        return Layer(f"upstream {name}", "inputs late or failed", data, IMPLICATED)
    result = ELIMINATED if count >= ENOUGH_EXPOSED or not count else NOT_CHECKED
    return Layer(f"upstream {name}", "inputs late or failed", data, result)


def _tested(case: Case, root: int) -> Layer:
    cause = next(cause for cause in case.causes.upstream if cause.root == root)
    named = any(laid.cause is Cause.UPSTREAM and laid.root == root for laid in case.decision.established)
    suspected = case.decision.suspected is not None and case.decision.suspected.root == root
    _, result = cause.weaker
    data = f"{cause.failed} of {cause.exposed} exposed runs failed, p-value {p_words(result.p_value)}"
    verdict = IMPLICATED if named else NOT_CHECKED if suspected else ELIMINATED
    return Layer(f"upstream {case.pipeline.jobs[root].name}", "inputs late or failed", data, verdict)


def _own(case: Case) -> Layer:
    change = case.causes.change
    check = "a lasting change of the failure rate"
    if change is None:
        return Layer("the job itself", check, "fewer than two failures are left to judge by", NO_DATA)
    named = any(laid.cause is Cause.SELF and laid.onset_run is not None for laid in case.decision.established)
    data = f"{percent(change.before_rate, 1)} before, {percent(change.after_rate, 1)} after the most probable moment"
    return Layer("the job itself", check, data, IMPLICATED if named else ELIMINATED)


def _hours(case: Case) -> Layer:
    named = any(laid.hours is not None for laid in case.decision.established)
    check = "failures gathering in hours of the day"
    if int(case.causes.failed.sum()) < 5:
        return Layer("time of day", check, "fewer than five failures to judge by", NO_DATA)
    return Layer("time of day", check, f"{len(case.job.due)} runs", IMPLICATED if named else ELIMINATED)


def _deploys(case: Case) -> Layer:
    count = case.history.changes.recorded(case.job.tenant)
    check = "a recorded change shortly before the onset"
    if not count:
        return Layer("changes", check, "no changes are recorded", NO_DATA)
    if not _main_is(case, Cause.SELF) or case.main is None or case.main.onset_run is None:
        return Layer("changes", check, f"{plural(count, 'change')} recorded, no onset to lay them to", NOT_CHECKED)
    onset = int(case.job.start[case.main.onset_run])
    before = case.history.changes.between(case.job.tenant, onset - CHANGES_WITHIN, onset)
    close = [change for _, change in before if change.job == case.job.name]
    data = f"{len(close)} of {count} recorded changes hit this job in the day before the onset"
    return Layer("changes", check, data, IMPLICATED if close else ELIMINATED)


def _metrics(case: Case) -> Layer:
    rows = case.metric_evidence
    check = "metrics of the root before its trouble"
    if not rows:
        why = "no cause is named" if case.root is None else f"no metrics of {case.root.name}"
        return Layer("resources", check, why, NOT_CHECKED if case.root is None else NO_DATA)
    moved = [row.metric for row in rows if row.moved]
    still = [row.metric for row in rows if not row.moved]
    data = f"moved: {', '.join(moved) or 'none'}; looked at and did not move: {', '.join(still) or 'none'}"
    return Layer("resources", check, data, IMPLICATED if moved else ELIMINATED)
