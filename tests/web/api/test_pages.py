"""Lists go on where they stopped, whatever comes in between; cursors belong to their question."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from correlator.lifecycle.asking import Handover, escalate
from correlator.lifecycle.steps import Step
from correlator.lifecycle.transitions import Transition, enter_step
from correlator.model import Analysis
from correlator.ports import Page, SetAside
from correlator.settings import load_settings
from correlator.store.actions import StoredAction, add_action
from correlator.store.database import open_store
from correlator.store.facts import store_page
from correlator.store.findings import finding_id, get_finding, save_analysis
from correlator.store.shares import Share, add_share
from tests.web import cast, incident_cast
from tests.web.factory import Rule, judge_again
from tests.web.plans import asked as listening

ID = finding_id(cast.PREMIUM, cast.EXPORT)
LISTS = {
    "findings": ("/api/v1/findings", "findings", "id"),
    "jobs": ("/api/v1/jobs", "jobs", "finding_id"),
    "jobs by minutes": ("/api/v1/jobs?sort=minutes", "jobs", "finding_id"),
    "jobs by name": ("/api/v1/jobs?sort=name", "jobs", "finding_id"),
    "attempts": ("/api/v1/attempts?job=export_ads&tenant=tenant-07", "attempts", "run_id"),
    "incidents": ("/api/v1/incidents", "incidents", "incident_id"),
    "edges": ("/api/v1/edges", "edges", "downstream"),
    "edges by debt": ("/api/v1/edges/debts", "edges", "job"),
    "actions": ("/api/v1/actions", "actions", "id"),
    "actions about one finding": (f"/api/v1/actions?finding_id={ID}", "actions", "id"),
    "asks": ("/api/v1/asks?rule=ingest-memory", "asks", "asked_at"),
    "links": (f"/api/v1/findings/{ID}/shares", "links", "id"),
    "what was set aside": ("/api/v1/sources/datadog/set-aside", "items", "item"),
}


@pytest.fixture
def folder(full_folder: Path, tmp_path: Path) -> Path:
    """A copy of the cast's store with more incidents, two of which are of one moment and id."""
    shutil.copy(full_folder / "store.db", tmp_path / "store.db")
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    incident_cast.put(engine)
    store_page(engine, "other", Page("more", tuple(cast.incidents()), {"at": 1}, done=True), cast.END)
    elsewhere = replace(cast.systemic(), tenant="tenant-09")
    save_analysis(engine, Analysis(cast.END, (*cast.analysis().findings, elsewhere)), cast.END, Rule())
    people(engine)
    engine.dispose()
    return tmp_path


def people(engine: Engine) -> None:
    """Three of everything that people and rules make, two of them of one moment."""
    aside = tuple(SetAside(f"span-{number}", "no job", {}) for number in range(3))
    store_page(engine, "datadog", Page("more", (), {"at": 2}, set_aside=aside, done=True), cast.END)
    found = get_finding(engine, ID)
    assert found is not None
    enter_step(engine, found, Transition(Step.CONFIRM, "an engineer", "seen", cast.END))
    for number, minute in enumerate((0, 0, 1)):
        at = cast.END + timedelta(minutes=minute)
        action = StoredAction(
            f"act-{number}", ID, "ingest-memory", "webhook", "x", "proposed", {}, most_per_hour=1, proposed_at=at
        )
        assert add_action(engine, action, "rule ingest-memory", "proposed")
        add_share(engine, Share(f"link-{number}", ID, "an engineer", at, at + timedelta(days=1)))
        asked = at + timedelta(microseconds=number)
        enter_step(engine, found, escalate(found, "an engineer", Handover(), load_settings(None, {}), asked))


@pytest.fixture
def own(folder: Path, open_client: Callable[[Path], FlaskClient]) -> FlaskClient:
    return open_client(folder)


def pages(client: FlaskClient, address: str, name: str, limit: int) -> Iterator[list[dict[str, Any]]]:
    cursor = ""
    while True:
        joined = "&" if "?" in address else "?"
        body = client.get(f"{address}{joined}limit={limit}{cursor}").get_json()
        yield body[name]
        if body["next"] is None:
            return
        cursor = f"&after={body['next']}"


@pytest.mark.parametrize("which", LISTS)
@pytest.mark.parametrize("limit", [1, 2])
def test_pages_together_are_the_whole_list(own: FlaskClient, which: str, limit: int) -> None:
    address, name, _ = LISTS[which]
    whole = own.get(f"{address}{'&' if '?' in address else '?'}limit=1000").get_json()
    parts = list(pages(own, address, name, limit))
    assert [item for part in parts for item in part] == whole[name]
    assert len(whole[name]) > 1
    assert all(len(part) == limit for part in parts[:-1])


def test_the_list_without_limit_is_whole(own: FlaskClient) -> None:
    body = own.get("/api/v1/findings").get_json()
    assert (len(body["findings"]), body["next"]) == (4, None)
    assert body["findings"] == own.get("/api/v1/findings?limit=4").get_json()["findings"]
    assert [(one["tenant"], one["job"]) for one in body["findings"]] == sorted(
        (one["tenant"], one["job"]) for one in body["findings"]
    )


def test_the_whole_list_is_never_held_as_a_whole(own: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.reading.findings.AT_ONCE", 1)
    with own.get("/api/v1/findings", buffered=False) as answer:
        assert answer.is_streamed
        assert "Content-Length" not in answer.headers
        parts = list(answer.iter_encoded())
    assert len(parts) == 5, "a part for each finding, and the end"
    assert len(json.loads(b"".join(parts))["findings"]) == 4


def test_what_comes_in_between_moves_nothing(own: FlaskClient, folder: Path) -> None:
    first = own.get("/api/v1/findings?limit=2").get_json()
    judge_again(folder, replace(cast.transient(), tenant="a-first-one"))
    second = own.get(f"/api/v1/findings?limit=2&after={first['next']}").get_json()
    assert [one["tenant"] for one in second["findings"]] == ["tenant-07"]
    assert len(own.get("/api/v1/findings").get_json()["findings"]) == 4


def test_a_cursor_belongs_to_its_question(own: FlaskClient) -> None:
    cursor = own.get("/api/v1/attempts?job=export_ads&tenant=tenant-07&limit=1").get_json()["next"]
    for other in (
        "/api/v1/attempts?job=ingest_events&tenant=tenant-07",
        "/api/v1/attempts?job=export_ads",
        "/api/v1/incidents?job=export_ads",
        f"/api/v1/attempts?job=export_ads&tenant=tenant-07&from={cast.START:%Y-%m-%dT%H:%M:%SZ}",
    ):
        assert own.get(f"{other}&after={cursor}").status_code == 422, other
    flipped = cursor[:-1] + ("A" if cursor[-1] != "A" else "B")
    assert own.get(f"/api/v1/attempts?job=export_ads&tenant=tenant-07&after={flipped}").status_code == 422
    assert own.get(f"/api/v1/attempts?tenant=tenant-07&job=export_ads&limit=7&after={cursor}").status_code == 200


def test_a_stretch_of_time_has_its_beginning_and_not_its_end(own: FlaskClient) -> None:
    day = cast.START + timedelta(days=1, hours=4, minutes=5)
    window = f"from={day:%Y-%m-%dT%H:%M:%SZ}&to={day + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    found = own.get(f"/api/v1/attempts?job=export_ads&tenant=tenant-07&{window}").get_json()["attempts"]
    assert [one["started_at"] for one in found] == ["2026-03-03T04:05:00Z"]
    assert found[0]["source"] == "datadog"


def test_the_whole_list_has_a_tag_that_changes_with_it(own: FlaskClient, folder: Path) -> None:
    first = own.get("/api/v1/findings")
    again = own.get("/api/v1/findings", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    judge_again(folder, replace(cast.transient(), tenant="tenant-11"))
    later = own.get("/api/v1/findings", headers={"If-None-Match": first.headers["ETag"]})
    assert (later.status_code, len(later.get_json()["findings"])) == (200, 4)


@pytest.mark.parametrize("which", LISTS)
def test_no_page_reads_a_whole_table_of_facts(own: FlaskClient, which: str) -> None:
    address, name, _ = LISTS[which]
    joined = "&" if "?" in address else "?"
    cursor = own.get(f"{address}{joined}limit=1").get_json()["next"]
    with listening(own.application.extensions["correlator"].engine) as heard:
        assert own.get(f"{address}{joined}limit=1&after={cursor}").get_json()[name]
    assert heard.statements
    assert heard.scans("runs", "incidents", "metrics", "changes", "fact_revisions", "finding_versions") == []
