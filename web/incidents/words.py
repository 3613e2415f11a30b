"""An incident in sentences: what broke first, what followed and when; and the whole as a status update."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from correlator.evidence.words import status_words, verdict_line
from correlator.incident_matching import Explanation
from correlator.model import FAILURES, Attempt, Finding, Incident, Pair
from correlator.text.quantities import duration, moment, one_line
from rules.model import RuleMatch
from web.freshness import Freshness


@dataclass(frozen=True, slots=True)
class Told:
    """What an incident's page and its status update say; `said` is what is said about the incident's own job where
    nothing explains the incident."""

    incident: Incident
    explanation: Explanation | None
    pair: Pair | None
    said: Finding | None
    rule: RuleMatch | None
    course: tuple[str, ...]


def pair_of(explanation: Explanation) -> Pair | None:
    """The pair whose failure is the nearest to the incident's beginning."""
    at = explanation.failed_at
    return next((one for one in explanation.finding.pairs if at in (one.failed_at, one.upstream_failed_at)), None)


def course_of(
    incident: Incident, explanation: Explanation | None, pair: Pair | None, attempts: Sequence[Attempt]
) -> Iterator[str]:
    """What broke first, what followed from it, and when the incident was opened; oldest first, with the lags."""
    if explanation is None or pair is None or pair.failed_at is None:
        yield from _unexplained(incident, attempts)
        return
    finding = explanation.finding
    if pair.upstream_job:
        yield _upstream(pair, attempts)
        yield f"{finding.job} failed {moment(pair.failed_at)}{_lag(pair, finding)}{_error(pair.error)}"
    else:
        yield f"{finding.job} broke first, {moment(pair.failed_at)}{_error(pair.error)}"
    yield _opened(incident, pair.failed_at)


def _upstream(pair: Pair, attempts: Sequence[Attempt]) -> str:
    """A root that was still at work when the other failed broke afterwards: what came first is when it began."""
    job, broke, began = pair.upstream_job, pair.upstream_failed_at, _began(pair, attempts)
    if pair.upstream_due_at:
        first = f"{job} was late first: of its run due {moment(pair.upstream_due_at)} nothing is known yet"
    elif broke is None:
        first = f"{job} was late first{f', at work since {moment(began)}' if began else ''}"
    elif pair.failed_at is None or broke <= pair.failed_at:
        first = f"{job} broke first, {moment(broke)}"
    else:
        since = f", at work since {moment(began)}," if began else ""
        first = f"{job} was in trouble first{since} and broke {moment(broke)}"
    ready = f"; its data was ready {moment(pair.upstream_ready_at)}" if pair.upstream_ready_at else ""
    return f"{first}{_error(pair.upstream_error)}{ready}"


def _began(pair: Pair, attempts: Sequence[Attempt]) -> datetime | None:
    """The start of the root's run, where it is among the attempts."""
    run = pair.upstream_logical_run_id
    return min((one.started_at for one in attempts if run in (one.logical_run_id, one.run_id)), default=None)


def _lag(pair: Pair, finding: Finding) -> str:
    """From the start of the root's run to the start of the attempt that failed."""
    if pair.lag_seconds is None:
        return ""
    profile = finding.lag_profile
    usual = f", usually {duration(profile.median)}" if profile and profile.count > 1 else ""
    return f", begun {duration(pair.lag_seconds)} after it{usual}"


def _error(text: str | None) -> str:
    return f": {one_line(text, 160)}" if text else ""


def _opened(incident: Incident, failed_at: datetime) -> str:
    seconds = (incident.created_at - failed_at).total_seconds()
    order = f"{duration(seconds)} after that" if seconds >= 0 else f"{duration(-seconds)} before that was seen"
    return f"The incident was opened {moment(incident.created_at)}, {order}"


def _unexplained(incident: Incident, attempts: Sequence[Attempt]) -> Iterator[str]:
    failed = [one for one in attempts if one.status in FAILURES and one.started_at <= incident.created_at]
    if failed:
        first = min(failed, key=lambda one: (one.finished_at or one.started_at, one.run_id))
        how = f"{first.job} {status_words(first.status)} {moment(first.finished_at or first.started_at)}"
        yield f"The first failure among the jobs shown: {how}{_error(first.error)}"
    yield f"The incident was opened {moment(incident.created_at)}"


def lasted(incident: Incident) -> str:
    """`resolved 2026-03-12 04:50 UTC, after 41 min`, or that it is still open."""
    if incident.resolved_at is None:
        return "still open"
    after = duration((incident.resolved_at - incident.created_at).total_seconds())
    return f"resolved {moment(incident.resolved_at)}, after {after}"


def status_update(told: Told, freshness: Freshness, page_url: str) -> str:
    """Plain text for those who wait: what is known, what followed, who is asked, how fresh it is, where to read on."""
    incident = told.incident
    lines = [
        f"Incident {incident.incident_id}: {incident.title or 'without a title'}",
        f"Opened {moment(incident.created_at)}, {lasted(incident)}",
        *_known(told),
        *told.course,
        *_asked(told.rule),
        f"Data as of {moment(freshness.newest_event) if freshness.newest_event else 'no time'}; {freshness.coverage}",
        page_url,
    ]
    return "\n".join(one_line(line, 600) for line in lines) + "\n"


def _known(told: Told) -> list[str]:
    if told.explanation is not None:
        finding = told.explanation.finding
        return [f"Known: {finding.job}: {verdict_line(finding)}"]
    if told.said is not None:
        return [f"Not explained by a systemic cause. Of {told.said.job}: {verdict_line(told.said)}"]
    return ["Not known yet: no systemic finding explains it"]


def _asked(rule: RuleMatch | None) -> list[str]:
    return [] if rule is None else [f"Asked of {rule.owner}: {rule.ask}"]
