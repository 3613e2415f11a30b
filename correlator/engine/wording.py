"""The verdict in one sentence of plain words, and what a reader should know about the data."""

from __future__ import annotations

from typing import Final

import numpy as np

from correlator.engine.case import Case
from correlator.model import Cause, ClockOffset, Verdict
from correlator.tables.frames import MICROSECONDS
from correlator.text.quantities import expected, plural

SUSPICIOUS_P: Final = 1e-3
"""An upstream that was not established is told of beside a transient verdict from here on."""
PARTS: Final = {Cause.SHARED: "outages", Cause.UPSTREAM: "late inputs", Cause.SELF: "trouble of its own"}


def summary(case: Case) -> str:
    """The verdict in one sentence of plain words; one more where it could not be looked at what the job reads."""
    own = case.decision.verdict is Verdict.TRANSIENT or (case.main is not None and case.main.cause is Cause.SELF)
    said = _verdict(case)
    if own and not case.pipeline.inputs_known(case.index):
        said += " No upstream of it is known, so one behind this is not ruled out."
    return said


def _verdict(case: Case) -> str:
    failed, main, name = int(case.causes.failed.sum()), case.main, case.job.name
    if case.decision.verdict is Verdict.TRANSIENT:
        return _transient(case, failed)
    if main is None:
        return f"{plural(failed, 'failed run')} of {name}: not enough evidence yet. Needed: {case.decision.needs}."
    laid = int(case.laid.sum())
    if main.cause is Cause.UPSTREAM and case.root is not None:
        return (
            f"{laid} of {failed} failed runs of {name} started before the {case.root.name} run they stood on was "
            f"ready; {expected(main.expected)} expected by chance."
        )
    if main.cause is Cause.SHARED:
        return f"{laid} of {failed} failed runs of {name} fell into outages that hit unrelated jobs at the same time."
    if main.pressure is not None:
        metric = main.pressure.metric
        return f"{laid} of {failed} failed runs of {name} started while its {metric} stood where it makes runs fail."
    if main.hours is not None:
        return f"{laid} of {failed} failed runs of {name} gather in the same hours of the day."
    failed_since = f"{main.observed} failed runs, {expected(main.expected)} expected before"
    return f"{name} fails more often since the onset: {failed_since}."


def _transient(case: Case, failed: int) -> str:
    """What answers for too few of the failures to be the verdict is told beside it."""
    runs, suspected = f"failed runs of {case.job.name}", case.decision.suspected
    established = [one for one in case.decision.established if one.more_than_chance]
    laid = sum((one.runs for one in established), np.zeros(len(case.causes.failed), bool)) & case.causes.failed
    said = "show no common cause; a cause worth acting on would have shown"
    if laid.any():
        parts = " and ".join(words for cause, words in PARTS.items() if any(one.cause is cause for one in established))
        return f"{failed - int(laid.sum())} of {failed} {runs} {said}. Laid to {parts}: {laid.sum()}."
    if suspected is not None and suspected.weaker[1].p_value < SUSPICIOUS_P:
        root = case.pipeline.jobs[suspected.root].name
        hint = f"{suspected.failed} of them started before {root} was ready, which may be more than chance"
        return f"{failed} {runs} show no cause common to most. {hint}."
    return f"{failed} {runs} {said}."


def notes(case: Case) -> tuple[str, ...]:
    """What a reader should know about the data itself."""
    job, runs = case.job, case.history.runs
    rows = slice(job.offset, job.offset + len(job.due))
    said = []
    hidden = int(runs.hidden[rows].sum())
    if hidden:
        were = "was recorded without its" if hidden == 1 else "were recorded without their"
        said.append(f"{plural(hidden, 'run')} {were} first attempt; it is taken to have failed.")
    left_out = int((~job.counted).sum())
    if left_out:
        said.append(f"{left_out} of {len(job.due)} runs were cancelled, skipped or still running and are left out.")
    for clock in clocks(case):
        ahead = "ahead" if clock.seconds > 0 else "behind"
        said.append(
            f"The clock behind {clock.job} is {abs(clock.seconds) / 60:.1f} min {ahead} of its schedule "
            f"(± {clock.uncertainty_seconds / 60:.1f} min); its times are set right by that."
        )
    unseen = case.pipeline.unseen.get(job.name, ())
    if unseen:
        names = " and ".join(unseen)
        said.append(
            f"It is declared to read from {names}, of which no run is recorded: whether that was late is unknown."
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
