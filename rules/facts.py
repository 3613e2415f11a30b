"""The facts an ask can be filled with: name, what it is in words, and how it is read off a finding.

A fact that a finding does not hold is None; the ask then says in words what is missing instead of leaving a hole.
"""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Final

from correlator.model import Cause, Contribution, Episode, Finding, MetricEvidence, NearbyChange, SignatureCount
from correlator.text.quantities import (
    duration,
    expected,
    hours_of_day,
    moment,
    number,
    one_line,
    percent,
    quantity,
    stood_beyond,
    tenant_name,
)
from rules import measures

_GIB: Final = {"gib": 1.0, "gb": 1e9 / 2**30, "mib": 2.0**-10, "mb": 1e6 / 2**30, "kib": 2.0**-20, "bytes": 2.0**-30}

BUSY_HOURS: Final = 6
"""So many hours of the day are said to be those in which the failures gather."""

Reader = Callable[[Finding], str | None]


def subject(finding: Finding) -> str:
    """The job something is asked of: the root where there is one, else the job itself."""
    return finding.root_job or finding.job


def moved_metric(finding: Finding, word: str = "") -> MetricEvidence | None:
    """The metric that moved most, of those with `word` in their name."""
    moved = [metric for metric in finding.metrics if metric.moved and word in metric.metric.lower()]
    return max(moved, key=lambda metric: (abs(metric.score), metric.metric), default=None)


def _signature(counts: tuple[SignatureCount, ...]) -> str | None:
    best = max(counts, key=lambda count: (count.laid_to_cause, count.failures, count.signature), default=None)
    return f'"{one_line(best.example, 160)}"' if best else None


def _own_or_root_error(finding: Finding) -> str | None:
    """What the job something is asked of says when it fails."""
    return _signature(measures.root_or_own_signatures(finding))


def _error_runs(finding: Finding) -> str | None:
    counts = measures.root_or_own_signatures(finding)
    return _count(sum(map(measures.counted(counts), counts)) or None)


def _first_with_error(finding: Finding) -> str | None:
    return moment(min(found)) if (found := measures.times_with_error(finding)) else None


def _last_with_error(finding: Finding) -> str | None:
    return moment(max(found)) if (found := measures.times_with_error(finding)) else None


def _metric(read: Callable[[MetricEvidence], str], word: str = "") -> Reader:
    def reader(finding: Finding) -> str | None:
        metric = moved_metric(finding, word)
        return read(metric) if metric else None

    return reader


def _gib(value: Callable[[MetricEvidence], float]) -> Reader:
    def reader(finding: Finding) -> str | None:
        metric = moved_metric(finding, "memory")
        factor = _GIB.get(metric.metric.lower().replace(".", "_").rsplit("_", 1)[-1]) if metric else None
        return number(round(value(metric) * factor, 1)) if metric and factor else None

    return reader


_LAID: Final = {
    Cause.SHARED: "outages that hit other jobs too",
    Cause.SELF: "trouble of the job's own",
    Cause.NONE: "no known cause",
}


def laid_to(part: Contribution) -> str:
    """`14 are attributed to ingest_events upstream`."""
    what = f"{part.root_job} upstream" if part.cause is Cause.UPSTREAM else _LAID[part.cause]
    return f"{part.failures:,} {'is' if part.failures == 1 else 'are'} attributed to {what}"


def _laid_to(finding: Finding) -> str | None:
    parts = sorted(finding.contributions, key=lambda part: part.cause is Cause.NONE)
    return ", ".join(laid_to(part) for part in parts if part.failures) or None


def _worst(finding: Finding) -> Episode | None:
    return max(finding.episodes, key=lambda episode: (episode.failures, episode.start), default=None)


def _span(finding: Finding) -> str | None:
    worst = _worst(finding)
    return f"{moment(worst.start)} to {moment(worst.end)}" if worst else None


def _place(finding: Finding) -> str | None:
    """`host worker-3`; an outage of a tenant or of all is said in words."""
    worst = _worst(finding)
    if worst is None:
        return None
    return {"platform": "the whole platform", "tenant": f"the jobs of {tenant_name(finding.tenant)}"}.get(
        worst.scope, worst.scope
    )


def _hours(finding: Finding) -> str | None:
    """Those that were found to stand out; else those in which most of the failures ended."""
    if finding.hours is not None:
        return hours_of_day(finding.hours.first, finding.hours.count)
    busiest = measures.busiest_hours(finding, BUSY_HOURS)
    return busiest.span if busiest else None


def _pressure(finding: Finding) -> str | None:
    found = finding.pressure
    return None if found is None else stood_beyond(found.metric, found.bound, high=found.high)


def _episode_jobs(finding: Finding) -> str | None:
    worst = _worst(finding)
    return None if worst is None else _count(len(worst.jobs))


def _episode_failures(finding: Finding) -> str | None:
    worst = _worst(finding)
    return None if worst is None else _count(worst.failures)


def _timed_out(finding: Finding) -> str | None:
    share = finding.root_timed_out_share
    return None if share is None else percent(share)


def _lag(finding: Finding) -> str | None:
    return duration(finding.lag_profile.median) if finding.lag_profile else None


def _chance(finding: Finding) -> str | None:
    return None if finding.expected_by_chance is None else expected(finding.expected_by_chance)


def _count(value: int | None) -> str | None:
    return None if value is None else f"{value:,}"


def _onset(finding: Finding) -> str | None:
    return moment(finding.onset) if finding.onset else None


def _first_failure(finding: Finding) -> str | None:
    return moment(finding.first_failure_at) if finding.first_failure_at else None


def _last_failure(finding: Finding) -> str | None:
    return moment(finding.last_failure_at) if finding.last_failure_at else None


def _change_title(finding: Finding) -> str | None:
    change = nearest_change(finding)
    return f'"{one_line(change.title, 120)}" ({change.change_id})' if change else None


def _change_at(finding: Finding) -> str | None:
    change = nearest_change(finding)
    return moment(change.at) if change else None


def nearest_change(finding: Finding) -> NearbyChange | None:
    """The recorded change closest before the onset; one after it explains nothing."""
    before = [change for change in finding.changes if change.minutes_before_onset >= 0]
    return min(before, key=lambda change: (change.minutes_before_onset, change.change_id), default=None)


FACTS: Final[dict[str, tuple[str, Reader]]] = {
    "tenant": ("the tenant", lambda finding: tenant_name(finding.tenant)),
    "job": ("the job that failed", lambda finding: finding.job),
    "root_job": ("the job where the trouble starts", lambda finding: finding.root_job),
    "path": ("the jobs from the root to this one", lambda finding: " → ".join(finding.path) or None),
    "runs": ("how many runs were looked at", lambda finding: _count(finding.runs)),
    "failed_first": ("how many runs failed first", lambda finding: _count(finding.failed_first)),
    "recovered": ("how many runs passed on retry", lambda finding: _count(finding.recovered_by_retry)),
    "observed": ("failed runs attributed to the cause", lambda finding: _count(finding.observed)),
    "expected": ("failed runs expected by chance", _chance),
    "onset": ("when it began", _onset),
    "first_failure": ("when the first run that failed began", _first_failure),
    "last_failure": ("when the last run that failed began", _last_failure),
    "root_or_job": ("the job something is asked of", subject),
    "lag_median": ("the usual time from the root's trouble to the failure", _lag),
    "timed_out_share": ("the share of the root's failures that are time-outs", _timed_out),
    "error": ("the error text of the failed runs", lambda finding: _signature(finding.signatures)),
    "root_error": ("the error text of the root's runs", lambda finding: _signature(finding.root_signatures)),
    "root_or_own_error": ("the error text", _own_or_root_error),
    "error_runs": ("how many failed runs show the error text", _error_runs),
    "first_with_error": ("when a run first failed with the error text", _first_with_error),
    "last_with_error": ("when a run last failed with the error text", _last_with_error),
    "metric": ("a metric that moved beforehand", _metric(lambda metric: metric.metric)),
    "metric_before": (
        "the metric's value before the trouble",
        _metric(lambda metric: quantity(metric.metric, metric.before_median)),
    ),
    "metric_quiet": (
        "the metric's value on quiet days",
        _metric(lambda metric: quantity(metric.metric, metric.quiet_median)),
    ),
    "memory_before_gib": ("memory before the trouble, in GiB", _gib(lambda metric: metric.before_median)),
    "memory_quiet_gib": ("memory on quiet days, in GiB", _gib(lambda metric: metric.quiet_median)),
    "change": ("the change before the onset", _change_title),
    "change_at": ("when the change was made", _change_at),
    "episode": ("when the worst shared episode was", _span),
    "episode_count": ("how many shared episodes", lambda finding: _count(len(finding.episodes) or None)),
    "episode_failures": ("how many runs failed in the worst shared episode", _episode_failures),
    "episode_jobs": ("how many jobs the worst shared episode hit", _episode_jobs),
    "place": ("where the worst shared episode was", _place),
    "hours": ("the hours of the day in which the failures gather", _hours),
    "pressure": ("the metric that tells the failures apart, and where it stood", _pressure),
    "extra_attempts": (
        "the attempts beyond the first",
        lambda finding: _count(finding.retry_debt.extra_attempts if finding.retry_debt else None),
    ),
    "minutes_burnt": (
        "the minutes that retries cost",
        lambda finding: number(round(finding.retry_debt.minutes_burnt)) if finding.retry_debt else None,
    ),
    "laid_to": ("what its failed runs are attributed to", _laid_to),
    "needs": ("what would settle it", lambda finding: finding.needs),
}


def names_in(template: str) -> list[str]:
    """The fact names a template asks for. Raises ValueError for a template that is not one."""
    parsed = [(field, spec, sign) for _, field, spec, sign in string.Formatter().parse(template) if field is not None]
    fields = [field for field, _, _ in parsed]
    if any(not field.isidentifier() or spec or sign for field, spec, sign in parsed):
        raise ValueError("only plain names may stand in braces, such as {root_job}")
    return fields


def fill(template: str, finding: Finding) -> tuple[str, tuple[str, ...]]:
    """The template with its facts, and the facts (in words) that are missing.

    Facts are put in as text and never read as templates, so a job named `{tenant}` stays what it is.
    """
    missing: list[str] = []
    parts: list[str] = []
    for literal, name, _, _ in string.Formatter().parse(template):
        parts.append(literal)
        if name is not None:
            parts.append(_value(name, finding, missing))
    return " ".join("".join(parts).split()), tuple(missing)


def _value(name: str, finding: Finding, missing: list[str]) -> str:
    words, read = FACTS[name]
    value = read(finding)
    if value is not None:
        return one_line(value)
    if words not in missing:
        missing.append(words)
    return f"(not known: {words})"
