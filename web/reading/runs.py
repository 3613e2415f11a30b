"""Attempts of some jobs in a stretch of time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, and_, distinct, func, or_, select, union_all

from correlator.model import FAILURES, Attempt, Status
from correlator.store.database import reading
from correlator.store.kinds import RUNS
from correlator.store.schema import runs
from correlator.text.times import micros, moment
from web.reading.known import standing

COLUMNS = tuple(
    runs.c[name]
    for name in (
        *("run_id", "job", "started_at", "status", "tenant", "logical_run_id", "attempt"),
        *("scheduled_at", "finished_at", "error", "service", "host"),
    )
)


@dataclass(frozen=True, slots=True)
class RunCounts:
    """How much is stored: attempts, jobs, and since when."""

    runs: int
    jobs: int
    oldest: datetime | None


def run_counts(engine: Engine) -> RunCounts:
    with reading(engine) as connection:
        columns = (func.count(), func.count(distinct(runs.c.job)), func.min(runs.c.started_at))
        number, jobs, oldest = connection.execute(select(*columns).select_from(runs)).one()
    return RunCounts(number, jobs, moment(oldest))


def attempts(
    engine: Engine, tenant: str, jobs: Sequence[str], start: datetime, end: datetime, by: datetime | None = None
) -> list[Attempt]:
    """The attempts of these jobs that started in `[start, end)`, oldest first; with `by`, as they were known then.

    A job without runs in this tenant is read from the unnamed tenant, which feeds all tenants.
    """
    return _read(engine, tenant, jobs, _within(start, end), by)


def troubled_attempts(
    engine: Engine, tenant: str, jobs: Sequence[str], start: datetime, end: datetime
) -> list[Attempt]:
    """The same, those that failed and those that came after one that did; where attempts are not numbered, all."""
    retried = or_(runs.c.status.in_([str(status) for status in FAILURES]), runs.c.attempt != 1)
    return _read(engine, tenant, jobs, _within(start, end) & retried)


def _within(start: datetime, end: datetime) -> ColumnElement[bool]:
    return and_(runs.c.started_at >= micros(start), runs.c.started_at < micros(end))


def _read(
    engine: Engine, tenant: str, jobs: Sequence[str], wanted: ColumnElement[bool], by: datetime | None = None
) -> list[Attempt]:
    ours = and_(runs.c.job.in_(jobs), runs.c.tenant.in_(sorted({tenant, ""})), wanted)
    with reading(engine) as connection:
        rows = _ordered(connection, ours, by)
        own = {row.job for row in rows if row.tenant == tenant}
        own |= _having_runs(connection, tenant, sorted({row.job for row in rows} - own))
    return as_attempts(row for row in rows if row.tenant == tenant or row.job not in own)


def _ordered(connection: Connection, ours: ColumnElement[bool], by: datetime | None) -> Sequence[Any]:
    order = ("started_at", "run_id")
    if by is not None:
        return standing(connection, RUNS, ours, by, order)
    return connection.execute(select(*COLUMNS).where(ours).order_by(*(runs.c[name] for name in order))).all()


def _having_runs(connection: Connection, tenant: str, jobs: Sequence[str]) -> set[str]:
    """Those of the jobs that ran in this tenant at any time: one look into the index for each."""
    ones = [select(runs.c.job).where(runs.c.job == job, runs.c.tenant == tenant).limit(1).subquery() for job in jobs]
    return set(connection.execute(union_all(*(select(one.c.job) for one in ones))).scalars()) if ones else set()


def as_attempts(rows: Iterable[Any]) -> list[Attempt]:
    """Rows of COLUMNS as attempts."""
    return [_attempt(row) for row in rows]


def _attempt(row: Any) -> Attempt:
    return Attempt(
        run_id=row.run_id,
        job=row.job,
        started_at=moment(row.started_at),
        status=Status(row.status),
        tenant=row.tenant,
        logical_run_id=row.logical_run_id or None,
        attempt=row.attempt or None,
        scheduled_at=moment(row.scheduled_at),
        finished_at=moment(row.finished_at),
        error=row.error or None,
        service=row.service or None,
        host=row.host or None,
    )
