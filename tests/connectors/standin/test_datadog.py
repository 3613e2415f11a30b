"""Datadog's half, asked by Datadog's own client, which checks every answer against its models."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from datadog_api_client import ApiClient
from datadog_api_client.exceptions import ApiException
from datadog_api_client.v2.api.events_api import EventsApi
from datadog_api_client.v2.api.metrics_api import MetricsApi
from datadog_api_client.v2.api.spans_api import SpansApi

from connectors.standin import Fault, Standin, serve_history
from correlator.model import Status
from correlator.simulation.history import History
from tests.connectors.standin.conftest import START, all_pages, datadog_client

END = START + timedelta(days=4)


def body(limit: int = 1000, cursor: str | None = None, query: str = "*", **times: datetime) -> dict[str, Any]:
    page: dict[str, Any] = {"limit": limit} | ({"cursor": cursor} if cursor else {})
    times = {"from": START, "to": END, **times}
    wanted = {"query": query, **{name: str(int(at.timestamp() * 1000)) for name, at in times.items()}}
    return {"filter": wanted, "page": page, "sort": "timestamp", "options": {"timezone": "UTC"}}


def search(client: ApiClient, **options: Any) -> dict[str, Any]:
    spans_api: Any = SpansApi
    api = spans_api(client)
    wrapped = {"data": {"type": "search_request", "attributes": body(**options)}}
    answer: Any = api.list_spans(body=wrapped)
    assert type(answer).__name__ == "SpansListResponse"
    assert not answer._unparsed
    return dict(answer.to_dict())


def refused(call: Any) -> ApiException:
    with pytest.raises(ApiException) as caught:
        call()
    return caught.value


def test_all_spans_are_the_attempts_that_ended(datadog: ApiClient, history: History) -> None:
    spans = all_pages(lambda cursor: search(datadog, cursor=cursor))
    ended = {a.run_id: a for a in history.attempts if a.status is not Status.RUNNING}
    assert len(spans) == len(ended)
    for span in spans:
        custom, own = span["attributes"]["custom"], span["attributes"]
        attempt = ended[custom["run_id"]]
        assert attempt.finished_at is not None
        assert datetime.fromisoformat(own["start_timestamp"]) == attempt.started_at
        assert datetime.fromisoformat(own["end_timestamp"]) == attempt.finished_at
        assert (
            custom["duration"] == round((attempt.finished_at - attempt.started_at) / timedelta(microseconds=1)) * 1000
        )
        told = {"job": attempt.job, "tenant": attempt.tenant, "attempt": str(attempt.attempt)}
        told |= {"logical_run_id": attempt.logical_run_id or "", "status": attempt.status.value}
        assert {name: custom[name] for name in told} == told
        assert custom.get("error", {}).get("message") == attempt.error


def test_ids_are_decimal_numbers_and_a_logical_run_is_one_trace(datadog: ApiClient) -> None:
    spans = all_pages(lambda cursor: search(datadog, cursor=cursor, query="@attempt:2 OR @attempt:3"))
    assert spans
    for span in spans:
        own = span["attributes"]
        assert 0 <= int(own["span_id"]) < 2**64
        assert own["parent_id"] == "0"
        first = search(datadog, query=f'@run_id:"{own["custom"]["logical_run_id"]}/1"')["data"]
        assert [item["attributes"]["trace_id"] for item in first] == [own["trace_id"]]


@pytest.mark.parametrize("limit", [1, 7, 1000])
def test_pages_of_any_size_give_the_same_spans(datadog: ApiClient, limit: int) -> None:
    until = START + timedelta(hours=2)
    whole = search(datadog, to=until)["data"]
    paged = all_pages(lambda cursor: search(datadog, limit=limit, cursor=cursor, to=until))
    assert [span["id"] for span in paged] == [span["id"] for span in whole]


def test_the_last_page_is_empty_and_has_no_meta(datadog: ApiClient) -> None:
    first = search(datadog, to=START + timedelta(minutes=30))
    last = search(datadog, to=START + timedelta(minutes=30), cursor=first["meta"]["page"]["after"])
    assert last == {"data": []}


@pytest.mark.parametrize(
    ("query", "tenants", "jobs"),
    [
        ("@tenant:tenant-03 service:export-ads", {"tenant-03"}, {"export_ads"}),
        ("(tenant:tenant-01 OR tenant:tenant-02) AND job:export_*", {"tenant-01", "tenant-02"}, set()),
        ("-@tenant:tenant-0* ", set(), set()),
        ('NOT resource_name:"export_ads" @status:timed_out', set(), set()),
    ],
)
def test_queries_select(datadog: ApiClient, query: str, tenants: set[str], jobs: set[str]) -> None:
    spans = all_pages(lambda cursor: search(datadog, cursor=cursor, query=query))
    found = {(span["attributes"]["custom"]["tenant"], span["attributes"]["custom"]["job"]) for span in spans}
    if query.startswith("-"):
        assert not spans
    if tenants:
        assert {tenant for tenant, _ in found} == tenants
    if jobs:
        assert {job for _, job in found} == jobs
    if query.startswith("NOT"):
        assert spans
        assert {span["attributes"]["custom"]["status"] for span in spans} == {"timed_out"}
        assert "export_ads" not in {job for _, job in found}


def test_what_the_vendor_refuses_is_refused(datadog: ApiClient) -> None:
    assert refused(lambda: search(datadog, cursor="bm9uc2Vuc2U=")).status == 400
    assert "invalid cursor" in str(refused(lambda: search(datadog, cursor="bm9uc2Vuc2U=")).body)
    swapped = refused(lambda: search(datadog, **{"from": END, "to": START}))
    assert swapped.status == 422
    assert "anterior" in str(swapped.body)
    assert refused(lambda: search(datadog, query="@http.status_code:[200 TO 299]")).status == 400


def test_a_cursor_of_another_search_is_refused(datadog: ApiClient) -> None:
    cursor = search(datadog, limit=5)["meta"]["page"]["after"]
    assert refused(lambda: search(datadog, cursor=cursor, query="service:export-ads")).status == 400


def test_changes_come_as_events(datadog: ApiClient, history: History) -> None:
    def ask(cursor: str | None) -> dict[str, Any]:
        events_api: Any = EventsApi
        api = events_api(datadog)
        answer: Any = api.search_events(body=body(limit=2, cursor=cursor, query="source:deploy"))
        assert type(answer).__name__ == "EventsListResponse"
        assert not answer._unparsed
        return dict(answer.to_dict())

    events = all_pages(ask)
    assert [event["id"] for event in events] == [change.change_id for change in history.changes]
    for event, change in zip(events, history.changes, strict=True):
        inner = event["attributes"]["attributes"]
        assert inner["title"] == change.title
        assert inner["timestamp"] == round(change.at.timestamp() * 1000)
        assert f"job:{change.job}" in event["attributes"]["tags"]


def timeseries(client: ApiClient, query: str, start: datetime, end: datetime, **more: Any) -> dict[str, Any]:
    metrics_api: Any = MetricsApi
    api = metrics_api(client)
    attributes = {
        "from": int(start.timestamp() * 1000),
        "to": int(end.timestamp() * 1000),
        "queries": [{"data_source": "metrics", "name": "a", "query": query}],
        "formulas": [{"formula": "a"}],
        **more,
    }
    answer = api.query_timeseries_data(body={"data": {"type": "timeseries_request", "attributes": attributes}})
    assert not answer._unparsed
    return dict(answer.to_dict()["data"]["attributes"])


@pytest.mark.parametrize("metric", ["memory_gib", "job.memory_gib"])
def test_metrics_come_as_columns_by_job_and_tenant(datadog: ApiClient, history: History, metric: str) -> None:
    end = START + timedelta(days=1)
    columns = timeseries(datadog, f"avg:{metric}{{*}} by {{job,tenant}}", START, end, interval=300_000)
    served = {
        (*(tag.partition(":")[2] for tag in series["group_tags"]), at): value
        for series, values in zip(columns["series"], columns["values"], strict=True)
        for at, value in zip(columns["times"], values, strict=True)
        if value is not None
    }
    recorded = {
        (p.job, p.tenant, round(p.at.timestamp() * 1000)): p.value
        for p in history.metrics
        if p.metric == "memory_gib" and p.at < end
    }
    assert served == recorded


def test_a_long_window_comes_back_coarser(datadog: ApiClient) -> None:
    query = "avg:cpu_percent{tenant:tenant-01,job:ingest_orders}"
    day = timeseries(datadog, query, START, START + timedelta(days=1))
    whole = timeseries(datadog, query, START, END)
    assert len(day["times"]) == 144
    assert {later - earlier for earlier, later in pairwise(whole["times"])} == {3_600_000}
    assert day["series"][0]["group_tags"] == []


def test_a_metric_query_that_cannot_be_read_is_a_400(datadog: ApiClient) -> None:
    assert refused(lambda: timeseries(datadog, "memory", START, END)).status == 400


def test_keys_are_checked(history: History) -> None:
    with serve_history(history, keys=("right", "app", "")) as running:
        for api_key, app_key, status in (("wrong", "app", 401), ("right", "wrong", 403)):
            with datadog_client(running.datadog_url, api_key, app_key) as client:
                assert refused(lambda client=client: search(client)).status == status
        with datadog_client(running.datadog_url, "right", "app") as client:
            assert search(client)["data"]


def test_every_answer_carries_the_rate_limit_and_beyond_it_is_a_bare_429(history: History) -> None:
    with serve_history(history, datadog_limit=(2, 3600)) as running, datadog_client(running.datadog_url) as client:
        headers = [_headers(running.datadog_url) for _ in range(2)]
        assert [head["x-ratelimit-remaining"] for head in headers] == ["1", "0"]
        assert {head["x-ratelimit-limit"] for head in headers} == {"2"}
        assert all(1 <= int(head["x-ratelimit-reset"]) <= 3601 for head in headers)
        error = refused(lambda: search(client))
        assert error.status == 429
        assert not error.body


def _headers(url: str) -> dict[str, str]:
    try:
        with urllib.request.urlopen(f"{url}/api/v1/validate", timeout=5) as reply:
            return {name.lower(): value for name, value in reply.headers.items()}
    except urllib.error.HTTPError as error:
        return {name.lower(): value for name, value in error.headers.items()}


def test_faults_are_played_in_order_and_then_it_works_again(standin: Standin, datadog: ApiClient) -> None:
    standin.faults.add(Fault("spans", status=500, after=1))
    standin.faults.add(Fault("spans", status=429, headers={"x-ratelimit-reset": "1"}))
    statuses = []
    for _ in range(4):
        try:
            search(datadog, limit=1)
            statuses.append(200)
        except ApiException as error:
            statuses.append(error.status)
    assert sorted(statuses) == [200, 200, 429, 500]
    assert statuses[-1] == 200
    assert standin.requests.count("spans") == 4


def test_a_cut_answer_is_cut(standin: Standin) -> None:
    standin.faults.add(Fault("spans", status=0))
    wrapped = {"data": {"type": "search_request", "attributes": body(limit=5)}}
    request = urllib.request.Request(
        f"{standin.datadog_url}/api/v2/spans/events/search",
        json.dumps(wrapped).encode(),
        {"DD-API-KEY": "k", "DD-APPLICATION-KEY": "a", "Content-Type": "application/json"},
    )
    with pytest.raises(Exception, match="IncompleteRead"), urllib.request.urlopen(request, timeout=5) as reply:
        reply.read()


@pytest.fixture
def moving(history: History) -> Iterator[tuple[Standin, list[datetime]]]:
    """A stand-in whose present can be set."""
    now = [START + timedelta(hours=3)]
    with serve_history(history, clock=lambda: now[0]) as running:
        yield running, now


def test_spans_appear_when_they_end(moving: tuple[Standin, list[datetime]], history: History) -> None:
    running, now = moving
    with datadog_client(running.datadog_url) as client:
        for _ in range(3):
            served = {s["attributes"]["custom"]["run_id"] for s in search(client, to=END)["data"]}
            ended = {a.run_id for a in history.attempts if a.finished_at and a.finished_at < now[0]}
            assert served == ended
            now[0] += timedelta(minutes=37)


def test_metrics_and_events_of_the_future_are_not_served(
    moving: tuple[Standin, list[datetime]], history: History
) -> None:
    running, now = moving
    now[0] += timedelta(days=2)
    with datadog_client(running.datadog_url) as client:
        columns = timeseries(client, "avg:memory_gib{*} by {job,tenant}", START, END)
        assert max(columns["times"]) < now[0].timestamp() * 1000
        events_api: Any = EventsApi
        api = events_api(client)
        served = {event["id"] for event in api.search_events(body=body(query="source:deploy")).to_dict()["data"]}
        assert served == {change.change_id for change in history.changes if change.at < now[0]}
        assert 0 < len(served) < len(history.changes)
