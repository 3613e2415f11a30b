"""The ledger of scheduled jobs: when each started, how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, delete, func, insert, select, update

from correlator.store.database import reading, writing
from correlator.store.schema import job_runs
from correlator.text.times import micros, moment


@dataclass(frozen=True, slots=True)
class JobRun:
    """One run of a scheduled job. `finished_at` and `ok` are None while it is at work (or was killed at it)."""

    id: int
    name: str
    started_at: datetime
    finished_at: datetime | None
    ok: bool | None
    detail: str


def start_job(engine: Engine, name: str, at: datetime) -> int:
    """Enter the start of a job; gives the id to finish it by."""
    with writing(engine) as connection:
        entered = connection.execute(insert(job_runs).values(name=name, started_at=micros(at), detail=""))
        key = entered.inserted_primary_key
        assert key is not None
        return int(key[0])


def finish_job(engine: Engine, entry: int, at: datetime, *, ok: bool, detail: str = "") -> None:
    """Enter how it ended, in one sentence."""
    values = {"finished_at": micros(at), "ok": ok, "detail": detail}
    with writing(engine) as connection:
        connection.execute(update(job_runs).where(job_runs.c.id == entry).values(values))


def list_jobs(engine: Engine, name: str | None = None, limit: int = 50) -> list[JobRun]:
    """The latest runs, newest first. Those of all jobs in the order they were entered, which is that of their ids."""
    statement = select(job_runs).limit(limit)
    if name is None:
        statement = statement.order_by(job_runs.c.id.desc())
    else:
        of_job = statement.where(job_runs.c.name == name)
        statement = of_job.order_by(job_runs.c.started_at.desc(), job_runs.c.id.desc())
    with reading(engine) as connection:
        return [
            JobRun(row.id, row.name, moment(row.started_at), moment(row.finished_at), row.ok, row.detail)
            for row in connection.execute(statement)
        ]


def failures_in_a_row(engine: Engine, name: str) -> int:
    """How often the job has failed since it last succeeded; runs still at work do not count."""
    last_good = (
        select(func.coalesce(func.max(job_runs.c.started_at), -1))
        .where(job_runs.c.name == name, job_runs.c.ok.is_(True))
        .scalar_subquery()
    )
    statement = (
        select(func.count())
        .select_from(job_runs)
        .where(job_runs.c.name == name, job_runs.c.ok.is_(False), job_runs.c.started_at > last_good)
    )
    with reading(engine) as connection:
        return int(connection.execute(statement).scalar_one())


def forget_jobs(engine: Engine, before: datetime) -> int:
    """Drop entries older than `before`; gives how many."""
    with writing(engine) as connection:
        return connection.execute(delete(job_runs).where(job_runs.c.started_at < micros(before))).rowcount
