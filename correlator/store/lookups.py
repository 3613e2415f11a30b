"""Small questions about stored facts, answered without the numerical libraries."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Engine, func, select
from sqlalchemy.engine import RowMapping

from correlator.model import FAILURES, Attempt, Status
from correlator.store.database import reading
from correlator.store.schema import findings, job_runs, known_jobs, runs, source_status
from correlator.store.snapshot import once
from correlator.text.times import micros, moment

_HOUR: Final = 3_600_000_000


def attempts_of(
    engine: Engine, job: str, tenant: str, start: datetime | None = None, end: datetime | None = None
) -> list[Attempt]:
    """Attempts of a job started in `[start, end)`, oldest first."""
    return _attempts(engine, runs.c.job == job, runs.c.tenant == tenant, *_within(start, end))


def failing_hours(engine: Engine, since: datetime) -> list[tuple[str, str, datetime]]:
    """(tenant, job, hour) of every hour in which an attempt began that failed or timed out, sorted."""
    hour = (runs.c.started_at // _HOUR).label("hour")
    statement = (
        select(runs.c.tenant, runs.c.job, hour)
        .where(runs.c.started_at >= micros(since), runs.c.status.in_(sorted(status.value for status in FAILURES)))
        .distinct()
    )
    with reading(engine) as connection:
        found = sorted((row.tenant, row.job, row.hour) for row in connection.execute(statement))
    return [(tenant, job, moment(hour * _HOUR)) for tenant, job, hour in found]


def jobs_of_services(engine: Engine) -> dict[str, frozenset[str]]:
    """Which jobs ever ran under each service, by the service's name."""
    found: dict[str, set[str]] = {}
    statement = select(runs.c.service, runs.c.job).where(runs.c.service != "").distinct()
    with reading(engine) as connection:
        for row in connection.execute(statement):
            found.setdefault(row.service, set()).add(row.job)
    return {service: frozenset(jobs) for service, jobs in found.items()}


def newest_event(engine: Engine) -> datetime | None:
    """How far the store reaches: the newest event that a pull told of, or the start of the newest attempt."""
    columns = (source_status.c.newest_event_at, known_jobs.c.newest_at)
    newest = select(*(select(func.max(column)).scalar_subquery() for column in columns))
    with reading(engine) as connection:
        found = connection.execute(newest).one()
    return moment(max((time for time in found if time is not None), default=None))


def last_judged(engine: Engine) -> datetime | None:
    """When verdicts were last made: by the ledger of jobs, or by what is written on the findings."""
    return once(engine, _last_judged)


def _last_judged(engine: Engine) -> datetime | None:
    good = (job_runs.c.name == "correlate", job_runs.c.ok, job_runs.c.finished_at.is_not(None))
    done = select(job_runs.c.finished_at).where(*good).order_by(job_runs.c.started_at.desc()).limit(1)
    written = select(func.max(findings.c.updated_at))
    with reading(engine) as connection:
        times = connection.execute(select(done.scalar_subquery(), written.scalar_subquery())).one()
    return moment(max((at for at in times if at is not None), default=None))


def _within(start: datetime | None, end: datetime | None) -> list[ColumnElement[bool]]:
    after = [] if start is None else [runs.c.started_at >= micros(start)]
    return after + ([] if end is None else [runs.c.started_at < micros(end)])


def _attempts(engine: Engine, *conditions: ColumnElement[bool]) -> list[Attempt]:
    statement = select(runs).where(*conditions).order_by(runs.c.started_at, runs.c.run_id, runs.c.source)
    with reading(engine) as connection:
        return [attempt_of(row) for row in connection.execute(statement).mappings()]


def attempt_of(row: RowMapping) -> Attempt:
    """A row of `runs` as an attempt."""
    texts = {name: row[name] or None for name in ("logical_run_id", "error", "service", "host")}
    return Attempt(
        run_id=row["run_id"],
        job=row["job"],
        started_at=moment(row["started_at"]),
        status=Status(row["status"]),
        tenant=row["tenant"],
        attempt=row["attempt"] or None,
        scheduled_at=moment(row["scheduled_at"]),
        finished_at=moment(row["finished_at"]),
        tags=json.loads(row["tags"] or "{}"),
        **texts,
    )
