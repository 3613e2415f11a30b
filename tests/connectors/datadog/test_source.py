"""Streams of the Datadog source: cursors, watermarks, partial pages, what is set aside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from connectors.datadog.source import DatadogSource, build
from connectors.payloads import millis
from correlator.errors import SettingsError, SourceError
from correlator.model import Attempt, Change, Dependency, Origin
from correlator.ports import Page, PullWindow
from correlator.settings import load_settings
from tests.connectors.scripted import Script, Slept, failure

NOW = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)
EXPIRED = failure(400, {"errors": ["input_validation_error(Field 'page' is invalid: invalid cursor)"]})


def source(script: Script, **environment: str) -> DatadogSource:
    values = {
        "DD_API_KEY": "test-api-key",
        "DD_APP_KEY": "test-app-key",
        "CORRELATOR_DATADOG_HOST": script.url,
        **environment,
    }
    return build(load_settings(environment=values), Slept().patience())


def span(number: int, at: datetime) -> dict[str, Any]:
    start = at.isoformat().replace("+00:00", "Z")
    custom = {"job": "export_ads", "run_id": f"run-{number}", "status": "failed" if number % 2 else "success"}
    return {"id": f"AZ{number}", "attributes": {"custom": custom, "start_timestamp": start, "span_id": str(number)}}


def found(*items: Any, cursor: str | None = None, **meta: Any) -> dict[str, Any]:
    document: dict[str, Any] = {"data": list(items)}
    if cursor or meta:
        document["meta"] = {"status": "done", **meta} | ({"page": {"after": cursor}} if cursor else {})
    return document


def window() -> PullWindow:
    return PullWindow(until=NOW, since=NOW - DAY)


def run_ids(pages: list[Page]) -> list[str]:
    return [fact.run_id for page in pages for fact in page.facts if isinstance(fact, Attempt)]


def test_pages_follow_the_cursor_until_there_is_none(httpserver: HTTPServer) -> None:
    """A short page, and an empty one, may have followers: only a missing cursor is the end."""
    at = NOW - DAY / 2
    script = Script(
        httpserver,
        [found(span(1, at), cursor="c1"), found(cursor="c2"), found(span(2, at + DAY / 10), cursor="c3"), found()],
    )
    pages = list(source(script).pages("runs", None, window()))
    assert run_ids(pages) == ["run-1", "run-2"]
    bodies = [body["data"]["attributes"] for _, _, _, body in script.asked]
    assert [body["page"].get("cursor") for body in bodies] == [None, "c1", "c2", "c3"]
    assert {body["page"]["limit"] for body in bodies} == {1000}
    assert {(body["filter"]["from"], body["filter"]["to"]) for body in bodies} == {
        (str(millis(NOW - DAY)), str(millis(NOW)))
    }
    assert [page.done for page in pages] == [False, False, False, True]
    assert pages[-1].position == {"watermark": "2026-03-02T00:00:00Z"}


def test_a_pull_goes_on_after_the_last_stored_page(httpserver: HTTPServer) -> None:
    at = NOW - DAY / 2
    script = Script(httpserver, [found(span(1, at), cursor="c1"), found(span(2, at))])
    pages = source(script).pages("runs", None, window())
    position = next(pages).position  # stored; then the process is killed
    assert position["watermark"] is None
    rest = list(source(script).pages("runs", position, PullWindow(until=NOW)))
    assert script.asked[1][3]["data"]["attributes"]["page"]["cursor"] == "c1"
    assert run_ids(rest)[:1] == ["run-2"]
    assert rest[-1].position["watermark"] == "2026-03-02T00:00:00Z"


def test_an_expired_cursor_goes_on_from_the_newest_item(httpserver: HTTPServer) -> None:
    at = NOW - DAY / 2
    script = Script(httpserver, [found(span(1, at), cursor="c1"), EXPIRED, found(span(1, at), span(2, at + DAY / 9))])
    pages = list(source(script).pages("runs", None, window()))
    assert run_ids(pages) == ["run-1", "run-1", "run-2"]  # the repeat is dropped by its id when it is stored
    again = script.asked[2][3]["data"]["attributes"]
    assert "cursor" not in again["page"]
    assert again["filter"]["from"] == str(millis(at))


def test_the_newest_item_of_a_page_is_the_newest_moment_not_the_greatest_text(httpserver: HTTPServer) -> None:
    """`...:00Z` sorts behind `...:00.250000Z`, which is later."""
    at = NOW - DAY / 2
    later = at + timedelta(milliseconds=250)
    script = Script(httpserver, [found(span(1, at), span(2, later), cursor="c1"), EXPIRED, found()])
    list(source(script).pages("runs", None, window()))
    assert script.asked[2][3]["data"]["attributes"]["filter"]["from"] == str(millis(later))


def test_cursors_that_always_expire_end_the_pull(httpserver: HTTPServer) -> None:
    at = NOW - DAY / 2

    def answer(asked: Any) -> Any:
        page = asked[3]["data"]["attributes"]["page"]
        return failure(400, {"errors": ["invalid cursor"]}) if "cursor" in page else found(span(1, at), cursor="c")

    script = Script(httpserver, [answer])
    with pytest.raises(SourceError, match="cursor"):
        list(source(script).pages("runs", None, window()))


def test_a_partial_page_does_not_move_the_watermark(httpserver: HTTPServer) -> None:
    """Its items are kept, shorter slices are tried, and the pull says that it could not be read to its end."""
    script = Script(httpserver, [found(span(1, NOW - DAY / 2), status="timeout")])
    pages: list[Page] = []
    with pytest.raises(SourceError, match="the search timed out") as error:
        pages.extend(source(script).pages("runs", None, window()))  # keeps what came before the error
    assert not error.value.permanent
    assert set(run_ids(pages)) == {"run-1"}
    assert all(page.position["watermark"] is None for page in pages)
    lengths = [int(body["filter"]["to"]) - int(body["filter"]["from"]) for body in _bodies(script)]
    assert lengths[1] == lengths[0] // 2
    assert min(lengths) < 120_000


def test_a_shorter_slice_that_is_whole_is_gone_on_from(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [found(warnings=[{"detail": "too heavy"}]), found(span(1, NOW - DAY)), found()])
    pages = list(source(script).pages("runs", None, window()))
    assert pages[-1].position == {"watermark": "2026-03-02T00:00:00Z"}
    spans = [(int(body["filter"]["from"]), int(body["filter"]["to"])) for body in _bodies(script)]
    assert spans[1] == (millis(NOW - DAY), millis(NOW - DAY / 2))
    assert spans[2] == (millis(NOW - DAY / 2), millis(NOW))


def test_items_that_cannot_be_mapped_are_set_aside_and_the_rest_kept(httpserver: HTTPServer) -> None:
    broken = {"id": "AZ9", "attributes": {"custom": {}, "start_timestamp": "soon"}}
    script = Script(httpserver, [found(broken, span(1, NOW - DAY / 2), None)])
    (page,) = list(source(script).pages("runs", None, window()))
    assert run_ids([page]) == ["run-1"]
    assert (page.set_aside[0].item_id, page.set_aside[0].reason) == ("AZ9", "`start_timestamp` is not a time: 'soon'")
    assert page.set_aside[1].payload == {"value": None}


def test_the_raw_span_is_kept_of_failed_runs_or_of_all(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [found(span(1, NOW - DAY / 2), span(2, NOW - DAY / 2))])
    (page,) = list(source(script).pages("runs", None, window()))
    assert [(raw.fact_id, raw.body["id"]) for raw in page.raw] == [("run-1", "AZ1")]
    (page,) = list(source(script, CORRELATOR_DATADOG_KEEP_RAW="all").pages("runs", None, window()))
    assert len(page.raw) == 2


def test_the_next_pull_overlaps_by_more_than_the_longest_job(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [found()])
    position = {"watermark": "2026-03-01T12:00:00Z"}
    list(source(script).pages("runs", position, PullWindow(until=NOW)))
    assert _bodies(script)[0]["filter"]["from"] == str(millis(datetime(2026, 3, 1, 8, tzinfo=UTC)))


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (NOW - 9 * DAY, NOW - 8 * DAY, "2026-03-01T00:00:00Z"),  # a backfill does not move it back
        (NOW - 2 * DAY, NOW, "2026-03-02T00:00:00Z"),  # it joins up
        (NOW - DAY / 2, NOW, "2026-03-01T00:00:00Z"),  # it would leave a gap
    ],
)
def test_a_watermark_moves_only_over_what_was_read(
    httpserver: HTTPServer, since: datetime, until: datetime, expected: str
) -> None:
    script = Script(httpserver, [found()])
    position = {"watermark": "2026-03-01T00:00:00Z"}
    pages = list(source(script).pages("runs", position, PullWindow(until=until, since=since)))
    assert pages[-1].position["watermark"] == expected


def test_deployments_come_whole_or_in_shorter_slices(httpserver: HTTPServer) -> None:
    """The list has no pages: one that comes back full is not believed, and shorter times are asked for."""
    full = {"data": [{"id": "D"}] * 1000}
    one = {"id": "D1", "attributes": {"service": "exports", "started_at": "2026-03-01T12:00:00Z", "version": "7"}}
    script = Script(httpserver, [full, {"data": [one, {"id": "D2"}]}, {"data": []}])
    pages = list(source(script, CORRELATOR_DATADOG_DEPLOYMENTS="true").pages("deployments", None, window()))
    assert [page.facts for page in pages] == [
        (),
        (Change("D1", NOW - DAY / 2, "Deploy of exports 7", service="exports"),),
        (),
    ]
    assert [aside.reason for page in pages for aside in page.set_aside] == ["no attributes in it"]
    bodies = [body["data"]["attributes"] for *_, body in script.asked]
    times = [tuple(datetime.fromisoformat(body[name]) for name in ("from", "to")) for body in bodies]
    assert times == [(NOW - DAY, NOW), (NOW - DAY, NOW - DAY / 2), (NOW - DAY / 2, NOW)]
    assert pages[-1].position == {"watermark": "2026-03-02T00:00:00Z"}


def relation(downstream: str, upstream: str, kind: str = "RelationTypeDependsOn") -> dict[str, Any]:
    ends = {"from": {"kind": "service", "name": downstream}, "to": {"kind": "service", "name": upstream}}
    return {"id": f"{downstream}>{upstream}", "type": "relation", "attributes": {**ends, "type": kind}}


def test_the_catalog_is_read_whole_now_and_then_and_its_edges_are_marked(httpserver: HTTPServer) -> None:
    whole = [relation(f"job_{number}", "ingest") for number in range(100)]
    unknown = relation("a", "b", "RelationTypeInheritsFrom")
    script = Script(httpserver, [{"data": whole}, {"data": [relation("export", "enrich"), unknown]}])
    pulled = source(script, CORRELATOR_DATADOG_CATALOG="true")
    pages = list(pulled.pages("catalog", None, PullWindow(until=NOW)))
    assert [query["page[offset]"] for _, _, query, _ in script.asked] == ["0", "100"]
    assert script.asked[0][2]["filter[type]"] == "RelationTypeDependsOn"
    assert script.asked[0][2]["includeDiscovered"] == "true"
    assert pages[1].facts == (Dependency("enrich", "export", origin=Origin.CATALOG),)
    assert pages[1].set_aside[0].reason == "a relation of type RelationTypeInheritsFrom, not RelationTypeDependsOn"
    assert pages[0].position == {"watermark": None, "offset": 100}
    again = pulled.pages("catalog", pages[0].position, PullWindow(until=NOW))
    assert next(again).facts == pages[1].facts
    assert list(pulled.pages("catalog", pages[1].position, PullWindow(until=NOW + DAY / 5))) == []
    assert next(pulled.pages("catalog", pages[1].position, PullWindow(until=NOW + DAY / 4))).facts


def test_monitors_are_left_out_where_no_query_selects_them(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [found()])
    assert "monitors" in source(script).streams
    assert "monitors" not in source(script, CORRELATOR_DATADOG_MONITORS_QUERY="").streams
    with pytest.raises(SourceError, match="no stream `weather`"):
        list(source(script).pages("weather", None, window()))


def test_changes_are_searched_by_their_own_query(httpserver: HTTPServer) -> None:
    event = {"id": "E1", "attributes": {"attributes": {"title": "Deploy"}, "timestamp": "2026-03-01T12:00:00Z"}}
    script = Script(httpserver, [found(event)])
    pulled = source(script, CORRELATOR_DATADOG_EVENTS_QUERY="source:deploy")
    (page,) = list(pulled.pages("changes", None, window()))
    assert page.facts == (Change("E1", NOW - DAY / 2, "Deploy"),)
    assert script.asked[0][3]["filter"]["query"] == "(source:deploy) -incident_correlator:finding"


def test_a_metric_that_is_none_is_refused_with_its_place(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [found()])
    with pytest.raises(SettingsError, match="CORRELATOR_DATADOG_METRICS"):
        source(script, CORRELATOR_DATADOG_METRICS="sum of {things}")


def test_missing_keys_are_refused_before_anything_is_asked() -> None:
    with pytest.raises(SettingsError, match="DD_API_KEY"):
        build(load_settings(environment={}))


def _bodies(script: Script) -> list[dict[str, Any]]:
    return [body["data"]["attributes"] for _, _, _, body in script.asked]
