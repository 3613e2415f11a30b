"""The description is whole: every route, every status, types that resolve; and answers say no more than it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

from correlator.store.findings import finding_id
from tests.web import cast
from web.api.openapi import PREFIX, routes_of

ID = finding_id(cast.PREMIUM, cast.EXPORT)
ANSWERED = {
    "/findings": "/findings",
    "/findings?limit=1": "/findings",
    f"/findings/{ID}": "/findings/{finding_id}",
    f"/findings/{ID}/life": "/findings/{finding_id}/life",
    f"/findings/{ID}/versions": "/findings/{finding_id}/versions",
    f"/findings/{ID}/shares": "/findings/{finding_id}/shares",
    f"/findings/{ID}/ask": "/findings/{finding_id}/ask",
    f"/findings/{ID}/attachments": "/findings/{finding_id}/attachments",
    "/incidents": "/incidents",
    "/incidents/Q1EXPORT": "/incidents/{incident_id}",
    "/incidents/Q1EXPORT?lanes=all": "/incidents/{incident_id}",
    "/jobs": "/jobs",
    "/job?job=export_ads&tenant=tenant-07": "/job",
    "/job?job=ingest_events&tenant=tenant-07": "/job",
    "/job?job=export_ads&tenant=tenant-07&as_of=2026-03-15T04:00:00Z": "/job",
    "/attempts?job=export_ads&tenant=tenant-07": "/attempts",
    "/edges": "/edges",
    "/edges/debts": "/edges/debts",
    "/check?job=export_ads": "/check",
    "/check?run_id=nothing&run_id=resolve_identity": "/check",
    "/asks": "/asks",
    "/overview": "/overview",
    f"/findings/{ID}/packet": "/findings/{finding_id}/packet",
    f"/findings/{ID}/trail": "/findings/{finding_id}/trail",
    f"/findings/{ID}/versions/changes": "/findings/{finding_id}/versions/changes",
    "/incidents?state=open": "/incidents",
    "/incidents/Q1EXPORT?clock=known&at=2026-03-15T05:00:00Z": "/incidents/{incident_id}",
    "/names": "/names",
    "/replays": "/replays",
    "/calibration": "/calibration",
    "/tokens": "/tokens",
    "/rules": "/rules",
    "/rules/upstream-timeout-under-memory-pressure": "/rules/{rule_id}",
    "/reports": "/reports",
    "/reports?by=job&measure=minutes&from=2026-01&to=2026-03": "/reports",
    "/reports/questions": "/reports/questions",
    "/actions": "/actions",
    "/handover": "/handover",
    "/handovers": "/handovers",
    "/messages": "/messages",
    f"/findings/{ID}/customers": "/findings/{finding_id}/customers",
    "/sources/datadog/set-aside": "/sources/{name}/set-aside",
    "/settings": "/settings",
    "/audit": "/audit",
    "/sources": "/sources",
}
"""Questions, and under which address they are described."""


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    answer = client.get("/api/v1/openapi.json")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.get_json()
    return told


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_every_route_is_described(client: FlaskClient, document: dict[str, Any]) -> None:
    described = {(path, method.upper()) for path, method, _ in operations(document)}
    assert document["openapi"].startswith("3.1")
    routes = list(routes_of(client.application))
    assert len(routes) == len(described) > 15
    assert all(path.startswith(PREFIX) for path, _ in described)


def test_a_route_that_nobody_describes_is_an_error(client: FlaskClient) -> None:
    client.application.add_url_rule(f"{PREFIX}/secret", "secret", lambda: "")
    assert client.get(f"{PREFIX}/openapi.json").status_code == 500


def test_every_operation_says_what_it_is_and_what_can_go_wrong(document: dict[str, Any]) -> None:
    tags = {tag["name"] for tag in document["tags"]}
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))
    for path, method, operation in operations(document):
        assert operation["summary"].endswith("."), path
        assert set(operation["tags"]) <= tags, path
        assert {"421", "422", "500", "503"} <= operation["responses"].keys(), path
        assert ("404" in operation["responses"]) or "{" not in path, path
        assert ("304" in operation["responses"]) == (method == "get"), path
        for parameter in operation["parameters"]:
            assert {"type", "enum", "$ref"} & parameter["schema"].keys(), (path, parameter)


def test_everything_that_is_referred_to_is_there(document: dict[str, Any]) -> None:
    components = document["components"]["schemas"]
    found = {reference.rsplit("/", 1)[1] for reference in references(document)}
    assert found <= components.keys()
    for schema in components.values():
        Draft202012Validator.check_schema(schema)


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from ([value["$ref"]] if isinstance(value.get("$ref"), str) else [])
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


@pytest.mark.parametrize("asked", ANSWERED)
def test_an_answer_holds_what_is_described_and_nothing_else(
    client: FlaskClient, document: dict[str, Any], asked: str
) -> None:
    answer = client.get(f"{PREFIX}{asked}")
    described = document["paths"][f"{PREFIX}{ANSWERED[asked]}"]["get"]["responses"]["200"]
    schema = described["content"]["application/json"]["schema"]
    whole = {**schema, "components": closed(document["components"])}
    assert [error.message[:300] for error in Draft202012Validator(whole).iter_errors(answer.get_json())] == []


def closed(value: Any) -> Any:
    """The schemas with objects that take no members beyond those that are named."""
    if isinstance(value, list):
        return [closed(item) for item in value]
    if not isinstance(value, dict):
        return value
    inner = {key: closed(item) for key, item in value.items()}
    named = inner.get("type") == "object" and "properties" in inner
    return {"additionalProperties": False, **inner} if named else inner


def test_examples_of_bodies_fit(document: dict[str, Any]) -> None:
    bodies = [operation["requestBody"] for _, _, operation in operations(document) if "requestBody" in operation]
    assert bodies
    for body in bodies:
        content = body["content"]["application/json"]
        whole = {**content["schema"], "components": document["components"]}
        Draft202012Validator(whole).validate(content["example"])


def test_links_lead_to_what_is_there(document: dict[str, Any]) -> None:
    """Each fills every place in the address of a route that there is, with members that the answer has."""
    paths = {operation["operationId"]: path for path, _, operation in operations(document)}
    links = [
        (answer, link)
        for _, _, operation in operations(document)
        for answer in operation["responses"].values()
        for link in answer.get("links", {}).values()
    ]
    assert len(links) > 20
    for answer, link in links:
        named = re.findall(r"\{(\w+)\}", paths[link["operationId"]])
        assert set(named) == set(link["parameters"]) - {"If-Match"}, link
        schema = answer["content"]["application/json"]["schema"]
        for told in (*link["parameters"].values(), *link.get("requestBody", {}).values()):
            kept = told.startswith("$request.path.") or told == "$response.header.ETag"
            assert kept or member(document, schema, told.partition("#/")[2]), (link, told)


def member(document: dict[str, Any], schema: dict[str, Any], pointer: str) -> bool:
    """Whether an answer of this kind has what the pointer names."""
    if "$ref" in schema:
        return member(document, document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], pointer)
    if not pointer:
        return True
    name, _, rest = pointer.partition("/")
    inner = schema.get("items") if name == "0" else schema.get("properties", {}).get(name)
    return inner is not None and member(document, inner, rest)
