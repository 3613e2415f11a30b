"""PagerDuty's half, asked by pdpyras."""

from __future__ import annotations

import hashlib
import hmac
import json
import warnings
from datetime import timedelta
from typing import Any

import pytest

from connectors.standin import Fault, Standin, serve_history
from connectors.standin.webhooks import delivery
from correlator.model import Change, iso
from correlator.simulation.history import History
from tests.connectors.standin.conftest import START, pagerduty_session

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pdpyras

END = START + timedelta(days=4)
WINDOW = {"since": iso(START), "until": iso(END)}


def error_of(response: Any) -> tuple[int, int]:
    return response.status_code, response.json()["error"]["code"]


def test_all_incidents_come_in_order_and_whole(pagerduty: Any, history: History) -> None:
    found = pagerduty.list_all("incidents", params={**WINDOW, "include[]": ["first_trigger_log_entries"]}, page_size=3)
    assert [item["id"] for item in found] == [incident.incident_id for incident in history.incidents]
    for item, incident in zip(found, history.incidents, strict=True):
        assert item["title"] == incident.title
        assert item["created_at"] == iso(incident.created_at)
        assert item["resolved_at"] == (iso(incident.resolved_at) if incident.resolved_at else None)
        assert item["status"] == ("resolved" if incident.resolved_at else "triggered")
        details = item["first_trigger_log_entry"]["channel"]["details"]
        assert details == {"job": incident.job, "tenant": incident.tenant, "service": incident.service}


def test_details_come_only_when_they_are_asked_for(pagerduty: Any) -> None:
    item = pagerduty.jget("incidents", params={**WINDOW, "limit": 1})["incidents"][0]
    assert item["first_trigger_log_entry"]["type"] == "trigger_log_entry_reference"
    assert "channel" not in item["first_trigger_log_entry"]


def test_windows_and_statuses_select(pagerduty: Any, history: History) -> None:
    middle = START + timedelta(days=2)
    first = pagerduty.list_all("incidents", params={"since": iso(START), "until": iso(middle)})
    assert {item["id"] for item in first} == {i.incident_id for i in history.incidents if i.created_at < middle}
    assert pagerduty.list_all("incidents", params={**WINDOW, "statuses[]": ["acknowledged"]}) == []
    resolved = pagerduty.list_all("incidents", params={**WINDOW, "statuses[]": ["resolved"]})
    assert len(resolved) == sum(i.resolved_at is not None for i in history.incidents)


def test_a_page_says_whether_there_is_more_and_the_total_when_asked(pagerduty: Any, history: History) -> None:
    page = pagerduty.jget("incidents", params={**WINDOW, "limit": 2, "total": "true"})
    assert (page["limit"], page["offset"], page["more"]) == (2, 0, True)
    assert page["total"] == len(history.incidents)
    assert pagerduty.jget("incidents", params={**WINDOW, "limit": 2})["total"] is None


@pytest.mark.parametrize(
    "params",
    [
        {**WINDOW, "limit": 100, "offset": 9901},
        {"since": "2025-01-01T00:00:00Z", "until": "2025-12-01T00:00:00Z"},
        {"since": "yesterday"},
    ],
)
def test_what_cannot_be_listed_is_a_400(pagerduty: Any, params: dict[str, Any]) -> None:
    assert error_of(pagerduty.get("incidents", params=params)) == (400, 2001)


def test_one_incident_its_alert_and_its_log(pagerduty: Any, history: History) -> None:
    incident = history.incidents[0]
    path = f"incidents/{incident.incident_id}"
    assert pagerduty.jget(path)["incident"]["id"] == incident.incident_id
    (alert,) = pagerduty.jget(f"{path}/alerts")["alerts"]
    assert alert["body"]["details"]["job"] == incident.job
    entries = pagerduty.jget(f"{path}/log_entries")["log_entries"]
    assert [entry["type"] for entry in entries] == ["resolve_log_entry", "trigger_log_entry"]
    assert error_of(pagerduty.get("incidents/QNONE")) == (404, 2100)


def test_the_log_of_all_incidents_is_in_order(pagerduty: Any, history: History) -> None:
    entries = pagerduty.list_all("log_entries", params=WINDOW)
    times = [entry["created_at"] for entry in entries]
    assert times == sorted(times, reverse=True)
    resolved = sum(i.resolved_at is not None and i.resolved_at < END for i in history.incidents)
    assert len(entries) == len(history.incidents) + resolved


def test_services_and_what_they_depend_on_mirror_the_jobs(pagerduty: Any, history: History) -> None:
    services = {item["id"]: item["name"] for item in pagerduty.list_all("services")}
    assert set(services.values()) == {attempt.service for attempt in history.attempts}
    edges = set()
    for key in services:
        for edge in pagerduty.jget(f"service_dependencies/technical_services/{key}")["relationships"]:
            assert key in (edge["supporting_service"]["id"], edge["dependent_service"]["id"])
            if edge["dependent_service"]["type"] == "technical_service_reference":
                edges.add((services[edge["supporting_service"]["id"]], services[edge["dependent_service"]["id"]]))
    expected = {(e.upstream.replace("_", "-"), e.downstream.replace("_", "-")) for e in history.dependencies}
    assert edges == expected
    assert pagerduty.get("service_dependencies/technical_services/PNONE").status_code == 404


def test_notes_are_written_changed_and_removed(pagerduty: Any, history: History) -> None:
    path = f"incidents/{history.incidents[0].incident_id}/notes"
    first = pagerduty.post(path, json={"note": {"content": "one"}})
    assert first.status_code == 200
    pagerduty.post(path, json={"note": {"content": "one"}})
    notes = pagerduty.jget(path)["notes"]
    assert [note["content"] for note in notes] == ["one", "one"], "posting is not idempotent, as at the vendor"
    key = notes[0]["id"]
    assert pagerduty.put(f"{path}/{key}", json={"note": {"content": "two"}}).json()["note"]["content"] == "two"
    assert pagerduty.delete(f"{path}/{notes[1]['id']}").status_code == 204
    assert [note["content"] for note in pagerduty.jget(path)["notes"]] == ["two"]
    assert pagerduty.put(f"{path}/PNONE", json={"note": {"content": "x"}}).status_code == 404
    assert error_of(pagerduty.post(path, json={"note": {"content": ""}})) == (400, 2001)
    assert error_of(pagerduty.post(path, json={"nothing": 1})) == (400, 2001)


def test_a_note_needs_the_address_of_its_author(standin: Standin, history: History) -> None:
    session = pdpyras.APISession("k")
    session.url, session.max_http_attempts = standin.pagerduty_url, -1
    path = f"incidents/{history.incidents[0].incident_id}/notes"
    assert error_of(session.post(path, json={"note": {"content": "one"}})) == (400, 2001)
    assert standin.pagerduty.notes.of(history.incidents[0].incident_id) == []


def test_a_note_whose_answer_is_lost_is_there(standin: Standin, pagerduty: Any, history: History) -> None:
    key = history.incidents[0].incident_id
    standin.faults.add(Fault("notes", status=502, method="POST", applied=True))
    assert pagerduty.post(f"incidents/{key}/notes", json={"note": {"content": "one"}}).status_code == 502
    assert [note["content"] for note in standin.pagerduty.notes.of(key)] == ["one"]


def test_keys_are_checked_and_limits_counted(history: History) -> None:
    with serve_history(history, keys=("", "", "right"), pagerduty_limit=(3, 3600)) as running:
        session = pagerduty_session(running.pagerduty_url, "wrong")
        with pytest.raises(pdpyras.PDHTTPError) as caught:
            session.get("incidents", params=WINDOW)
        assert error_of(caught.value.response) == (401, 2006)
        session = pagerduty_session(running.pagerduty_url, "right")
        allowed = [session.get("abilities") for _ in range(2)]
        assert [reply.headers["ratelimit-remaining"] for reply in allowed] == ["1", "0"]
        over = session.get("abilities")
        assert over.status_code == 429
        assert over.content == b""
        assert int(over.headers["ratelimit-reset"]) >= 1


def test_incidents_open_and_resolve_as_time_goes_on(history: History) -> None:
    incident = next(i for i in history.incidents if i.resolved_at)
    assert incident.resolved_at is not None
    second = timedelta(seconds=1)
    now = [START]
    states: list[object] = []
    with serve_history(history, clock=lambda: now[0]) as running:
        session = pagerduty_session(running.pagerduty_url)
        for moment in (incident.created_at - second, incident.created_at + second, incident.resolved_at + second):
            now[0] = moment
            reply = session.get(f"incidents/{incident.incident_id}")
            states.append(reply.json()["incident"]["status"] if reply.ok else reply.status_code)
    assert states == [404, "triggered", "resolved"]


def test_what_lies_beside_an_incident(pagerduty: Any, history: History) -> None:
    last = max(history.incidents, key=lambda one: (one.created_at, one.incident_id))
    path = f"incidents/{last.incident_id}"
    past = pagerduty.jget(f"{path}/past_incidents", params={"limit": 3})
    expected = [one for one in history.incidents if one.service == last.service and one.created_at < last.created_at]
    assert (past["total"], len(past["past_incidents"])) == (len(expected), min(3, len(expected)))
    for item in pagerduty.jget(f"{path}/related_incidents")["related_incidents"]:
        other = next(one for one in history.incidents if one.incident_id == item["incident"]["id"])
        assert other.service != last.service
    assert pagerduty.get("incidents/PNONE/past_incidents").status_code == 404


def test_change_events_are_those_of_the_account_and_their_times_are_utc(pagerduty: Any, standin: Standin) -> None:
    standin.pagerduty.account.changes = [Change("C1", START, "Deploy", service="exports"), Change("C2", START, "Flag")]
    found = pagerduty.jget("change_events", params={"since": iso(START)})["change_events"]
    assert [item["id"] for item in found] == ["C2", "C1"]
    assert list(found[1]["services"][0]) == ["id", "type"]
    shifted = {"since": "2026-03-01T02:00:00+02:00"}
    assert error_of(pagerduty.get("change_events", params=shifted)) == (400, 2001)


def test_fields_are_set_by_name_and_status_updates_pile_up(pagerduty: Any, standin: Standin, history: History) -> None:
    path = f"incidents/{history.incidents[0].incident_id}"
    right = {"custom_fields": [{"name": "evidence_link", "value": "https://example.com"}]}
    for _ in range(2):
        assert pagerduty.put(f"{path}/custom_fields/values", json=right).status_code == 201
    assert pagerduty.jget(f"{path}/custom_fields/values")["custom_fields"][0]["value"] == "https://example.com"
    for wrong in ({"name": "another", "value": "x"}, {"name": "evidence_link", "value": "x" * 201}):
        assert pagerduty.put(f"{path}/custom_fields/values", json={"custom_fields": [wrong]}).status_code == 404
    for _ in range(2):
        assert pagerduty.post(f"{path}/status_updates", json={"message": "Known"}).status_code == 200
    assert len(standin.pagerduty.account.status_updates) == 2


def test_what_the_plan_lacks_is_refused(pagerduty: Any, standin: Standin, history: History) -> None:
    standin.pagerduty.account.missing = {"past_incidents", "business_services"}
    for path in (f"incidents/{history.incidents[0].incident_id}/past_incidents", "business_services"):
        assert pagerduty.get(path).status_code == 403
    assert pagerduty.get("services").status_code == 200


def test_a_delivery_is_signed_with_each_secret_over_its_bytes(history: History) -> None:
    made = delivery(history.incidents[0], "incident.triggered", START, ["old", "new"])
    signatures = ["v1=" + hmac.new(secret.encode(), made.body, hashlib.sha256).hexdigest() for secret in ("old", "new")]
    assert made.headers["X-PagerDuty-Signature"] == ",".join(signatures)
    event = json.loads(made.body)["event"]
    assert event["data"]["number"] == 1
    assert "incident_number" not in event["data"]
    assert delivery(history.incidents[0], "incident.triggered", START, ["old", "new"]) == made
