"""What was written since some moment, told by numbers; texts come through every way of reading as they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from correlator.incremental.new_rows import all_rows, new_rows, told_of_others, written_until
from correlator.incremental.rows import Rows
from correlator.model import Attempt, MetricPoint, Status
from correlator.ports import Fact, Page
from correlator.store.database import reading
from correlator.store.facts import store_page
from correlator.text.times import micros

T = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
ERROR = 'said "no, 100 %",\n\tthen \\N and é'
RUN = Attempt("r1", "export", T, Status.RUNNING, "t1", host="h1", tags={"zone": "a"})
POINT = MetricPoint("memory", T, 0.1 + 0.2, "export", "t1")


def _store(engine: Engine, source: str, at: datetime, *facts: Fact) -> None:
    store_page(engine, source, Page("runs", facts, {}), at)


def _since(engine: Engine, since: dict[str, int]) -> tuple[Rows, dict[str, int]]:
    with reading(engine) as connection:
        until = written_until(connection)
        return new_rows(connection, since, until), until


def test_each_write_is_new_once_whatever_the_clock_says(engine: Engine) -> None:
    _store(engine, "vendor", T, RUN, POINT)
    first, seen = _since(engine, {})
    assert (first.runs["run_id"].to_pylist(), first.metrics["value"].to_pylist()) == (["r1"], [0.1 + 0.2])
    assert _since(engine, seen)[0].count == 0
    _store(engine, "vendor", T, RUN, POINT)
    assert _since(engine, seen) == (Rows.none(), seen)
    ended = replace(RUN, status=Status.FAILED, finished_at=T + HOUR, error=ERROR)
    _store(engine, "vendor", T - HOUR, ended, replace(RUN, run_id="r2"))
    _store(engine, "other", T - 9 * HOUR, replace(RUN, run_id="r3"))
    second, _ = _since(engine, seen)
    assert sorted(second.runs["run_id"].to_pylist()) == ["r1", "r2", "r3"]
    row = next(row for row in second.runs.to_pylist() if row["run_id"] == "r1")
    assert (row["error"], row["finished_at"], row["scheduled_at"]) == (ERROR, micros(T + HOUR), None)
    assert (row["logical_run_id"], row["attempt"], row["tags"], row["host"]) == ("", 0, '{"zone":"a"}', "h1")


def test_an_attempt_told_of_another_tenant_is_noticed(engine: Engine) -> None:
    _store(engine, "vendor", T, RUN)
    _, seen = _since(engine, {})
    for source, tenant, moved in (("vendor", "t1", False), ("vendor", "t2", True), ("other", "t3", True)):
        _store(engine, source, T + HOUR, replace(RUN, tenant=tenant, host=f"h-{source}"))
        new, until = _since(engine, seen)
        with reading(engine) as connection:
            assert told_of_others(connection, new, len(until)) is moved
        seen = until


def test_of_one_attempt_with_two_tenants_the_row_revised_last_is_read(engine: Engine) -> None:
    _store(engine, "vendor", T, RUN, replace(RUN, run_id="r2"))
    _store(engine, "other", T + HOUR, replace(RUN, tenant="t2"))
    with reading(engine) as connection:
        rows = all_rows(connection, micros(T))
    assert sorted((row["run_id"], row["tenant"]) for row in rows.runs.to_pylist()) == [("r1", "t2"), ("r2", "t1")]
