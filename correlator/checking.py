"""The verdict for runs somebody asks about: the stored finding of their job, or a fresh look where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from correlator.correlating import analyze_store, data_until, settings_rules, utc_now
from correlator.model import Cause, Finding, Verdict
from correlator.settings import Settings
from correlator.store.findings import document_of, finding_id, list_findings
from correlator.store.lookups import attempts_named, attempts_of, failed_attempts, known_jobs

_Job = tuple[str, str]


@dataclass(frozen=True)
class Answer:
    """One answer a job; `run_ids` are the attempts that were asked about."""

    id: str
    finding: Finding
    document: dict[str, Any]
    run_ids: tuple[str, ...] = ()


def check_runs(engine: Engine, settings: Settings, ids: Sequence[str]) -> tuple[list[Answer], list[str]]:
    """Answers for attempts or logical runs, by tenant and job, and the ids nobody knows."""
    asked: dict[_Job, list[str]] = {}
    known: set[str | None] = set()
    for attempt in attempts_named(engine, ids):
        asked.setdefault((attempt.tenant, attempt.job), []).append(attempt.run_id)
        known |= {attempt.run_id, attempt.logical_run_id}
    unknown = [name for name in dict.fromkeys(ids) if name not in known]
    return _answers(engine, settings, asked), unknown


def check_job(
    engine: Engine, settings: Settings, job: str, tenant: str | None = None
) -> tuple[list[Answer], list[str]]:
    """Answers for a job in one tenant or all; its name as unknown when it never ran there."""
    jobs = [one for one in known_jobs(engine) if one[1] == job and tenant in (None, one[0])]
    unknown = [] if jobs else [job if tenant is None else f"{job} in tenant {tenant!r}"]
    return _answers(engine, settings, {one: [] for one in jobs}), unknown


def _answers(engine: Engine, settings: Settings, asked: dict[_Job, list[str]]) -> list[Answer]:
    stored = {(one.finding.tenant, one.finding.job): (one.finding, one.document) for one in list_findings(engine)}
    stored = {**_fresh(engine, settings, sorted(set(asked) - set(stored))), **stored}
    answers = []
    for job in sorted(asked):
        finding, document = stored.get(job) or _healthy(engine, job)
        answers.append(Answer(document["id"], finding, document, tuple(dict.fromkeys(asked[job]))))
    return answers


def _fresh(engine: Engine, settings: Settings, jobs: Sequence[_Job]) -> dict[_Job, tuple[Finding, dict[str, Any]]]:
    """Failures that no stored finding speaks of are judged now, each in a window that holds it; nothing is stored."""
    moments = {_judged_at(engine, settings, job) for job in jobs} - {None}
    rules = settings_rules(settings)
    found: dict[_Job, tuple[Finding, dict[str, Any]]] = {}
    for at in sorted(at for at in moments if at is not None):
        analysis = analyze_store(engine, settings, utc_now(), at)
        for one in analysis.findings if analysis else ():
            found[(one.tenant, one.job)] = (one, document_of(one, rules))
    return found


def _judged_at(engine: Engine, settings: Settings, job: _Job) -> datetime | None:
    """Now (as far as facts reach), or for a job whose last failure lies before the window a day after that failure;
    None for a job that never failed."""
    tenant, name = job
    failed = failed_attempts(engine, name, tenant)
    latest = data_until(engine, utc_now())
    if not failed or latest is None:
        return None
    last = failed[-1].started_at
    if last >= latest - timedelta(days=settings["analysis.window_days"]):
        return latest
    return last + timedelta(days=1)


def _healthy(engine: Engine, job: _Job) -> tuple[Finding, dict[str, Any]]:
    """A job without a failed attempt, in the shape of a finding: there is nothing to judge."""
    tenant, name = job
    attempts = attempts_of(engine, name, tenant)
    runs = len({attempt.logical_run_id or attempt.run_id for attempt in attempts})
    finding = Finding(
        tenant=tenant,
        job=name,
        verdict=Verdict.INCONCLUSIVE,
        cause=Cause.NONE,
        root_job=None,
        path=(),
        confidence=None,
        runs=runs,
        failed_first=0,
        recovered_by_retry=0,
        observed=None,
        expected_by_chance=None,
        p_value=None,
        onset=None,
        needs="a failed attempt: none that is stored failed or timed out",
        summary=f"{name}: no stored attempt failed or timed out, so there is nothing to judge.",
    )
    return finding, finding.to_dict() | {"id": finding_id(tenant, name), "rule": None}
