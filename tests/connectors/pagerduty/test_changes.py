"""Change events as changes: in UTC, with the names of services looked up once, and said so where there are none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from correlator.errors import SourceError
from correlator.model import Change
from correlator.ports import Page, PullWindow
from tests.connectors.pagerduty.test_source import DAY, NOW, listed, paths, source
from tests.connectors.scripted import Script, failure

AT = NOW - DAY / 2


def event(key: str, *services: str, **changes: Any) -> dict[str, Any]:
    """As PagerDuty lists it: its services stand there by id alone."""
    references = [{"id": service, "type": "service_reference"} for service in services]
    told = {"id": key, "summary": "Deploy 7 of exports", "timestamp": "2026-03-01T12:00:00Z", "services": references}
    return told | changes


def answer(*events: Any) -> Any:
    def reply(asked: Any) -> Any:
        if asked[1].startswith("/services/"):
            return {"service": {"id": asked[1][10:], "name": f"Service {asked[1][-1]}"}}
        return listed("change_events", *events)

    return reply


def pull(script: Script, position: Any = None, until: datetime = NOW) -> list[Page]:
    return list(source(script).pages("change_events", position, PullWindow(until=until)))


def test_a_change_has_its_service_by_name_and_its_job_from_the_details(httpserver: HTTPServer) -> None:
    details = {"custom_details": {"job": "export_ads", "tenant": "tenant-07"}}
    script = Script(httpserver, [answer(event("C1", "PSVC1", **details), event("C2"))])
    (page,) = pull(script)
    assert page.facts == (
        Change("C1", AT, "Deploy 7 of exports", job="export_ads", service="Service 1", tenant="tenant-07"),
        Change("C2", AT, "Deploy 7 of exports"),
    )
    assert [raw.fact_id for raw in page.raw] == ["C1", "C2"]
    assert page.done


def test_a_change_of_several_services_is_one_of_each(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [answer(event("C1", "PSVC2", "PSVC1", "PSVC1"))])
    (page,) = pull(script)
    assert [(fact.change_id, fact.service) for fact in page.facts if isinstance(fact, Change)] == [
        ("C1", "Service 1"),
        ("C1/Service 2", "Service 2"),
    ]


def test_times_go_out_in_utc_and_without_a_zone_of_the_account(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [answer()])
    berlin = NOW.astimezone(datetime.fromisoformat("2026-03-01T00:00:00+01:00").tzinfo)
    list(source(script).pages("change_events", None, PullWindow(until=berlin, since=berlin - DAY)))
    (query,) = [query for _, _, query, _ in script.asked]
    assert (query["since"], query["until"]) == ("2026-02-28T23:59:59Z", "2026-03-02T00:00:00Z")
    assert "time_zone" not in query


def test_a_name_is_asked_for_once_and_kept_for_the_next_pull(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [answer(event("C1", "PSVC1"), event("C2", "PSVC1"))])
    (page,) = pull(script)
    assert paths(script) == ["/change_events", "/services/PSVC1"]
    script.asked.clear()
    pull(script, page.position, NOW + timedelta(minutes=5))
    assert paths(script) == ["/change_events"]


def test_names_read_in_the_same_pull_are_the_newest(httpserver: HTTPServer) -> None:
    """A service was renamed: what the stream of services read a moment ago counts, not what was kept."""

    def reply(asked: Any) -> Any:
        if asked[1] == "/services":
            return listed("services", {"id": "PSVC1", "name": "Renamed"})
        if asked[1] == "/business_services":
            return listed("business_services")
        return {"relationships": []} if "dependencies" in asked[1] else answer(event("C1", "PSVC1"))(asked)

    pulled = source(Script(httpserver, [reply]))
    list(pulled.pages("services", None, PullWindow(until=NOW)))
    kept = {"watermark": None, "names": {"PSVC1": "Old name"}}
    (page,) = list(pulled.pages("change_events", kept, PullWindow(until=NOW)))
    assert [fact.service for fact in page.facts if isinstance(fact, Change)] == ["Renamed"]


def test_a_service_that_is_gone_leaves_the_change_without_one(httpserver: HTTPServer) -> None:
    script = Script(
        httpserver, [lambda asked: failure(404) if "services" in asked[1] else answer(event("C1", "P9"))(asked)]
    )
    (page,) = pull(script)
    assert page.facts == (Change("C1", AT, "Deploy 7 of exports"),)
    assert page.notices == ("service P9 has no name for us: PagerDuty does not find it (HTTP 404)",)


@pytest.mark.parametrize("status", [402, 403, 404])
def test_an_account_without_change_events_says_so_and_goes_on(httpserver: HTTPServer, status: int) -> None:
    script = Script(httpserver, [failure(status)])
    (page,) = pull(script)
    assert (page.facts, page.done, page.position) == ((), True, {"watermark": None})
    assert page.notices[0].startswith("change events are not read: PagerDuty ")
    assert f"(HTTP {status})" in page.notices[0]


def test_times_that_are_refused_are_an_error_and_not_a_notice(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [failure(400, {"error": {"message": "since must be in UTC", "code": 2001}})])
    with pytest.raises(SourceError, match="must be in UTC") as error:
        pull(script)
    assert error.value.permanent


def test_what_cannot_be_mapped_is_set_aside_and_the_rest_kept(httpserver: HTTPServer) -> None:
    naive = event("C3", timestamp="2026-03-01T12:00:00")
    script = Script(httpserver, [answer(event("C1"), event("C2", timestamp=None), naive, "text", event(""))])
    (page,) = pull(script)
    assert [fact.change_id for fact in page.facts if isinstance(fact, Change)] == ["C1"]
    assert [item.reason for item in page.set_aside] == [
        "no timestamp",
        "timestamp has no offset: '2026-03-01T12:00:00'",
        "no id in it",
        "no id in it",
    ]


def test_the_position_is_where_the_next_pull_goes_on(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [answer(event("C1"))])
    (page,) = pull(script)
    assert page.position["watermark"] == "2026-03-02T00:00:00Z"
    pull(script, page.position, NOW + DAY)
    since = datetime.fromisoformat(script.asked[-1][2]["since"])
    assert since == NOW.astimezone(UTC) - timedelta(seconds=3601)
