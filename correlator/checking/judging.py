"""What was asked about as findings: the stored one of each job, or a fresh look where there is none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from correlator.checking.answers import Answer
from correlator.correlating.look import analyze_store, data_until, settings_rules, utc_now
from correlator.model import Cause, Finding, Verdict
from correlator.settings import Settings
from correlator.store.findings import document_of, finding_id
from correlator.store.names import count_runs

_Found = tuple[Finding, dict[str, Any]]


@dataclass(frozen=True)
class Judged:
    """One answer a job; `run_ids` are the attempts that were asked about."""

    id: str
    finding: Finding
    document: dict[str, Any]
    run_ids: tuple[str, ...] = ()


def judged(engine: Engine, settings: Settings, answers: Sequence[Answer]) -> list[Judged]:
    """A finding for each answer. Failures that no stored finding speaks of are judged now; nothing is stored."""
    fresh = _fresh(engine, settings, answers)
    return [_judged(engine, answer, fresh) for answer in answers]


def _judged(engine: Engine, answer: Answer, fresh: dict[tuple[str, str], _Found]) -> Judged:
    if answer.stored is not None:
        finding, document = answer.stored.finding, answer.stored.document
    else:
        finding, document = fresh.get((answer.tenant, answer.job)) or _healthy(engine, answer.tenant, answer.job)
    return Judged(document["id"], finding, document, answer.run_ids)


def _fresh(engine: Engine, settings: Settings, answers: Sequence[Answer]) -> dict[tuple[str, str], _Found]:
    """All findings of the windows that hold the last failures that nothing is said about."""
    rules, found = settings_rules(settings), dict[tuple[str, str], _Found]()
    for at in sorted(set(_moments(engine, settings, answers))):
        analysis = analyze_store(engine, settings, utc_now(), at)
        for one in analysis.findings if analysis else ():
            found[one.tenant, one.job] = (one, document_of(one, rules))
    return found


def _moments(engine: Engine, settings: Settings, answers: Sequence[Answer]) -> Iterable[datetime]:
    """Now (as far as facts reach), or for a job whose last failure lies before the window a day after that failure;
    nothing for a job that never failed."""
    last = [answer.last_failure.at for answer in answers if answer.last_failure and answer.last_failure.at]
    latest = data_until(engine, utc_now()) if last else None
    if latest is None:
        return
    window = timedelta(days=settings["analysis.window_days"])
    yield from (latest if at >= latest - window else at + timedelta(days=1) for at in last)


def _healthy(engine: Engine, tenant: str, job: str) -> _Found:
    """A job without a failed attempt, in the shape of a finding: there is nothing to judge."""
    finding = Finding(
        tenant=tenant,
        job=job,
        verdict=Verdict.INCONCLUSIVE,
        cause=Cause.NONE,
        root_job=None,
        path=(),
        confidence=None,
        runs=count_runs(engine, job, tenant),
        failed_first=0,
        recovered_by_retry=0,
        observed=None,
        expected_by_chance=None,
        p_value=None,
        onset=None,
        needs="a failed attempt: none that is stored failed or timed out",
        summary=f"{job}: no stored attempt failed or timed out, so there is nothing to judge.",
    )
    return finding, finding.to_dict() | {"id": finding_id(tenant, job), "rule": None}
