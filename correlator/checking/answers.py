"""These runs failed and passed on retry: what is said about their jobs? Names in, one answer a job out.

The command line, the pages and the API ask the same thing here. Nothing is judged: what no look has judged yet is told
as such; `correlator.checking.judging` can judge it now.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final

from sqlalchemy import Engine

from correlator.model import Attempt
from correlator.store.findings import StoredFinding, finding_id, get_findings
from correlator.store.names import (
    LastFailure,
    Place,
    attempts_named,
    finding_places,
    incident_places,
    jobs_named,
    jobs_there,
    known_jobs,
    last_failure,
    near_ids,
)

LOOKED_IN: Final = "run ids, logical run ids, job names, incident ids and numbers, and finding ids of the whole store"
NEAR_TRIED: Final = 8
NEAR_JOBS: Final = 1000
_AT_ONCE: Final = 100
Job = tuple[str, str]
"""Tenant and job."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a check goes; None: as far as there is anything. `jobs`: so many answers. `newest`: so many attempts of a
    job are looked through for its last failure."""

    jobs: int | None = None
    newest: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """One job of one tenant. `run_ids`: the attempts that were asked about; `attempts`: all of the logical runs they
    belong to. `stored`: what stands about the job; `last_failure` is looked for only where nothing does."""

    tenant: str
    job: str
    run_ids: tuple[str, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    stored: StoredFinding | None = None
    last_failure: LastFailure | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """`more`: so many jobs were asked about beyond those that are answered. `nowhere`: jobs that were asked for in
    a tenant where they never ran."""

    answers: tuple[Answer, ...]
    unknown: tuple[str, ...] = ()
    more: int = 0
    nowhere: tuple[Job, ...] = ()


@dataclass(slots=True)
class _Asked:
    """What was asked about, by tenant and job."""

    by_job: dict[Job, _OfJob] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)

    def of(self, tenant: str, job: str) -> _OfJob:
        return self.by_job.setdefault((tenant, job), _OfJob())


@dataclass(slots=True)
class _OfJob:
    run_ids: list[str] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)


def check_names(
    engine: Engine, names: Sequence[str], limits: Limits | None = None, jobs: Collection[Job] = ()
) -> Checked:
    """Answers for attempts, logical runs, jobs, incidents and findings, by tenant and job, and the names nobody knows.

    `jobs` (tenant, job) are asked about beside the names, each in its tenant alone.
    """
    asked, limits = _Asked(), limits or Limits()
    _add_runs(asked, attempts_named(engine, names), set(names))
    rest = [name for name in dict.fromkeys(names) if name not in asked.known]
    most = None if limits.jobs is None else limits.jobs + 1
    _add_places(asked, [*jobs_named(engine, rest, most), *incident_places(engine, rest), *finding_places(engine, rest)])
    there = jobs_there(engine, jobs)
    _add_places(asked, [Place(job, tenant, job) for tenant, job in there])
    unknown = [name for name in rest if name not in asked.known]
    return _checked(engine, asked, unknown, limits, [job for job in jobs if job not in there])


def check_job(engine: Engine, job: str, tenant: str | None = None, limits: Limits | None = None) -> Checked:
    """Answers for a job in one tenant or all; its name as unknown when it never ran there."""
    if tenant is not None:
        return check_names(engine, (), limits, [(tenant, job)])
    asked, limits = _Asked(), limits or Limits()
    _add_places(asked, jobs_named(engine, [job], None if limits.jobs is None else limits.jobs + 1))
    return _checked(engine, asked, [] if asked.by_job else [job], limits)


def names_meant(engine: Engine, names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """For each name that nobody knows up to three known ones that may have been meant; of many only the first are
    tried."""
    jobs = known_jobs(engine, NEAR_JOBS) if names else []
    for place, name in enumerate(names):
        tried = place < NEAR_TRIED and len(name) <= 200
        near = [*get_close_matches(name, jobs, 3, 0.75), *_ids_meant(engine, name)] if tried else []
        yield tuple(dict.fromkeys(near))[:3]


def _ids_meant(engine: Engine, name: str) -> list[str]:
    return get_close_matches(name, near_ids(engine, name), 3, 0.85)


def _add_runs(asked: _Asked, attempts: Iterable[Attempt], names: set[str]) -> None:
    for attempt in attempts:
        of_job = asked.of(attempt.tenant, attempt.job)
        of_job.attempts.append(attempt)
        if hit := {attempt.run_id, attempt.logical_run_id} & names:
            of_job.run_ids.append(attempt.run_id)
            asked.known |= {name for name in hit if name}


def _add_places(asked: _Asked, places: Iterable[Place]) -> None:
    for place in places:
        asked.of(place.tenant, place.job)
        asked.known.add(place.name)


def _checked(
    engine: Engine, asked: _Asked, unknown: Sequence[str], limits: Limits, nowhere: Sequence[Job] = ()
) -> Checked:
    """Jobs with runs that were asked about come first where not all are answered."""
    order = sorted(asked.by_job, key=lambda job: (not asked.by_job[job].run_ids, job))
    answered = sorted(order[: limits.jobs])
    answers = tuple(_answers(engine, {job: asked.by_job[job] for job in answered}, limits))
    return Checked(answers, tuple(unknown), len(order) - len(answered), tuple(nowhere))


def _answers(engine: Engine, asked: dict[Job, _OfJob], limits: Limits) -> Iterator[Answer]:
    """What stands is read for some jobs at once: they may be thousands on the command line."""
    jobs = list(asked)
    for start in range(0, len(jobs), _AT_ONCE):
        part = jobs[start : start + _AT_ONCE]
        stored = get_findings(engine, [finding_id(*job) for job in part])
        yield from (_answer(engine, job, asked[job], stored.get(finding_id(*job)), limits) for job in part)


def _answer(engine: Engine, where: Job, of_job: _OfJob, stored: StoredFinding | None, limits: Limits) -> Answer:
    tenant, job = where
    runs = (tuple(dict.fromkeys(of_job.run_ids)), tuple(of_job.attempts))
    if stored is not None and stored.gone_at is None:
        return Answer(tenant, job, *runs, stored)
    return Answer(tenant, job, *runs, last_failure=last_failure(engine, job, tenant, limits.newest))
