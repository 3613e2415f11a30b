"""The stream of services: both kinds with their edges, seldom, resumable, and less where the plan has less."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from correlator.errors import SourceError
from correlator.ports import PullWindow, Service
from tests.connectors.pagerduty.test_source import NOW, listed, paths, source
from tests.connectors.scripted import Script, failure

HOUR = timedelta(hours=1)
TECHNICAL = [{"id": "PSVC1", "name": "Exports"}, {"id": "PSVC2", "name": "Ingest"}]
EDGES = {
    "/service_dependencies/technical_services/PSVC1": [("PSVC2", "PSVC1"), ("PSVC1", "PBUS1")],
    "/service_dependencies/business_services/PBUS1": [("PSVC1", "PBUS1")],
}


def answer(asked: Any) -> Any:
    """Two technical services a page at a time, one business service, and what they depend on."""
    _, path, query, _ = asked
    if path == "/services":
        place = int(query["offset"]) // 25
        return listed("services", TECHNICAL[place], more=place == 0)
    if path == "/business_services":
        return listed("business_services", {"id": "PBUS1", "name": "Campaigns"})
    return {
        "relationships": [
            {"supporting_service": {"id": supporting}, "dependent_service": {"id": dependent}}
            for supporting, dependent in EDGES.get(path, [])
        ]
    }


def test_services_of_both_kinds_come_with_what_they_need_and_not_at_every_pull(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [answer])
    pulled = source(script)
    pages = list(pulled.pages("services", None, PullWindow(until=NOW)))
    assert [fact for page in pages for fact in page.facts] == [
        Service("PSVC1", "Exports", ("PSVC2",)),
        Service("PSVC2", "Ingest"),
        Service("PBUS1", "Campaigns", ("PSVC1",), kind="business"),
    ]
    assert [page.position.get("kind") for page in pages] == ["technical", "business", None]
    asked = len(script.asked)
    (idle,) = list(pulled.pages("services", pages[-1].position, PullWindow(until=NOW + HOUR)))
    assert (idle.requests, idle.facts, idle.done, len(script.asked)) == (0, (), True, asked)


def test_a_reading_that_was_cut_goes_on_where_it_was(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [answer])
    first = next(source(script).pages("services", None, PullWindow(until=NOW)))
    script.asked.clear()
    rest = list(source(script).pages("services", first.position, PullWindow(until=NOW + HOUR)))
    assert paths(script)[0] == "/services"
    assert [fact.service_id for page in rest for fact in page.facts if isinstance(fact, Service)] == ["PSVC2", "PBUS1"]


@pytest.mark.parametrize("status", [402, 403])
def test_without_the_service_graph_the_services_are_still_there(httpserver: HTTPServer, status: int) -> None:
    def gated(asked: Any) -> Any:
        return failure(status) if "dependencies" in asked[1] or "business" in asked[1] else answer(asked)

    script = Script(httpserver, [gated])
    pages = list(source(script).pages("services", None, PullWindow(until=NOW)))
    assert [fact for page in pages for fact in page.facts] == [Service("PSVC1", "Exports"), Service("PSVC2", "Ingest")]
    assert [notice.split(":")[0] for notice in pages[-1].notices] == [
        "what technical services depend on is not read",
        "business services are not read",
    ]
    assert all(f"HTTP {status}" in notice for notice in pages[-1].notices)
    assert len([path for path in paths(script) if "dependencies" in path]) == 1  # refused once, not asked again
    (idle,) = list(source(script).pages("services", pages[-1].position, PullWindow(until=NOW + HOUR)))
    assert idle.notices == pages[-1].notices


def test_a_service_that_is_gone_meanwhile_has_no_edges(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [lambda asked: failure(404) if "dependencies" in asked[1] else answer(asked)])
    pages = list(source(script).pages("services", None, PullWindow(until=NOW)))
    assert [len(page.facts) for page in pages] == [1, 1, 1]
    assert pages[-1].notices == ()


def test_a_service_that_cannot_be_mapped_is_set_aside_and_the_rest_kept(httpserver: HTTPServer) -> None:
    listing = listed("services", {"name": "no id"}, TECHNICAL[0])
    script = Script(httpserver, [lambda asked: listing if asked[1] == "/services" else answer(asked)])
    pages = list(source(script).pages("services", None, PullWindow(until=NOW)))
    assert [item.reason for item in pages[0].set_aside] == ["no id in it"]
    assert [fact.service_id for fact in pages[0].facts if isinstance(fact, Service)] == ["PSVC1"]


def test_without_the_services_themselves_the_stream_fails_with_a_hint(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [failure(403)])
    with pytest.raises(SourceError, match="HTTP 403") as error:
        list(source(script).pages("services", None, PullWindow(until=NOW)))
    assert error.value.permanent
    assert "key" in error.value.hint
