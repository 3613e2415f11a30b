"""Part 1: the verdict in one line, and what it rests on."""

from __future__ import annotations

from correlator.evidence.blocks import Bullets, Paragraph, Part
from correlator.evidence.words import verdict_line
from correlator.model import Cause, Finding
from correlator.text.quantities import duration, number, plural, tenant_name
from rules.facts import laid_to


def verdict(finding: Finding) -> Part:
    bullets = [
        f"Job {finding.job} of {tenant_name(finding.tenant)}: {_counts(finding)}.",
        *_path(finding),
        *_recovery(finding),
        *_mixture(finding),
        *_debt(finding),
        *(f"{note.rstrip('.')}." for note in finding.notes),
    ]
    return Part("Verdict", (Paragraph(f"{verdict_line(finding)}.", strong=True), Bullets(tuple(bullets))))


def _counts(finding: Finding) -> str:
    recovered = f"{finding.recovered_by_retry:,} of them passed on a retry"
    return f"{finding.failed_first:,} of {plural(finding.runs, 'run')} failed on the first attempt, {recovered}"


def _path(finding: Finding) -> list[str]:
    return [f"The trouble travels along {' → '.join(finding.path)}."] if len(finding.path) > 1 else []


def _recovery(finding: Finding) -> list[str]:
    found = finding.recovery
    if found is None or finding.root_job is None or finding.cause is not Cause.UPSTREAM:
        return []
    before = (
        f"{found.before_failed} of {plural(found.before_total, 'attempt')} before {finding.root_job} was ready failed"
    )
    return [f"Recovery fits: {before}; {found.after_passed} of {found.after_total} after it was ready passed."]


def _mixture(finding: Finding) -> list[str]:
    rest = [part for part in finding.contributions if (part.cause, part.root_job) != (finding.cause, finding.root_job)]
    which = "other failed runs" if finding.observed is not None else "failed runs"
    return [f"Of its {which}, {laid_to(part)}." for part in rest if part.failures]


def _debt(finding: Finding) -> list[str]:
    debt = finding.retry_debt
    if debt is None:
        return []
    lost = f"{plural(debt.extra_attempts, 'extra attempt')}, {duration(debt.minutes_burnt * 60)} lost"
    share = number(100 * debt.succeeded / debt.runs) if debt.runs else "0"
    return [
        f"What retries hide: {share} % of runs succeeded in the end, {debt.needed_retry:,} only on a retry; {lost}."
    ]
