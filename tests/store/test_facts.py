"""Facts: stored once, revised when they change, read as they were known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import Engine, func, select

from correlator.errors import StoreError
from correlator.model import Attempt, Change, Dependency, Incident, MetricPoint, Status
from correlator.ports import IncidentEntry, Page, RawAnswer, Service, SetAside
from correlator.store import schema
from correlator.store.database import reading
from correlator.store.facts import StoredCounts, position, store_page
from correlator.store.frames import read_window, store_tables, stored_until
from correlator.store.incidents import get_incident, list_incidents
from correlator.store.lookups import attempts_of, newest_event
from correlator.store.names import (
    Place,
    attempts_named,
    count_runs,
    incident_places,
    jobs_named,
    jobs_there,
    known_among,
    known_jobs,
    known_tenants,
    last_failure,
)
from correlator.store.sources import list_set_aside
from correlator.tables.reading import read_folder
from correlator.tables.writing import write_folder
from correlator.text.times import micros
from tests.stored import answers_for, incident_log, list_services

T = datetime(2026, 3, 2, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
RUN = Attempt("r1", "export", T, Status.RUNNING, "t1", "l1", 1, T, None, None, "svc", "h1", {"zone": "a"})
FACTS = (
    RUN,
    MetricPoint("memory", T, 1.5, "ingest", "t1"),
    Change("c1", T, "deploy", "export"),
    Incident("I1", T, None, "exports fail", "svc", "high", status="triggered"),
    IncidentEntry("e1", "I1", "log_entry", T, "opened"),
    Service("S1", "exports", ("S2",)),
    Dependency("ingest", "export", None, 3600.0),
)


def _page(*facts: object, at: int = 1, **more: object) -> Page:
    return Page("runs", facts, {"at": at}, **more)  # type: ignore[arg-type]


def _rows(engine: Engine) -> int:
    kinds = (schema.runs, schema.metrics, schema.changes, schema.incidents, schema.incident_entries)
    tables = (*kinds, schema.services, schema.dependencies, schema.fact_revisions)
    with reading(engine) as connection:
        return sum(connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables)


def test_the_same_facts_again_change_nothing(engine: Engine) -> None:
    first = store_page(engine, "vendor", _page(*FACTS), T)
    assert sum(first.stored.values()) == 7
    assert first.newest_event_at == micros(T)
    again = store_page(engine, "vendor", _page(*FACTS, FACTS[0], at=2), T + HOUR)
    assert (sum(again.stored.values()), again.repeated, _rows(engine)) == (0, 8, 7)
    assert position(engine, "vendor", "runs") == {"at": 2}
    assert position(engine, "vendor", "other") is None
    assert store_page(engine, "another", _page(FACTS[0]), T).stored == {"runs": 1}


def test_a_page_is_stored_whole_or_not_at_all(engine: Engine) -> None:
    broken = replace(RUN, run_id="r2", started_at=None)  # type: ignore[arg-type]
    with pytest.raises(StoreError, match="started_at"):
        store_page(engine, "vendor", _page(RUN, broken), T)
    assert _rows(engine) == 0
    assert position(engine, "vendor", "runs") is None


def test_what_was_known_when(engine: Engine) -> None:
    store_page(engine, "v", _page(RUN, FACTS[3]), T + MINUTE)
    done = replace(RUN, status=Status.FAILED, finished_at=T + HOUR, error="out of memory")
    counts = store_page(engine, "v", _page(done, replace(RUN, run_id="late", started_at=T)), T + 2 * HOUR)
    assert counts.stored == {"runs": 2}
    now = read_window(engine, None, None).runs
    assert now["status"].tolist() == ["running", "failed"]
    then = read_window(engine, None, None, known_by=T + HOUR).runs
    assert then["run_id"].tolist() == ["r1"]
    assert (then["status"].tolist(), then["error"].tolist()) == (["running"], [""])
    assert then["known_at"].tolist() == [micros(T + MINUTE)]
    assert len(read_window(engine, None, None, known_by=T).runs) == 0


def test_an_edge_as_it_was_known(engine: Engine) -> None:
    store_page(engine, "v", _page(Dependency("ingest", "export", None, 60.0)), T)
    store_page(engine, "v", _page(Dependency("ingest", "export", None, 90.0), Dependency("a", "b", "t")), T + HOUR)
    assert [edge.max_lag_seconds for edge in read_window(engine, None, None).dependencies] == [90.0, None]
    assert [edge.max_lag_seconds for edge in read_window(engine, None, None, T).dependencies] == [60.0]


def test_a_clock_set_back_keeps_revisions_in_order(engine: Engine) -> None:
    for step, status in enumerate((Status.RUNNING, Status.FAILED, Status.SUCCESS)):
        store_page(engine, "v", _page(replace(RUN, status=status)), T - step * HOUR)
    with reading(engine) as connection:
        found = connection.execute(select(schema.fact_revisions).order_by(schema.fact_revisions.c.known_at)).all()
    assert [(row.superseded_at - row.known_at) for row in found] == [1, 1]
    assert read_window(engine, None, None).runs["status"].tolist() == ["success"]


def test_runs_that_straddle_the_start_are_whole(engine: Engine) -> None:
    attempts = [
        replace(RUN, run_id=f"r{n}", logical_run_id="l", started_at=T + n * HOUR, status=Status.FAILED)
        for n in range(3)
    ]
    bare = [
        replace(RUN, run_id=f"b{n}", logical_run_id=None, started_at=T + n * HOUR, status=Status.FAILED)
        for n in range(2)
    ]
    store_page(engine, "v", _page(*attempts, *bare, replace(RUN, run_id="past", logical_run_id="x")), T)
    window = read_window(engine, T + HOUR, T + 2 * HOUR).runs
    assert window["run_id"].tolist() == ["b0", "r0", "b1", "r1"]


def test_one_id_from_two_sources_is_one_run(engine: Engine) -> None:
    store_page(engine, "a", _page(RUN), T)
    store_page(engine, "b", _page(replace(RUN, status=Status.FAILED)), T + HOUR)
    assert read_window(engine, None, None).runs["status"].tolist() == ["failed"]


def test_raw_answers_and_items_set_aside_are_kept_once(engine: Engine) -> None:
    answer, aside = RawAnswer("r1", "POST /search", {"b": 1, "a": "é"}), SetAside("x", "no job tag", {"id": "x"})
    for hour in range(2):
        counts = store_page(engine, "v", _page(raw=(answer, answer), set_aside=(aside,)), T + hour * HOUR)
        assert counts.set_aside == 1
    kept = answers_for(engine, ["r1"])
    assert [(one.body, one.fetched_at) for one in kept] == [('{"a":"\\u00e9","b":1}', T)]
    listed = list_set_aside(engine, "v")
    assert [(one.reason, one.first_at, one.last_at) for one in listed] == [("no job tag", T, T + HOUR)]


def test_texts_no_database_takes_are_made_harmless(engine: Engine) -> None:
    store_page(engine, "v", _page(replace(RUN, error="nul \x00 and \ud800 half")), T)
    assert attempts_of(engine, "export", "t1")[0].error == "nul \ufffd and ? half"


def test_facts_come_back_as_they_went_in(engine: Engine) -> None:
    store_page(engine, "v", _page(*FACTS), T)
    assert attempts_named(engine, ["l1"]) == attempts_named(engine, ["r1"]) == [RUN]
    assert last_failure(engine, "export", "t1").at is None
    assert (known_jobs(engine), known_tenants(engine, 5)) == (["export"], ["t1"])
    assert jobs_named(engine, ["export", "x"], 3) == [Place("export", "t1", "export")]
    assert jobs_there(engine, [("t1", "export"), ("t2", "export")]) == [("t1", "export")]
    assert incident_places(engine, ["I1", "#1"]) == []
    assert known_among(engine, ["r1", "export", "I1"]) == {"runs": {"r1"}, "jobs": {"export"}, "incidents": {"I1"}}
    assert count_runs(engine, "export", "t1") == 1
    assert newest_event(engine) == T
    assert get_incident(engine, "I1") == FACTS[3] == list_incidents(engine, T, open_only=True)[0]
    assert incident_log(engine, "I1") == [FACTS[4]]
    assert list_services(engine) == [FACTS[5]]
    assert read_window(engine, T, T + HOUR).dependencies == (FACTS[6],)
    assert stored_until(engine) == micros(T)


def test_a_folder_through_the_store_is_the_same_folder(engine: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "runs.csv").write_text(
        "run_id,job,started_at,status,finished_at,zone\nr2,b,2026-03-02T01:00:00Z,failed,,x\n"
        "r1,a,2026-03-02T01:00:00Z,success,2026-03-02T01:05:00Z,\nr3,,2026-03-02T01:00:00Z,failed,,\n"
    )
    (folder / "metrics.csv").write_text("metric,at,value,job\nm,2026-03-02T01:00:00Z,0.1,a\n")
    (folder / "changes.csv").write_text("change_id,at,who\nc,2026-03-02T01:00:00Z,ops\n")
    (folder / "incidents.csv").write_text("incident_id,created_at\ni,2026-03-02T01:00:00Z\n")
    (folder / "dependencies.yaml").write_text(
        "dependencies:\n- {upstream: a, downstream: b, max_lag: 6h, tenant: ''}\n"
    )
    tables = read_folder(folder)
    first = store_tables(engine, "files", tables, T)
    assert (sum(first.stored.values()), first.set_aside) == (6, 1)
    assert sum(store_tables(engine, "files", tables, T + HOUR).stored.values()) == 0
    back = read_window(engine, None, None)
    for name in ("runs", "metrics", "changes", "incidents"):
        one, two = (getattr(which, name).drop(columns="known_at") for which in (tables, back))
        pd.testing.assert_frame_equal(one, two)
    assert back.dependencies == tables.dependencies
    write_folder(tables, tmp_path / "one")
    write_folder(back, tmp_path / "two")
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()


def test_counts_add_up() -> None:
    total = StoredCounts({"runs": 1}, 2, 3, 4) + StoredCounts({"runs": 1, "changes": 5}, 0, 1, None)
    assert total == StoredCounts({"changes": 5, "runs": 2}, 2, 4, 4)
