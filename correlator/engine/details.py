"""What a finding says beside the verdict: debt, lags, recovery, metrics, scope, changes, signatures, one sentence."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from correlator.history import IS_FAILURE, NEVER, SUCCESS, TIMED_OUT, History
from correlator.model import (
    Cause,
    Change,
    ClockOffset,
    LagProfile,
    MetricEvidence,
    NearbyChange,
    ProofOfFix,
    Recovery,
    RetryDebt,
    ScopeRow,
    SignatureCount,
    Verdict,
)
from correlator.quantities import plural
from correlator.signatures import signature
from correlator.statistics.quantile_interval import quantile_interval
from correlator.statistics.shift import level_shift
from correlator.tables.frames import MICROSECONDS, NO_TIME

if TYPE_CHECKING:
    from correlator.engine.assembly import Case
    from correlator.engine.pipeline import Job

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]

HOUR: Final = 3600 * MICROSECONDS
CHANGES_WITHIN: Final = 24 * HOUR


def attempts_of(history: History, job: Job) -> tuple[IntArray, IntArray]:
    """The attempts of a job: their positions in the history, and the run (index within the job) of each."""
    runs = history.runs
    rows = slice(job.offset, job.offset + len(job.due))
    size, first = runs.size[rows], runs.first[rows]
    if not len(size):
        return first, first
    return np.arange(first[0], first[0] + int(size.sum())), np.repeat(np.arange(len(size)), size)


def retry_debt(history: History, job: Job) -> RetryDebt:
    """Runs, those that needed a retry, and the minutes burnt in attempts that failed."""
    at, _ = attempts_of(history, job)
    status, start, end = history.attempts.status[at], history.attempts.start[at], history.attempts.end[at]
    bad = IS_FAILURE[status] & (end != NO_TIME)
    passed = job.ready != NEVER
    return RetryDebt(
        runs=len(job.due),
        succeeded=int(passed.sum()),
        needed_retry=int((passed & job.failed).sum()),
        attempts=len(at),
        extra_attempts=len(at) - len(job.due),
        minutes_burnt=round(float((end - start)[bad].sum()) / (60 * MICROSECONDS), 1),
    )


def recovery(case: Case) -> Recovery | None:
    """Attempts of the laid runs before the direct upstream was ready, and after it: did they fail, did they pass?"""
    if case.main is None or case.main.cause is not Cause.UPSTREAM:
        return None
    at, run = attempts_of(case.history, case.job)
    mine = case.laid[run]
    ready = _upstream_ready(case)[run]
    start, status = case.history.attempts.start[at] - case.job.clock, case.history.attempts.status[at]
    failed, passed = IS_FAILURE[status], status == SUCCESS
    before, after = mine & (start < ready), mine & (start >= ready)
    return Recovery(
        before_failed=int((before & failed).sum()),
        before_total=int((before & (failed | passed)).sum()),
        after_passed=int((after & passed).sum()),
        after_total=int((after & (failed | passed)).sum()),
    )


def _upstream_ready(case: Case) -> IntArray:
    """For each run when the direct upstream run it stood on was ready; `NEVER` where it was not exposed."""
    exposure = case.causes.exposure
    ready = np.full(len(case.job.due), NEVER)
    for via in np.unique(exposure.via[exposure.via >= 0]).tolist():
        mine = exposure.via == via
        ready[mine] = case.pipeline.jobs[via].ready[exposure.via_run[mine]]
    return ready


def proof_of_fix(case: Case) -> ProofOfFix | None:
    """n >= ln 0.05 / ln(1 - p), with p the rate of first attempts that failed of the cause since it began."""
    if case.main is None or not case.laid.any():
        return None
    begin = int(np.flatnonzero(case.laid)[0]) if case.main.onset_run is None else case.main.onset_run
    since = case.job.counted & (np.arange(len(case.laid)) >= begin)
    rate = float(case.laid.sum()) / max(int(since.sum()), 1)
    if rate >= 1.0:
        return ProofOfFix(1.0, 1)
    return ProofOfFix(round(rate, 6), int(np.ceil(np.log(0.05) / np.log1p(-rate))))


def lag_profile(case: Case) -> LagProfile | None:
    """From the start of the root's run to the start of the downstream attempt that failed, in seconds, with bands."""
    if case.main is None or case.main.cause is not Cause.UPSTREAM or not case.laid.any():
        return None
    exposure, laid = case.causes.exposure, case.laid
    root = case.pipeline.jobs[int(exposure.root[laid][0])]
    lags = (case.job.start[laid] - root.start[exposure.root_run[laid]]) / MICROSECONDS
    least, low, middle, high, most = np.percentile(lags, [0, 25, 50, 75, 100]).round(1)
    bands = (_band(lags, quantile) for quantile in (0.25, 0.5, 0.75))
    return LagProfile(len(lags), float(least), float(low), float(middle), float(high), float(most), *bands)


def _band(lags: NDArray[np.float64], quantile: float) -> tuple[float, ...] | None:
    found = quantile_interval(lags, quantile)
    return None if found is None else (round(found.low, 1), round(found.high, 1))


def trouble_starts(case: Case) -> tuple[Job, IntArray] | None:
    """The job whose metrics matter, and when its trouble began: the root's runs behind the laid failures."""
    if case.root is None or not case.laid.any() or case.main is None:
        return None
    if case.main.cause is Cause.UPSTREAM:
        runs = np.unique(case.causes.exposure.root_run[case.laid])
    else:
        runs = np.flatnonzero(case.laid)
    return case.root, case.root.start[runs]


def metric_evidence(case: Case) -> tuple[MetricEvidence, ...]:
    """Each metric of the root before its trouble against the same hours on quiet days; what moved comes first."""
    found = trouble_starts(case)
    if found is None:
        return ()
    root, starts = found
    rows = []
    for one in case.series.of(case.pipeline.tenant, root.name):
        shift = level_shift(one.at, one.value, starts, root.start[root.troubled], HOUR, 24 * HOUR)
        if shift is None:
            rows.append(MetricEvidence(one.metric, root.name, False, 0.0, 0.0, 0.0, 0, note="too few points to say"))
            continue
        rows.append(
            MetricEvidence(
                metric=one.metric,
                job=root.name,
                moved=shift.moved,
                score=round(shift.score, 2),
                quiet_median=round(shift.quiet, 4),
                before_median=round(shift.before, 4),
                windows=shift.windows,
                since_minutes=None if shift.since is None else round(shift.since / (60 * MICROSECONDS), 1),
            )
        )
    return tuple(sorted(rows, key=lambda row: (not row.moved, -abs(row.score), row.metric)))


def scope(case: Case) -> tuple[ScopeRow, ...]:
    """The same job in every tenant: failed runs, runs exposed to the root there are not known here, all runs."""
    return case.scopes.of(case.job.stream, int((case.causes.exposure.root >= 0).sum()))


def nearby_changes(case: Case, onset: int | None) -> tuple[NearbyChange, ...]:
    """Changes of the root or the job within a day before the onset, or before the first failure laid to the cause."""
    moment = onset
    if moment is None:
        if not case.laid.any():
            return ()
        moment = int(case.job.start[case.laid].min())
    names = {case.job.name, None} | ({case.root.name} if case.root is not None else set())
    found = case.history.changes.between(case.job.tenant, moment - CHANGES_WITHIN, moment)
    rows = [_nearby(change, (moment - at) / (60 * MICROSECONDS)) for at, change in found if change.job in names]
    return tuple(sorted(rows, key=lambda row: (row.minutes_before_onset, row.change_id)))


def _nearby(change: Change, minutes: float) -> NearbyChange:
    return NearbyChange(change.change_id, change.at, change.title, change.job, round(minutes, 1))


def signature_counts(case: Case) -> tuple[SignatureCount, ...]:
    """The job's failed runs by masked error text, with how many of each are laid to the cause."""
    failed, laid = case.causes.failed, case.laid
    counts = Counter(case.texts[failed].tolist())
    of_cause = Counter(case.texts[laid].tolist())
    examples = _examples(case, case.job, np.flatnonzero(failed))
    rows = [SignatureCount(text, examples[text], n, of_cause[text]) for text, n in counts.items() if text]
    return tuple(sorted(rows, key=lambda row: (-row.failures, row.signature))[:20])


def root_signatures(case: Case) -> tuple[SignatureCount, ...]:
    """The same for the root's failed runs behind the laid failures."""
    if case.main is None or case.main.cause is not Cause.UPSTREAM or case.root is None:
        return ()
    runs = np.unique(case.causes.exposure.root_run[case.laid])
    runs = runs[case.root.failed[runs]]
    examples = _examples(case, case.root, runs)
    counts = Counter(_signature_of(case, case.root, int(run)) for run in runs)
    rows = [SignatureCount(text, examples[text], n, n) for text, n in counts.items() if text]
    return tuple(sorted(rows, key=lambda row: (-row.failures, row.signature))[:20])


def _examples(case: Case, job: Job, runs: IntArray) -> dict[str, str]:
    """The first error text of each signature."""
    found: dict[str, str] = {}
    for run in runs.tolist():
        text = _text(case, job, run)
        found.setdefault(signature(text), text[:500])
    return found


def _signature_of(case: Case, job: Job, run: int) -> str:
    return signature(_text(case, job, run))


def _text(case: Case, job: Job, run: int) -> str:
    return case.history.error_of(job.offset + run)


def root_timed_out_share(case: Case) -> float | None:
    """The share of the root's first attempts behind the laid failures that timed out; None without an upstream root."""
    if case.main is None or case.main.cause is not Cause.UPSTREAM or case.root is None or not case.laid.any():
        return None
    runs = np.unique(case.causes.exposure.root_run[case.laid])
    status = case.history.attempts.status[case.history.runs.first[case.root.offset + runs]]
    return round(float((status == TIMED_OUT).mean()), 4)


def clocks(case: Case) -> tuple[ClockOffset, ...]:
    """The clocks found to be off, of the job and of its direct upstreams."""
    ups = {edge.upstream for edge in case.pipeline.into[case.index]}
    jobs = [case.pipeline.jobs[index] for index in sorted({case.index, *ups})]
    return tuple(
        ClockOffset(job.name, round(job.clock / MICROSECONDS, 1), round(job.clock_band / MICROSECONDS, 1))
        for job in jobs
        if job.clock
    )


def order_unclear(case: Case) -> int:
    """Failed runs of which cannot be told whether they began before their upstream run was ready."""
    return int((case.causes.failed & case.causes.exposure.unclear).sum())


def notes(case: Case) -> tuple[str, ...]:
    """What a reader should know about the data itself."""
    job, runs = case.job, case.history.runs
    rows = slice(job.offset, job.offset + len(job.due))
    said = []
    hidden = int(runs.hidden[rows].sum())
    if hidden:
        said.append(f"{hidden} runs were recorded without their first attempt; it is taken to have failed.")
    left_out = int((~job.counted).sum())
    if left_out:
        said.append(f"{left_out} of {len(job.due)} runs were cancelled, skipped or still running and are left out.")
    for clock in clocks(case):
        ahead = "ahead" if clock.seconds > 0 else "behind"
        said.append(
            f"The clock behind {clock.job} is {abs(clock.seconds) / 60:.1f} min {ahead} of its schedule "
            f"(± {clock.uncertainty_seconds / 60:.1f} min); its times are set right by that."
        )
    unclear = order_unclear(case)
    if unclear:
        said.append(
            f"Of {plural(unclear, 'failed run')} it is not established whether the upstream run was ready: "
            "clocks do not agree well enough, or it was not recorded. They count for nothing either way."
        )
    if case.main is not None and case.main.hours is not None:
        hours = case.main.hours
        until = (hours.start + hours.hours) % 24
        said.append(f"Failures gather between {hours.start:02d}:00 and {until:02d}:00 UTC.")
    return tuple(said)


def summary(case: Case) -> str:
    """The verdict in one sentence of plain words."""
    failed, main, name = int(case.causes.failed.sum()), case.main, case.job.name
    if case.decision.verdict is Verdict.TRANSIENT:
        return f"{failed} failed runs of {name} show no common cause; a cause worth acting on would have shown."
    if main is None:
        return f"{plural(failed, 'failed run')} of {name}: not enough evidence yet. Needed: {case.decision.needs}."
    laid = int(case.laid.sum())
    if main.cause is Cause.UPSTREAM and case.root is not None:
        return (
            f"{laid} of {failed} failed runs of {name} started before the {case.root.name} run they stood on was "
            f"ready; {main.expected:.1f} expected by chance."
        )
    if main.cause is Cause.SHARED:
        return f"{laid} of {failed} failed runs of {name} fell into outages that hit unrelated jobs at the same time."
    if main.pressure is not None:
        metric = main.pressure.metric
        return f"{laid} of {failed} failed runs of {name} started while its {metric} stood where it makes runs fail."
    if main.hours is not None:
        return f"{laid} of {failed} failed runs of {name} gather in the same hours of the day."
    return f"{name} fails more often since the onset: {main.observed} failed runs, {main.expected:.1f} expected before."
