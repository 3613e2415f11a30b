"""Which jobs ran where: what is kept beside the runs is what going through all of them would tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, func, select

from correlator.model import Attempt, Status
from correlator.ports import Page
from correlator.store.database import reading
from correlator.store.facts import store_page
from correlator.store.known_jobs import reach, reach_by_source
from correlator.store.schema import known_jobs, runs

T = datetime(2026, 3, 2, tzinfo=UTC)


def _run(number: int, job: str, hours: int, tenant: str = "tenant-01") -> Attempt:
    return Attempt(f"run-{number}", job, T + timedelta(hours=hours), Status.SUCCESS, tenant)


def _put(engine: Engine, source: str, minute: int, *facts: Attempt) -> None:
    store_page(engine, source, Page("all", facts, {"at": minute}, done=True), T + timedelta(days=1, minutes=minute))


def test_nothing_is_known_of_an_empty_store(engine: Engine) -> None:
    assert (reach(engine), reach_by_source(engine)) == (None, {})


def test_it_is_kept_as_runs_come_repeat_change_and_move(engine: Engine) -> None:
    _put(engine, "a", 1, _run(1, "ingest", 3), _run(2, "ingest", 9), _run(3, "export", 4))
    _put(engine, "a", 2, _run(1, "ingest", 3))  # says nothing new
    _put(engine, "b", 3, _run(1, "ingest", 2))
    _put(engine, "a", 4, _run(2, "ingest", 1), _run(3, "export", 4, "tenant-02"))  # earlier; another tenant's
    found = reach_by_source(engine)
    assert {name: (one.runs, one.jobs) for name, one in found.items()} == {"a": (3, 2), "b": (1, 1)}
    assert found["a"].oldest == T + timedelta(hours=1)
    assert found["a"].known == T + timedelta(days=1, minutes=4)
    assert _kept(engine) == _counted(engine) | {("a", "export", "tenant-01"): 0}


def _kept(engine: Engine) -> dict[tuple[str, str, str], int]:
    columns = (known_jobs.c.source, known_jobs.c.job, known_jobs.c.tenant, known_jobs.c.runs)
    with reading(engine) as connection:
        return {(source, job, tenant): number for source, job, tenant, number in connection.execute(select(*columns))}


def _counted(engine: Engine) -> dict[tuple[str, str, str], int]:
    place = (runs.c.source, runs.c.job, runs.c.tenant)
    with reading(engine) as connection:
        rows = connection.execute(select(*place, func.count()).group_by(*place))
        return {(source, job, tenant): number for source, job, tenant, number in rows}
