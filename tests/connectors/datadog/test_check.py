"""What the check says of Datadog's keys, and that it asks for next to nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytest_httpserver import HTTPServer

from connectors.datadog.check import check
from connectors.payloads import dig
from connectors.registry import check_kind
from correlator.ports import Found, Probe
from correlator.settings import load_settings
from tests.connectors.scripted import Script, Slept, failure

FORBIDDEN = failure(403, {"errors": ["Forbidden: the key lacks a scope"]})
ALL = {
    "CORRELATOR_DATADOG_DEPLOYMENTS": "true",
    "CORRELATOR_DATADOG_CATALOG": "true",
    "CORRELATOR_DATADOG_METRICS": "job.memory_gib",
    "CORRELATOR_DATADOG_RUNS": "spans,logs",
}


def probes(script: Script, **environment: str) -> dict[str, Probe]:
    keys = {"DD_API_KEY": "test-api-key", "DD_APP_KEY": "test-app-key", "CORRELATOR_DATADOG_HOST": script.url}
    settings = load_settings(environment=keys | environment)
    return {probe.name: probe for probe in check(settings, Slept().patience(attempts=1))}


def refusing(*parts: str) -> Callable[[Any], Any]:
    """A server that forbids the paths with these parts and finds one item otherwise."""
    return lambda asked: FORBIDDEN if any(part in asked[1] for part in parts) else {"data": [{"id": "1"}]}


def test_each_operation_is_asked_for_once_and_for_one_item(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [refusing()])
    found = probes(script, **ALL)
    assert len(script.asked) == len(found) == 7
    assert [probe for probe in found.values() if probe.found is not Found.OK] == []
    assert [_limit(query, body) for _, path, query, body in script.asked if "/timeseries" not in path] == [1] * 6


def _limit(query: dict[str, Any], body: Any) -> int:
    """How many items a request wants at most."""
    places = ("data.attributes.page.limit", "page.limit", "data.attributes.limit")
    found = [query.get("page[limit]"), query.get("page[size]"), *(dig(body, place) for place in places)]
    return int(next(one for one in found if one is not None))


def test_a_missing_scope_is_named_with_what_it_costs(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [refusing("/logs/", "/dora/")])
    found = probes(script, **ALL)
    missing = {name: (probe.permission, probe.needed) for name, probe in found.items() if probe.found is Found.MISSING}
    assert missing == {"logs search": ("logs_read_data", True), "deployments": ("dora_metrics_read", False)}
    assert found["logs search"].without == "no job runs by the mapping `logs`"
    assert found["logs search"].fails
    assert not found["deployments"].fails


def test_a_query_that_finds_nothing_is_told(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [{"data": []}])
    said = probes(script, CORRELATOR_DATADOG_QUERY="service:etl")["spans search"].said
    assert said == "allowed, but the query of `spans` (service:etl) finds nothing in the last day"


def test_what_does_not_answer_is_unknown(httpserver: HTTPServer) -> None:
    found = probes(Script(httpserver, [failure(503, "")]))
    assert {probe.found for probe in found.values()} == {Found.UNKNOWN}


def test_without_a_key_the_settings_are_what_is_missing() -> None:
    (found,) = check_kind("datadog", load_settings(environment={"DD_API_KEY": "test-api-key"}))
    assert (found.name, found.found, found.said) == ("settings", Found.MISSING, "DD_APP_KEY is not set")
