"""The API's own description, as OpenAPI 3.1: made of the routes, and of the types their answers are made from.

Source: https://spec.openapis.org/oas/v3.1.0
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any, Final

import msgspec
from flask import Flask, current_app, request
from werkzeug.routing import Rule

from correlator import __version__
from web.access.cookies import SESSION, cookie_name
from web.access.gate import OWN_PROOF
from web.access.limiting import COSTLY
from web.access.methods import by_oidc, by_proxy, by_token
from web.access.requirements import requirement_of
from web.api.kinds import Nothing
from web.api.models import DOCUMENTS
from web.api.problems import ALWAYS, GUARDED, WHEN, WITH_BODY, WRITING, Failure
from web.api.routes import OPERATIONS, Link, Operation, get, pages
from web.app_state import whole_context

Json = dict[str, Any]
PREFIX: Final = "/api/v1"
_REFERENCE: Final = "#/components/schemas/{name}"
_PLACE: Final = re.compile(r"<(?:\w+:)?(\w+)>")
PLACES: Final = {
    "finding_id": ("the id of a finding", "F-ABCDEFGHIJ"),
    "incident_id": ("the id of an incident, as its source has it", "Q1EXPORT"),
    "version": ("the version of a bundle", "0123456789abcdef"),
    "handover_id": ("the number of a handover", "1"),
    "began_at": ("when a shared outage began, as the overview has it", "2026-03-15T04:00:00Z"),
    "rule_id": ("the id of a rule", "upstream-timeout-under-memory-pressure"),
    "action_id": ("the id of an action", "A-ABCDEFGHIJ"),
    "name": ("the name of a source", "datadog"),
    "share_id": ("the id of a link to a finding", "abcdefghijklmnop"),
    "message_id": ("the number of a message to a customer", "1"),
    "question_id": ("the id of a kept question", "0123456789ab"),
    "replay_id": ("the number of a replay of the rules", "1"),
    "token_id": ("the id of a token, which is no secret", "0123456789"),
}
"""What stands in addresses: what it is, and an example."""
_TAGS_FOR: Final = {"GET": "send it back as `If-None-Match`", "PUT": "send it as `If-Match` with the next change"}
TAGS: Final = {
    "overview": "What matters now.",
    "findings": "What is said about jobs, and what becomes of it.",
    "bundles": "Evidence as a file that can be verified offline.",
    "incidents": "Incidents, and what explains them.",
    "jobs": "Jobs, their attempts, and which reads from which.",
    "check": "The verdict for what somebody asks about.",
    "asks": "What was asked of which team.",
    "handovers": "What one on call leaves to the next.",
    "messages": "Messages to customers: drafted, approved by a second person, marked sent.",
    "rules": "What people know, what it would have said, and how sure is sure.",
    "actions": "What rules may do about known errors.",
    "reports": "What failures cost, month by month; questions that people keep.",
    "sources": "Where the facts come from, and how fresh they are.",
    "lineage": "OpenLineage events, from what sends them.",
    "administration": "For admins: settings in effect, who did what, API tokens.",
    "description": "This description.",
}


@get("/openapi.json", tag="description", answer=dict[str, Any])
def openapi() -> Json:
    """This description: OpenAPI 3.1."""
    return document_of(current_app) | {"servers": [{"url": request.script_root or "/"}]}


def document_of(app: Flask) -> Json:
    """The document of every route of this app under the prefix. Raises LookupError for one nobody has described."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Incident correlator",
            "version": __version__,
            "summary": "Whether retried job failures are systemic, and the evidence.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": words} for name, words in TAGS.items()],
        "paths": _paths(app),
        "components": {"schemas": _schemas()[1], "securitySchemes": _schemes()},
        **({"security": [{name: []} for name in _schemes()]} if _schemes() else {}),
    }


def _schemes() -> Json:
    """The ways in that are open here, any of which will do. While none is configured, whoever reaches it may ask."""
    settings = whole_context().settings
    token = {"type": "http", "scheme": "bearer", "description": "a token made by `correlator tokens`"}
    cookie = cookie_name(settings, SESSION)
    session = {"type": "apiKey", "in": "cookie", "name": cookie, "description": "the session of who is logged in"}
    header = settings["access.proxy_header"]
    proxy = {"type": "apiKey", "in": "header", "name": header, "description": "what a trusted proxy says"}
    ways = (("token", by_token, token), ("session", by_oidc, session), ("proxy", by_proxy, proxy))
    return {name: scheme for name, is_open, scheme in ways if is_open(settings)}


def routes_of(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Every route under the prefix with its method, by address."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if rule.rule.startswith(PREFIX):
            yield from ((rule, method) for method in sorted((rule.methods or set()) & {"GET", "POST", "PUT", "DELETE"}))


def _paths(app: Flask) -> Json:
    paths: Json = {}
    for rule, method in routes_of(app):
        operation = OPERATIONS.get(rule.endpoint)
        if operation is None:
            raise LookupError(f"{method} {rule.rule} is not described")
        paths.setdefault(_PLACE.sub(r"{\1}", rule.rule), {})[method.lower()] = _operation(rule, method, operation)
    return paths


def _operation(rule: Rule, method: str, operation: Operation) -> Json:
    summary, _, rest = operation.summary.partition("\n\n")
    described: Json = {
        "operationId": rule.endpoint.replace(".", "_"),
        "tags": [operation.tag],
        "summary": " ".join(summary.split()),
        "parameters": [*_in_path(rule), *_in_query(operation), *_in_head(operation)],
        "responses": dict(_responses(method, operation, (429,) if rule.endpoint in COSTLY else ())),
    }
    described["description"] = " ".join(f"{rest} {_door(rule, method)}".split())
    if operation.body is not None:
        content = {"schema": _schema(operation.body), "example": operation.example}
        described["requestBody"] = {"required": True, "content": {"application/json": content}}
    return described


def _door(rule: Rule, method: str) -> str:
    """Who may ask, in words."""
    if rule.endpoint in OWN_PROOF:
        return "Takes a proof of its own: the token of lineage clients."
    requirement = requirement_of(current_app.view_functions[rule.endpoint], writes=method != "GET")
    return f"Takes the role {requirement.role.word}{', and sight of all tenants' if requirement.whole else ''}."


def _in_path(rule: Rule) -> Iterator[Json]:
    for name in _PLACE.findall(rule.rule):
        words, example = PLACES[name]
        text = {"type": "string", "minLength": 1}
        yield {"name": name, "in": "path", "required": True, "description": words, "schema": text, "example": example}


def _in_query(operation: Operation) -> Iterator[Json]:
    """The members of the type that is asked for, each a parameter."""
    if operation.asked is Nothing:
        return
    schema = _schemas()[1][operation.asked.__name__]
    for name, member in schema["properties"].items():
        plain = _without_null(member)
        parameter = {"name": name, "in": "query", "required": name in schema["required"], "schema": plain}
        if words := plain.pop("description", None):
            parameter["description"] = words
        yield parameter


def _in_head(operation: Operation) -> Iterator[Json]:
    if operation.guarded:
        words = "the `ETag` of what was looked at: where something else stands by now, nothing is done (412)"
        yield {
            "name": "If-Match",
            "in": "header",
            "required": False,
            "description": words,
            "schema": {"type": "string"},
        }


def _without_null(member: Mapping[str, Any]) -> Json:
    """The schema of a parameter that may be left out: an address has no null."""
    plain = {key: value for key, value in member.items() if key not in ("anyOf", "default") or value is not None}
    for choice in plain.pop("anyOf", ()):
        plain |= {} if choice == {"type": "null"} else choice
    return plain


def _responses(method: str, operation: Operation, costly: tuple[int, ...]) -> Iterator[tuple[str, Json]]:
    if operation.media == "application/json":
        content: Json = {operation.media: {"schema": _schema(operation.answer)}}
    else:
        content = {operation.media: {"schema": {"type": "string", "format": "binary"}}}
    headers = {"ETag": _header(_TAGS_FOR[method])} if method in _TAGS_FOR else {}
    answered = {"description": HTTPStatus(operation.status).phrase, "headers": headers, "content": content}
    yield str(operation.status), answered | _links(operation.links)
    if method == "GET":
        yield "304", {"description": "Nothing has changed since the `ETag` that was sent as `If-None-Match`."}
    for status in sorted({*operation.errors, *ALWAYS, *_of_method(method, operation), *costly}):
        yield str(status), _problem(status)


def _links(links: Iterable[Link]) -> Json:
    """Where the answer leads: which of its members are the parameters of which other route."""
    found = {}
    for link in links:
        given = {name: _expression(place) for name, place in link.given.items()}
        body = {"requestBody": {name: _expression(place) for name, place in link.body.items()}} if link.body else {}
        found[link.to] = {"operationId": f"{pages.name}_{link.to}", "parameters": given, **body}
    return {"links": found} if found else {}


def _expression(place: str) -> str:
    """https://spec.openapis.org/oas/v3.1.0#runtime-expressions"""
    if place.startswith("path."):
        return f"$request.{place}"
    return f"$response.{place}" if place.startswith("header.") else f"$response.body#/{place}"


def _of_method(method: str, operation: Operation) -> tuple[int, ...]:
    if method == "GET":
        return ()
    guarded = GUARDED if operation.guarded else ()
    return WRITING + guarded + (WITH_BODY if operation.body is not None else ())


def _problem(status: int) -> Json:
    schema = {"$ref": _REFERENCE.format(name=Failure.__name__)}
    return {"description": WHEN[status], "content": {"application/json": {"schema": schema}}}


def _header(words: str) -> Json:
    return {"description": words, "schema": {"type": "string"}}


def _schema(kind: Any) -> Json:
    return _schemas()[0][_name(kind)]


@cache
def _schemas() -> tuple[dict[str, Json], dict[str, Json]]:
    """The schema of each type that a route takes or gives, and the components they refer to."""
    kinds = [Failure, *DOCUMENTS]
    for operation in OPERATIONS.values():
        kinds += [kind for kind in (operation.asked, operation.body, operation.answer) if kind is not None]
    unique = list({_name(kind): kind for kind in kinds}.values())
    found, components = msgspec.json.schema_components(unique, ref_template=_REFERENCE)
    return {_name(kind): schema for kind, schema in zip(unique, found, strict=True)}, components


def _name(kind: Any) -> str:
    return str(kind)
