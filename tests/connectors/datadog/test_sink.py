"""Datadog's own ways of being written to: preview operations, links that cannot be changed, events and their tags."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connectors.datadog.check import check
from connectors.datadog.sink import DatadogSink, build
from connectors.datadog.write_mapping import event_attributes, incident_from
from connectors.naming import compiled
from connectors.retries import LostAnswerError, Patience
from connectors.standin import Fault, Standin, serve_history
from connectors.standin.datadog_incidents import datadog_id
from correlator.errors import SettingsError
from correlator.model import Change
from correlator.ports import About, Event, Found, Note, Place, PullWindow
from correlator.settings import Settings, load_settings
from correlator.simulation.history import History
from tests.test_incident_matching import FAILED_AT, INCIDENT, finding

THERE = datadog_id("PINC001")
ABOUT = About("F-ABCDEFGHIJ", Event.RAISED, finding(), FAILED_AT)
LINK = Note(
    THERE,
    "[incident-correlator",
    "export_ads: Systemic\nmore",
    "https://correlator.example.com/findings/F-ABCDEFGHIJ",
    Place.INCIDENT_FOUND,
    ABOUT,
    "0123456789abcdef0123456789abcdef",
)
EVENT = replace(LINK, target="F-ABCDEFGHIJ", place=Place.FINDING, since=FAILED_AT)
RESOLVED = replace(INCIDENT, incident_id="PINC003", resolved_at=FAILED_AT + timedelta(hours=1))
OLD = replace(INCIDENT, incident_id="PINC004", created_at=FAILED_AT - timedelta(days=400))
NAMES = {"job": "job", "tenant": "tenant"}


@pytest.fixture
def standin() -> Iterator[Standin]:
    with serve_history(History(incidents=(INCIDENT, RESOLVED, OLD))) as running:
        yield running


def settings(standin: Standin, **environment: str) -> Settings:
    values = {
        "CORRELATOR_DATADOG_ENABLED": "true",
        "CORRELATOR_DATADOG_ATTACH": "true",
        "CORRELATOR_DATADOG_HOST": standin.datadog_url,
        "CORRELATOR_WEB_BASE_URL": "https://correlator.example.com/",
        "DD_API_KEY": "key-for-tests",
        "DD_APP_KEY": "app-key-for-tests",
    }
    return load_settings(environment={**values, **environment})


def sink(standin: Standin, **environment: str) -> DatadogSink:
    return build(settings(standin, **environment), Patience(sleep=lambda _: None, jitter=lambda: 0.0))


def titles(standin: Standin) -> list[str]:
    return [one["attributes"]["attachment"]["title"] for one in standin.datadog.incidents.attachments.get(THERE, [])]


def test_incidents_that_are_open_and_not_too_old_are_found(standin: Standin) -> None:
    (found,) = sink(standin, CORRELATOR_ANALYSIS_WINDOW_DAYS="390").open_incidents()
    assert (found.incident_id, found.job, found.tenant, found.service) == (THERE, "export_ads", "tenant-07", "Exports")
    assert found.created_at == INCIDENT.created_at


def test_many_incidents_are_read_page_by_page() -> None:
    crowd = tuple(
        replace(INCIDENT, incident_id=f"P{number}", created_at=FAILED_AT + timedelta(minutes=number))
        for number in range(230)
    )
    with serve_history(History(incidents=crowd)) as standin:
        found = sink(standin, CORRELATOR_ANALYSIS_WINDOW_DAYS="3650").open_incidents()
        assert len(found) == 230
        assert standin.requests.count("/incidents/search") == 3


def test_recorded_incidents_are_understood() -> None:
    """The shape of the vendor's own answers: times with offsets, fields that hold nothing, a service in a list."""
    fields = {
        "services": {"type": "autocomplete", "value": ["exports"]},
        "state": {"type": "dropdown", "value": "active"},
    }
    fields |= {"job": {"type": "textbox", "value": None}, "tenant": {"type": "textbox", "value": "tenant-03"}}
    attributes = {"title": "[tenant-07] export_ads", "created": "2023-03-28T00:12:55+00:00", "fields": fields}
    item = {"data": {"id": "u-1", "type": "incidents", "attributes": {**attributes, "resolved": None}}}
    patterns = compiled([r"^\[(?P<tenant>[\w./-]+)\] (?P<job>[\w./-]+)"], "patterns")
    incident = incident_from(item, NAMES, patterns)
    assert (incident.job, incident.tenant, incident.service) == ("export_ads", "tenant-03", "exports")
    assert (incident.status, incident.resolved_at) == ("active", None)


def test_links_of_others_stay_and_ours_is_replaced(standin: Standin) -> None:
    attached = sink(standin)
    attached._client.add_link(THERE, "Runbook", "https://wiki.example.com/exports")
    first = attached.attach(LINK)
    assert not attached.attach(LINK).written
    other = replace(LINK, text="export_ads: Transient", link=LINK.link.replace("ABC", "XYZ"))
    second = attached.attach(other)
    assert titles(standin) == ["Runbook", "export_ads: Transient"]
    assert second.note_id != first.note_id


@pytest.mark.parametrize("status", [0, 500, 502])
def test_a_link_whose_answer_was_lost_is_found(standin: Standin, status: int) -> None:
    standin.faults.add(Fault("/attachments", status=status, method="POST", applied=True))
    assert sink(standin).attach(LINK).written
    assert titles(standin) == ["export_ads: Systemic"]
    assert standin.requests.count("/attachments", "POST") == 1


def test_a_link_that_was_not_stored_is_left_to_the_next_time(standin: Standin) -> None:
    standin.faults.add(Fault("/attachments", status=500, method="POST"))
    with pytest.raises(LostAnswerError):
        sink(standin).attach(LINK)
    assert standin.requests.count("/attachments", "POST") == 1


def test_an_event_carries_the_finding_as_tags(standin: Standin) -> None:
    sink(standin).attach(EVENT)
    assert not sink(standin).attach(replace(EVENT, text="one failure more")).written
    (event,) = standin.datadog.posted
    tags = set(event["attributes"]["tags"])
    assert {"incident_correlator:finding", "finding:f-abcdefghij", "finding_event:raised"} <= tags
    assert {"job:export_ads", "tenant:tenant-07", "root_job:ingest_events", "cause:upstream"} <= tags
    ended = replace(EVENT, revision="ended-1", about=replace(ABOUT, event=Event.ENDED))
    assert sink(standin).attach(ended).written
    keys = {one["attributes"]["attributes"]["aggregation_key"] for one in standin.datadog.posted}
    assert keys == {"incident-correlator-f-abcdefghij"}


def test_an_event_keeps_to_what_datadog_takes() -> None:
    long = replace(finding("ü" * 500), path=("a",) * 500)
    attributes = event_attributes(replace(EVENT, text="x" * 9000), replace(ABOUT, finding=long))
    assert len(attributes["message"]) <= 4000
    assert len(attributes["title"]) <= 500
    assert len(attributes["aggregation_key"]) <= 100
    assert all(0 < len(tag) <= 200 and tag == tag.lower() for tag in attributes["tags"])


def test_events_that_were_posted_are_no_changes(standin: Standin) -> None:
    from connectors.datadog.source import build as build_source

    sink(standin).attach(EVENT)
    deploy = Change("C1", FAILED_AT, "Deploy", "export_ads")
    standin.datadog.facts.changes.append((int(FAILED_AT.timestamp() * 1000), "C1", deploy))
    now = standin.datadog.facts.clock() + timedelta(minutes=1)
    chosen = settings(standin, CORRELATOR_DATADOG_EVENTS_QUERY="source:deploy OR source:custom_events")
    pages = build_source(chosen).pages("changes", None, PullWindow(until=now, since=FAILED_AT - timedelta(hours=1)))
    facts: list[Any] = [fact for page in pages for fact in page.facts]
    assert [fact.change_id for fact in facts] == ["C1"]


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"CORRELATOR_DATADOG_WRITES": "notes"}, r"datadog\.writes"),
        ({"CORRELATOR_DATADOG_WRITES": ""}, r"datadog\.writes"),
        ({"CORRELATOR_WEB_BASE_URL": ""}, "how others reach the pages"),
        ({"CORRELATOR_DATADOG_INCIDENT_PATTERNS": "("}, r"datadog\.incident_patterns"),
        ({"DD_APP_KEY": ""}, "DD_APP_KEY"),
    ],
)
def test_what_cannot_work_is_a_wrong_setting(standin: Standin, environment: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        sink(standin, **environment)


def test_the_check_asks_for_what_is_written_only_where_it_is(standin: Standin) -> None:
    patience = Patience(attempts=1)
    names = {probe.name: probe.found for probe in check(settings(standin), patience)}
    assert names["incidents"] is Found.OK
    standin.faults.add(Fault("/incidents/search", status=403, times=2, body={"errors": ["Forbidden"]}))
    refused = {probe.name: probe.found for probe in check(settings(standin), patience)}
    assert refused["incidents"] is Found.MISSING
    off = {probe.name for probe in check(settings(standin, CORRELATOR_DATADOG_ATTACH="false"), patience)}
    assert "incidents" not in off
    assert standin.datadog.posted == []


def test_the_body_of_a_link_is_as_recorded(standin: Standin) -> None:
    sink(standin).attach(LINK)
    (item,) = standin.datadog.incidents.attachments[THERE]
    assert json.loads(json.dumps(item["attributes"]["attachment"])) == {
        "documentUrl": LINK.link,
        "title": "export_ads: Systemic",
    }
