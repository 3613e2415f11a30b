"""What lies beside an open incident, priorities, incidents a webhook named, and windows that are too full."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from correlator.ports import IncidentRelation, Page, PullWindow
from tests.connectors.pagerduty.test_source import DAY, NOW, incident, incidents, listed, paths, source
from tests.connectors.scripted import Script, failure

BESIDE = {"CORRELATOR_PAGERDUTY_RELATED": "true"}
EARLIER = datetime(2026, 2, 20, 4, tzinfo=UTC)
LEARNED = {"type": "machine_learning_inferred", "metadata": {"grouping_classification": "similar_contents"}}
NEEDS = {
    "type": "service_dependency",
    "metadata": {
        "dependent_services": {"id": "PBUS1", "type": "business_service_reference"},
        "supporting_services": [{"id": "PSVC2", "summary": "Ingest"}],
    },
}


def other(key: str) -> dict[str, Any]:
    return {"id": key, "created_at": "2026-02-20T04:00:00Z", "title": "Late", "self": f"https://example.com/{key}"}


def account(asked: Any, *listing: Any) -> Any:
    """One incident in the list, two beside it."""
    path = asked[1]
    if path.endswith("/related_incidents"):
        return {"related_incidents": [{"incident": other("PREL1"), "relationships": [LEARNED, NEEDS]}]}
    if path.endswith("/past_incidents"):
        return {"past_incidents": [{"incident": other("PPAST1"), "score": 46.8}, {"score": 1}], "total": 2, "limit": 5}
    if path == "/incidents":
        return listed("incidents", *listing)
    return {"incident": incident(path.rpartition("/")[2])}


def pull(script: Script, position: Any = None, **window: Any) -> list[Page]:
    return list(source(script, **BESIDE).pages("incidents", position, PullWindow(until=NOW, **window)))


def test_related_and_past_incidents_of_an_open_one_are_read_with_the_reason(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [lambda asked: account(asked, incident("PINC001", "triggered"))])
    pages = pull(script, since=NOW - DAY)
    found = [fact for page in pages for fact in page.facts if isinstance(fact, IncidentRelation)]
    reason = "its contents are similar; service PBUS1 needs service Ingest"
    assert found == [
        IncidentRelation("PINC001", "related", "PREL1", EARLIER, "Late", reason),
        IncidentRelation("PINC001", "past", "PPAST1", EARLIER, "Late", "alike, on the same service", 46.8),
    ]
    (aside,) = [item for page in pages for item in page.set_aside]
    assert aside.reason == "past_incidents of PINC001: no incident.id in it"


def test_nothing_is_asked_beside_an_incident_that_is_over(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [lambda asked: account(asked, incident("PINC001"))])
    pull(script, since=NOW - DAY)
    assert paths(script) == ["/incidents"]


def test_nothing_is_asked_beside_an_incident_that_did_not_change(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [lambda asked: account(asked, incident("PINC001", "triggered"))])
    first = pull(script, since=NOW - DAY)
    script.asked.clear()
    pull(script, first[-1].position, since=NOW - DAY)
    assert paths(script) == ["/incidents"]


@pytest.mark.parametrize("status", [402, 403])
def test_what_the_plan_lacks_is_asked_for_once_a_day_and_said_each_time(httpserver: HTTPServer, status: int) -> None:
    def gated(asked: Any) -> Any:
        if asked[1].endswith("_incidents"):
            return failure(status)
        return account(asked, *(incident(f"PINC00{number}", "triggered", NOW - DAY / 3) for number in range(3)))

    script = Script(httpserver, [gated])
    first = pull(script, since=NOW - DAY)
    assert len(incidents(first)) == 3
    assert Counter(path.rpartition("/")[2] for path in paths(script) if path.endswith("_incidents")) == {
        "related_incidents": 1,
        "past_incidents": 1,
    }
    said = (f"related incidents are not read: PagerDuty refuses it to this account's plan or this key (HTTP {status})",)
    assert first[-1].notices[:1] == said
    pulled = source(script, **BESIDE)
    script.asked.clear()
    later = list(pulled.pages("incidents", first[-1].position, PullWindow(until=NOW + DAY / 2)))
    assert not [path for path in paths(script) if path.endswith("_incidents")]
    assert sorted(later[-1].notices) == sorted(first[-1].notices)
    tomorrow = PullWindow(until=NOW + 2 * DAY, incidents=("PINC009",))
    script.replies = [lambda asked: account(asked) if asked[1] != "/incidents/PINC009" else {"incident": open_now}]
    open_now = incident("PINC009", "triggered")
    last = list(pulled.pages("incidents", later[-1].position, tomorrow))
    assert [fact.kind for page in last for fact in page.facts if isinstance(fact, IncidentRelation)] == [
        "related",
        "past",
    ]
    assert last[-1].notices == ()


def test_a_priority_is_named_by_its_reference_or_by_the_list(httpserver: HTTPServer) -> None:
    named = incident("PINC001") | {"priority": {"id": "PPRIO1", "summary": "P1"}}
    nameless = [incident(key) | {"priority": {"id": "PPRIO2"}} for key in ("PINC002", "PINC003")]

    def reply(asked: Any) -> Any:
        if asked[1] == "/priorities":
            return listed("priorities", {"id": "PPRIO2", "name": "P2"}, {"id": None})
        return listed("incidents", named, *nameless)

    script = Script(httpserver, [reply])
    pages = pull(script, since=NOW - DAY)
    assert [found.priority for found in incidents(pages)] == ["P1", "P2", "P2"]
    assert paths(script).count("/priorities") == 1


def test_without_priorities_in_the_plan_the_incident_is_still_there(httpserver: HTTPServer) -> None:
    nameless = incident("PINC001") | {"priority": {"id": "PPRIO2"}}
    script = Script(
        httpserver, [lambda asked: failure(402) if asked[1] == "/priorities" else listed("incidents", nameless)]
    )
    pages = pull(script, since=NOW - DAY)
    assert [found.priority for found in incidents(pages)] == [None]
    assert pages[-1].notices[0].startswith("priorities have no names for us")


def test_an_incident_that_a_webhook_named_is_read_wherever_it_lies(httpserver: HTTPServer) -> None:
    """It was resolved a month ago and opened again: no window and no memory has it."""
    reopened = incident("POLD001", "triggered", NOW - 40 * DAY)

    def reply(asked: Any) -> Any:
        return {"incident": reopened} if asked[1] == "/incidents/POLD001" else account(asked)

    script = Script(httpserver, [reply])
    position = {"watermark": "2026-03-01T23:00:00Z"}
    pages = pull(script, position, incidents=("POLD001",))
    assert [(found.incident_id, found.resolved_at) for found in incidents(pages)] == [("POLD001", None)]
    assert "POLD001" in pages[-1].position["known"]  # and from now on it is watched like every open one


def test_what_a_webhook_named_and_the_window_holds_is_read_once(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [lambda asked: account(asked, incident("PINC001"))])
    pull(script, since=NOW - DAY, incidents=("PINC001",))
    assert paths(script) == ["/incidents"]


def test_a_named_incident_that_is_not_there_is_set_aside(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [lambda asked: account(asked) if asked[1] == "/incidents" else failure(404)])
    pages = pull(script, since=NOW - DAY, incidents=("PGONE",))
    assert [item.item_id for page in pages for item in page.set_aside] == ["PGONE"]


def test_an_incident_with_more_alerts_than_can_be_listed_says_so(httpserver: HTTPServer) -> None:
    """The alerts that can be had are kept, and the rest is set aside under a name of its own."""

    def reply(asked: Any) -> Any:
        if asked[1].endswith("/alerts"):
            first = int(asked[2]["offset"])
            found = [{"id": f"PA{first + n}", "created_at": "2026-03-01T12:00:00Z"} for n in range(100)]
            return listed("alerts", *found, more=True)
        return listed("incidents", incident("PINC001", alerts=20_000))

    script = Script(httpserver, [reply])
    pages = pull(script, since=NOW - DAY)
    assert sum(len(page.facts) for page in pages) == 10_001
    assert [item.item_id for page in pages for item in page.set_aside] == ["alerts of PINC001"]
    assert max(int(query["offset"]) for _, path, query, _ in script.asked if path.endswith("/alerts")) == 9_900


def test_many_open_incidents_cost_one_request_and_those_that_ended_one_each(httpserver: HTTPServer) -> None:
    """Sixty are open; then two are resolved, and one of the rest has changed."""
    open_now = {f"PINC{number:03}": incident(f"PINC{number:03}", "triggered", NOW - DAY / 2) for number in range(60)}

    def reply(asked: Any) -> Any:
        path, query = asked[1], asked[2]
        if path == "/incidents" and "statuses[]" in query:
            found = [one for one in open_now.values() if one["status"] != "resolved"]
            return listed("incidents", *found, incident("PANCIENT", "triggered", NOW - 300 * DAY))
        if path == "/incidents":
            return listed("incidents", *(open_now.values() if not later else ()))
        return {"incident": open_now[path.rpartition("/")[2]]}

    later = False
    script = Script(httpserver, [reply])
    pulled = source(script)
    first = list(pulled.pages("incidents", None, PullWindow(until=NOW, since=NOW - DAY)))
    assert len(incidents(first)) == 60
    later = True
    for key in ("PINC003", "PINC040"):
        open_now[key] |= {"status": "resolved", "updated_at": NOW.isoformat()}
    open_now["PINC007"] |= {"status": "acknowledged", "updated_at": NOW.isoformat()}
    script.asked.clear()
    second = list(pulled.pages("incidents", first[-1].position, PullWindow(until=NOW + DAY / 2)))
    assert paths(script) == ["/incidents", "/incidents", "/incidents/PINC003", "/incidents/PINC040"]
    assert sorted((one.incident_id, one.status) for one in incidents(second)) == [
        ("PINC003", "resolved"),
        ("PINC007", "acknowledged"),
        ("PINC040", "resolved"),
    ]
    assert [page.done for page in second] == [False] * (len(second) - 1) + [True]
    assert sum(page.requests for page in second) == 4
    assert len(second[-1].position["known"]) == 58
