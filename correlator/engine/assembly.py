"""The finding: a decision put into the words and numbers that a packet needs."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from correlator.engine.case import Case
from correlator.engine.causes import UpstreamCause
from correlator.engine.debt import recovery, retry_debt
from correlator.engine.episodes import SharedEpisode
from correlator.engine.errors_seen import root_signatures, root_timed_out_share, signature_counts
from correlator.engine.established import Laid
from correlator.engine.lag_profile import lag_profile
from correlator.engine.layers import layers
from correlator.engine.nearby import nearby_changes
from correlator.engine.pipeline import Job
from correlator.engine.proof import proof_of_fix
from correlator.engine.roots import path_from
from correlator.engine.wording import clocks, notes, order_unclear, summary
from correlator.history.columns import NEVER, run_id_of
from correlator.model import Cause, Contribution, EdgeTest, Episode, Finding, HourSpan, Pair, Pressure
from correlator.tables.frames import MICROSECONDS, from_micros

BoolArray = NDArray[np.bool_]


TAKES_TURNS: Final = 0.5
"""An upstream that answers for this share of the main one's failures, or more, has its runs listed beside them."""


def assemble(case: Case) -> Finding:
    """All parts of the finding; each one says in `details` or `layers` what it means."""
    job, main, decision, failed = case.job, case.main, case.decision, case.causes.failed
    times = job.start[failed]
    onset = None if main is None else _onset(case, main)
    root, pairs = None if case.root is None else case.root.name, _pairs(case)
    return Finding(
        tenant=job.tenant,
        job=job.name,
        verdict=decision.verdict,
        cause=Cause.NONE if main is None else main.cause,
        root_job=root,
        path=_path(case),
        confidence=decision.confidence,
        runs=len(job.due),
        failed_first=int(failed.sum()),
        recovered_by_retry=int((failed & (job.ready != NEVER)).sum()),
        observed=None if main is None else main.observed,
        expected_by_chance=None if main is None else round(main.expected, 4),
        p_value=None if main is None else main.p_value,
        onset=None if onset is None else from_micros(onset[1]),
        needs=decision.needs,
        pairs=pairs,
        episodes=_episodes(case),
        contributions=_contributions(case),
        e_value=None if main is None else main.e_value,
        summary=summary(case),
        window_start=from_micros(int(job.due[0])),
        window_end=from_micros(case.history.as_of),
        first_failure_at=from_micros(int(times.min())) if len(times) else None,
        last_failure_at=from_micros(int(times.max())) if len(times) else None,
        onset_earliest=None if onset is None else from_micros(onset[0]),
        onset_latest=None if onset is None else from_micros(onset[2]),
        edges=tuple(_edge_test(case, cause) for cause in case.causes.upstream),
        recovery=recovery(case),
        retry_debt=retry_debt(case.history, job),
        lag_profile=lag_profile(pairs, root),
        proof_of_fix=proof_of_fix(case),
        metrics=case.metric_evidence,
        layers=layers(case),
        scope=case.scopes.of(case.job.stream, int((case.causes.exposure.root >= 0).sum())),
        changes=nearby_changes(case, None if onset is None else onset[1]),
        signatures=signature_counts(case),
        root_signatures=root_signatures(case),
        root_timed_out_share=root_timed_out_share(case),
        notes=notes(case),
        clocks=clocks(case),
        hours=_hours(case),
        pressure=_pressure(case),
        order_unclear=order_unclear(case),
    )


def _hours(case: Case) -> HourSpan | None:
    found = None if case.main is None else case.main.hours
    return None if found is None else HourSpan(found.start, found.hours)


def _pressure(case: Case) -> Pressure | None:
    found = None if case.main is None else case.main.pressure
    if found is None:
        return None
    return Pressure(found.metric, round(found.bound, 4), found.superiority > 0.5, round(found.superiority, 4))


def _path(case: Case) -> tuple[str, ...]:
    if case.main is None or case.main.root is None:
        return (case.job.name,)
    path = path_from(case.pipeline, case.roots, case.main.root, case.index)
    return tuple(case.pipeline.jobs[index].name for index in path)


def _onset(case: Case, main: Laid) -> tuple[int, int, int] | None:
    """Earliest, most probable and latest onset (µs) of an own change; of an outage its first start."""
    if main.cause is Cause.SHARED and case.episodes:
        starts = [episode.start for episode in _hit_episodes(case)]
        return (min(starts), min(starts), min(starts)) if starts else None
    if main.onset_run is None or case.causes.change is None:
        return None
    change, runs, start = case.causes.change, case.causes.change_runs, case.job.start
    return tuple(int(start[runs[n]]) for n in (change.earliest, change.index, change.latest))  # type: ignore[return-value]


def _hit_episodes(case: Case) -> list[SharedEpisode]:
    """The episodes into which failed runs of the job fell, or the upstream runs they stood on."""
    job, failed, exposure = case.job, case.causes.failed, case.causes.exposure
    hits = []
    for episode in case.episodes:
        own = failed & (job.start <= episode.end) & (job.end >= episode.start)
        through = np.zeros(len(failed), bool)
        for root in np.unique(exposure.root[failed & (exposure.root >= 0)]).tolist():
            mine = failed & (exposure.root == root)
            up, run = case.pipeline.jobs[root], exposure.root_run[mine]
            through[mine] = (up.start[run] <= episode.end) & (up.end[run] >= episode.start)
        if (own | through).any():
            hits.append(episode)
    return hits


def _episodes(case: Case) -> tuple[Episode, ...]:
    return tuple(
        Episode(
            start=from_micros(episode.start),
            end=from_micros(episode.end),
            jobs=episode.jobs,
            failures=episode.failures,
            scope=episode.scope,
            expected_failures=round(episode.expected, 3),
        )
        for episode in _hit_episodes(case)
    )


def _pairs(case: Case) -> tuple[Pair, ...]:
    if case.main is None:
        return ()
    if case.main.cause is not Cause.UPSTREAM:
        return tuple(_own_pair(case, int(run)) for run in np.flatnonzero(case.laid))
    return tuple(_upstream_pair(case, int(run)) for run in np.flatnonzero(_laid_upstream(case)))


def _laid_upstream(case: Case) -> BoolArray:
    """The failed runs attributed to the main upstream, and to those that take turns with it."""
    assert case.main is not None
    laid = case.laid.copy()
    for other in case.decision.established:
        if other.cause is Cause.UPSTREAM and other.excess >= TAKES_TURNS * case.main.excess:
            laid |= other.runs & case.causes.failed
    return laid


def _own_pair(case: Case, run: int) -> Pair:
    return Pair(
        logical_run_id=run_id_of(case.history, case.job.offset + run),
        failed_at=from_micros(int(case.job.end[run])),
        error=_error(case, case.job, run),
    )


def _upstream_pair(case: Case, run: int) -> Pair:
    """The lag runs from the start of the root's run to the start of the attempt that failed without its output."""
    exposure, job = case.causes.exposure, case.job
    root, at = case.pipeline.jobs[int(exposure.root[run])], int(exposure.root_run[run])
    ready = int(root.ready[at])
    due = _unseen_due(root, at, int(job.start[run]))
    if due is not None:
        return replace(_own_pair(case, run), upstream_job=root.name, upstream_due_at=from_micros(due))
    return Pair(
        logical_run_id=run_id_of(case.history, job.offset + run),
        upstream_job=root.name,
        upstream_logical_run_id=run_id_of(case.history, root.offset + at),
        lag_seconds=round(float(job.start[run] - root.start[at]) / MICROSECONDS, 3),
        failed_at=from_micros(int(job.end[run])),
        upstream_failed_at=from_micros(int(root.end[at])) if root.failed[at] else None,
        upstream_ready_at=from_micros(ready) if ready != NEVER else None,
        error=_error(case, job, run),
        upstream_error=_error(case, root, at) if root.failed[at] else None,
    )


def _unseen_due(root: Job, at: int, began: int) -> int | None:
    """When the root's run was due (µs), where it is overdue and has not been seen, so that its last one, ready when the
    failed run began, stands in for it."""
    last = at == len(root.due) - 1 and root.ready[at] <= began
    if not last or root.cadence is None or root.cadence.overdue[-1] > root.as_of:
        return None
    return int(root.due[-1]) + root.cadence.period


def _error(case: Case, job: Job, run: int) -> str | None:
    return case.history.error_of(job.offset + run) or None


def _contributions(case: Case) -> tuple[Contribution, ...]:
    """All failed runs, each attributed to one established cause or to none; the greatest first. A cause beside the
    main one takes none when most of its failures would have happened anyway."""
    left = case.causes.failed.copy()
    counts: list[Contribution] = []
    order = sorted(
        case.decision.established, key=lambda laid: [Cause.SHARED, Cause.UPSTREAM, Cause.SELF].index(laid.cause)
    )
    for laid in order:
        if laid is not case.main and not laid.more_than_chance:
            continue
        mine = left & laid.runs
        left &= ~mine
        if mine.any():
            counts.append(Contribution(laid.cause, _root_name(case, laid), int(mine.sum())))
    if left.any():
        counts.append(Contribution(Cause.NONE, None, int(left.sum())))
    return tuple(sorted(counts, key=lambda item: (-item.failures, item.cause.value, item.root_job or "")))


def _root_name(case: Case, laid: Laid) -> str | None:
    if laid.cause is Cause.SHARED:
        return None
    return case.job.name if laid.root is None else case.pipeline.jobs[laid.root].name


def _edge_test(case: Case, cause: UpstreamCause) -> EdgeTest:
    name, result = cause.weaker
    powered = result.informative >= 3
    against = [
        f"{c.failed} of {c.runs} unexposed runs failed too: {c.kind}" for c in cause.controls if c.log_factor < -1.0
    ]
    if cause.onsets.log_factor < -1.0:
        times = f"{cause.onsets.preceded} of {cause.onsets.occasions} times"
        against.append(f"{times} the job failed before the trouble upstream began: which began it is not established")
    return EdgeTest(
        upstream=case.pipeline.jobs[cause.root].name,
        downstream=case.job.name,
        runs=int(case.causes.speaks.sum()),
        exposed=cause.exposed,
        failed_first=int((case.causes.failed & case.causes.speaks).sum()),
        observed=cause.failed,
        expected=round(cause.exposed * cause.overall_rate, 4),
        p_value=result.p_value,
        e_value=cause.e_value,
        stratification=name,
        powered=powered,
        note="; ".join(against) or None,
    )
