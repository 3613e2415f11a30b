"""From names to what is stored under them: what is found, and that no question goes through all runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from correlator.checking.answers import Limits, check_job, check_names
from correlator.model import Attempt, Incident, Status
from correlator.ports import Page
from correlator.store import names
from correlator.store.database import open_store
from correlator.store.facts import store_page
from tests.web.plans import asked

T = datetime(2026, 3, 15, 4, tzinfo=UTC)
TENANTS = 30


def run(number: int, tenant: str, status: Status = Status.SUCCESS) -> list[Attempt]:
    """Two attempts of one logical run."""
    name, at = f"{tenant}-{number}", T + timedelta(hours=number)
    first = Attempt(f"{name}-1", "export", at, status, tenant, name, 1)
    return [first, replace(first, run_id=f"{name}-2", attempt=2, status=Status.SUCCESS)]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One job in thirty tenants, a second job in one; an incident with a number."""
    engine = open_store(f"sqlite:///{tmp_path_factory.mktemp('names') / 'store.db'}")
    runs = [one for n in range(20) for t in range(TENANTS) for one in run(n, f"tenant-{t:02}")]
    failed = Attempt("p1", "ingest", T, Status.FAILED, "tenant-03", scheduled_at=T, tags={"trace_id": "77"})
    planned = (failed, replace(failed, run_id="p2", started_at=T + timedelta(minutes=2)))
    told = [Incident(f"Q{n}", T, job="ingest", tenant="tenant-03", number=f"{4710 + n}") for n in (1, *range(3, 90))]
    store_page(engine, "v", Page("all", (*runs, *planned, *told), {}), T)
    with engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")
    yield engine
    engine.dispose()


def test_all_attempts_of_a_logical_run_are_found_by_any_of_their_names(engine: Engine) -> None:
    for name in ("tenant-07-3", "tenant-07-3-1", "tenant-07-3-2"):
        assert [one.run_id for one in names.attempts_named(engine, [name])] == ["tenant-07-3-1", "tenant-07-3-2"]
    assert [one.run_id for one in names.attempts_named(engine, ["p1"])] == ["p1", "p2"]
    assert names.attempts_named(engine, ["", "nobody"]) == []


def test_incidents_are_found_by_id_and_by_number(engine: Engine) -> None:
    found = names.incident_places(engine, ["Q1", "#4711", "4711", "4712", "Q2"])
    assert [place.name for place in found] == ["#4711", "4711", "Q1"]
    assert {(place.tenant, place.job) for place in found} == {("tenant-03", "ingest")}


def test_runs_are_found_by_a_word_in_their_tags_about_a_time(engine: Engine) -> None:
    assert len(names.attempts_tagged(engine, "77", T)) == 2
    assert names.attempts_tagged(engine, "77", T + timedelta(hours=3)) == []
    assert names.attempts_tagged(engine, "7_", T) == []


def test_what_begins_alike_is_near(engine: Engine) -> None:
    near = names.near_ids(engine, "tenant-07-3-9")
    assert {"tenant-07-3", "tenant-07-3-1", "tenant-07-3-2"} <= set(near)
    assert len(near) <= 4 * names.NEAR_SHOWN
    assert names.near_ids(engine, "abc") == []


def test_the_newest_attempts_tell_when_a_job_last_failed(engine: Engine) -> None:
    assert names.last_failure(engine, "ingest", "tenant-03").at == T + timedelta(minutes=2)
    assert names.last_failure(engine, "ingest", "tenant-03", newest=1) == names.LastFailure(T + timedelta(minutes=2), 1)
    assert names.last_failure(engine, "export", "tenant-03") == names.LastFailure(None, 40)
    assert names.count_runs(engine, "export", "tenant-03") == 20


def test_a_job_in_many_tenants_is_answered_for_some_and_the_rest_counted(engine: Engine) -> None:
    checked = check_names(engine, ["export", "tenant-29-3-1"], Limits(jobs=5, newest=10))
    assert (len(checked.answers), checked.more) == (5, 2)
    assert "tenant-29" in {answer.tenant for answer in checked.answers}
    assert len(check_names(engine, ["export"]).answers) == TENANTS


def test_a_job_can_be_asked_about_in_one_tenant(engine: Engine) -> None:
    (answer,) = check_job(engine, "export", "tenant-04").answers
    assert (answer.tenant, answer.job) == ("tenant-04", "export")
    assert check_job(engine, "ingest", "tenant-04").nowhere == (("tenant-04", "ingest"),)
    assert check_job(engine, "nobody").unknown == ("nobody",)


def test_no_question_goes_through_all_runs(engine: Engine) -> None:
    with asked(engine) as heard:
        names.known_jobs(engine, 10)
        names.known_tenants(engine, 10)
        names.jobs_named(engine, ["export", "nobody"], 5)
        names.jobs_there(engine, [("tenant-03", "export")])
        names.incident_places(engine, ["Q1", "4711"])
        names.near_ids(engine, "tenant-07-3-9")
        names.known_among(engine, ["tenant-07-3", "export", "Q1"])
        names.attempts_named(engine, ["tenant-07-3", "p1"])
        names.last_failure(engine, "export", "tenant-03", newest=10)
        names.imported_sources(engine)
    assert heard.scans("runs", "known_jobs", "incidents", "findings") == []
