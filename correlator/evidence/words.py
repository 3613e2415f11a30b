"""The verdict in one line, and the words it is made of. Plain Python: the pages use it too."""

from __future__ import annotations

from typing import Final

from correlator.model import Cause, Finding, Sign, Verdict
from correlator.text.quantities import expected, hours_of_day, moment, one_line, plural, stood_beyond

_GROUNDS: Final[dict[Sign | None, str]] = {
    Sign.ONSET: "at the rate before",
    Sign.HOURS: "at the rate of the other hours",
    Sign.PRESSURE: "at the rate of the other runs",
}


def verdict_line(finding: Finding) -> str:
    """Verdict, cause, confidence and what it rests on, in one sentence.

    `Systemic, caused upstream by ingest_events (confidence 0.97): 36 of 41 failed runs stood on a late or failed
    ingest_events run; 3.1 expected by chance`
    """
    return one_line(f"{headline(finding)}{confidence_words(finding)}: {rests_on(finding)}", 600)


def headline(finding: Finding) -> str:
    """Verdict and cause without numbers: what stands above everything else."""
    if finding.verdict is Verdict.TRANSIENT:
        return "Transient"
    if finding.verdict is Verdict.INCONCLUSIVE:
        return "Inconclusive"
    return f"Systemic, {_cause(finding)}"


def _cause(finding: Finding) -> str:
    if finding.cause is Cause.UPSTREAM:
        return f"caused upstream by {finding.root_job}"
    if finding.cause is Cause.SHARED:
        return "caused by an outage that hit other jobs too"
    if finding.cause is Cause.SELF:
        return f"trouble of its own{_when(finding)}"
    return "with no single cause"


def _when(finding: Finding) -> str:
    if finding.sign is Sign.ONSET and finding.onset:
        return f" since {moment(finding.onset)}"
    if finding.pressure is not None:
        return f" while {finding.pressure.metric} is {'high' if finding.pressure.high else 'low'}"
    return " at certain hours of the day" if finding.hours else ""


def confidence_words(finding: Finding) -> str:
    """` (confidence 0.97)`, or nothing where none is claimed."""
    return "" if finding.confidence is None else f" (confidence {sure(finding.confidence)})"


def sure(confidence: float) -> str:
    """Two digits; never `1.00`, as nothing is certain.

    >>> sure(0.973), sure(0.9987)
    ('0.97', 'above 0.99')
    """
    return f"{confidence:.2f}" if confidence < 0.995 else "above 0.99"


def rests_on(finding: Finding) -> str:
    """The counts under the verdict, with what chance alone would give."""
    if finding.verdict is Verdict.INCONCLUSIVE:
        needs = finding.needs or "more failed runs"
        return f"{_failed(finding)}; what would settle it: {needs}"
    if finding.verdict is Verdict.TRANSIENT or finding.cause is Cause.NONE:
        passed = f"{_failed(finding)}, {finding.recovered_by_retry:,} of them passed on retry"
        return f"{passed}; no common cause explains {_unexplained(finding)}"
    return f"{_laid(finding)}{_chance(finding)}"


def _unexplained(finding: Finding) -> str:
    """All failed runs, or how many of them where some are attributed to something."""
    parts = [part for part in finding.contributions if part.failures]
    alone = sum(part.failures for part in parts if part.cause is Cause.NONE)
    return f"{alone:,} of them" if any(part.cause is not Cause.NONE for part in parts) else "them"


def _failed(finding: Finding) -> str:
    return f"{finding.failed_first:,} of {plural(finding.runs, 'run')} failed first"


def _laid(finding: Finding) -> str:
    if finding.observed is None:
        return _failed(finding)
    share = f"{finding.observed:,} of {plural(finding.failed_first, 'failed run')}"
    if finding.cause is Cause.UPSTREAM:
        return f"{share} stood on a late or failed {finding.root_job} run"
    if finding.cause is Cause.SHARED:
        return f"{share} fell into {plural(len(finding.episodes), 'outage')}"
    return f"{share} {_apart(finding)}"


def _apart(finding: Finding) -> str:
    """What sets the job's own failures apart."""
    if finding.sign is Sign.ONSET:
        return "came after it began"
    if finding.pressure is not None:
        metric = finding.pressure
        return f"began while {stood_beyond(metric.metric, metric.bound, high=metric.high)}"
    if finding.hours is not None:
        return f"fell into the hours from {hours_of_day(finding.hours.first, finding.hours.count)}"
    return "are attributed to trouble of its own"


def _chance(finding: Finding) -> str:
    if finding.expected_by_chance is None:
        return ""
    ground = "at the ordinary rate" if finding.cause is Cause.SHARED else _GROUNDS.get(finding.sign, "by chance")
    return f"; {expected(finding.expected_by_chance)} expected {ground}"


def status_words(status: str) -> str:
    """`timed_out` as it is said."""
    return status.replace("_", " ")
