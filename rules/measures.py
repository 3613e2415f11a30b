"""Numbers that clauses read off a finding; None where the finding does not hold what they are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from correlator.model import Cause, Finding, SignatureCount
from correlator.text.quantities import hours_of_day
from correlator.text.signatures import signature


@dataclass(frozen=True, slots=True)
class BusiestHours:
    """The hours of the day (UTC) in which most of the failed runs ended, and over how many days they are spread."""

    share: float
    first_hour: int
    hours: int
    days: int

    @property
    def span(self) -> str:
        return hours_of_day(self.first_hour, self.hours)


def busiest_hours(finding: Finding, hours: int) -> BusiestHours | None:
    """Of the runs attributed to the cause, the largest share within so many hours of the day (of equals the
    earliest)."""
    times = [pair.failed_at for pair in finding.pairs if pair.failed_at is not None]
    if not times:
        return None
    by_hour = [0] * 24
    for at in times:
        by_hour[at.hour] += 1
    sums = [sum(by_hour[(start + step) % 24] for step in range(hours)) for start in range(24)]
    first = max(range(24), key=lambda start: (sums[start], -start))
    return BusiestHours(sums[first] / len(times), first, hours, len({at.date() for at in times}))


def late_share(finding: Finding) -> float | None:
    """Of the runs attributed to the upstream, the share whose upstream run had not failed but only ran late."""
    pairs = [pair for pair in finding.pairs if pair.upstream_logical_run_id is not None]
    late = sum(pair.upstream_failed_at is None and pair.upstream_error is None for pair in pairs)
    return late / len(pairs) if pairs else None


def laid_share(finding: Finding) -> float | None:
    """Of the runs that failed first, the share that is attributed to any cause, the main one or not."""
    laid = sum(part.failures for part in finding.contributions if part.cause is not Cause.NONE)
    return laid / finding.failed_first if finding.failed_first and finding.contributions else None


def recovered_share(finding: Finding) -> float | None:
    """Of the runs that failed first, the share that passed on a retry."""
    return finding.recovered_by_retry / finding.failed_first if finding.failed_first else None


def failed_share(finding: Finding) -> float | None:
    """Of all runs, the share that failed first."""
    return finding.failed_first / finding.runs if finding.runs else None


def extra_attempts(finding: Finding) -> float | None:
    """Attempts beyond the first, for each run that failed first."""
    debt = finding.retry_debt
    return debt.extra_attempts / finding.failed_first if debt and finding.failed_first else None


def lag_minutes(finding: Finding) -> float | None:
    """The median time from the root's trouble to the failure."""
    return finding.lag_profile.median / 60 if finding.lag_profile else None


def clock_off_seconds(finding: Finding) -> float | None:
    """By how much the clock that is off most is off, either way; None where no clock was found to be off."""
    return max((abs(clock.seconds) for clock in finding.clocks), default=None)


def root_or_own_signatures(finding: Finding) -> tuple[SignatureCount, ...]:
    """What the job something is asked of says when it fails: below a root, a job's own errors are its symptoms."""
    return finding.root_signatures if finding.cause is Cause.UPSTREAM else finding.signatures


def times_with_error(finding: Finding) -> list[datetime]:
    """When the runs attributed to the cause failed whose error text is among those of the job something is asked of."""
    shown = {count.signature for count in root_or_own_signatures(finding)}
    upstream = finding.cause is Cause.UPSTREAM
    texts = ((p.upstream_error, p.upstream_failed_at) if upstream else (p.error, p.failed_at) for p in finding.pairs)
    return [at for text, at in texts if at is not None and text is not None and signature(text) in shown]


def counted(counts: Sequence[SignatureCount]) -> Callable[[SignatureCount], int]:
    """How failures are counted by error text: those attributed to the cause, where any were; else all."""
    if any(count.laid_to_cause for count in counts):
        return lambda count: count.laid_to_cause
    return lambda count: count.failures


def failures_of(finding: Finding) -> int:
    """The failed runs a finding is about: those attributed to its cause; without a cause, all that failed first."""
    return finding.failed_first if finding.observed is None else finding.observed
