"""What no client in its right mind sends: always the one shape, never a 500."""

from __future__ import annotations

import base64
import json

import pytest
from flask.testing import FlaskClient

from correlator.store.findings import finding_id
from tests.web import cast
from web.api.cursors import _question

ID = finding_id(cast.PREMIUM, cast.EXPORT)
LIFE = f"/api/v1/findings/{ID}/life"
STEP = {"step": "confirm", "actor": "on-call", "reason": "seen"}
ADDRESSES = (
    "/api/v1/findings/%00",
    "/api/v1/findings?tenant=%00",
    "/api/v1/findings?%00=x",
    "/api/v1/findings?limit=9223372036854775808",
    "/api/v1/findings?limit=-1",
    "/api/v1/findings?limit=1e3",
    "/api/v1/findings?limit=null",
    "/api/v1/findings?limit=%D9%A5",
    "/api/v1/findings?limit=1&limit=2",
    f"/api/v1/findings?after={'A' * 20_000}",
    "/api/v1/findings?after=%00",
    "/api/v1/findings?after=bnVsbA",
    "/api/v1/findings?after=W10",
    "/api/v1/findings?after=e30",
    "/api/v1/attempts?job=x&from=2026-03-15",
    "/api/v1/attempts?job=x&from=2026-03-15T04:00:00",
    "/api/v1/attempts?job=x&from=9999999999",
    "/api/v1/attempts",
    "/api/v1/attempts?job=",
    "/api/v1/incidents?tenant=tenant-07",
    "/api/v1/incidents/Q1EXPORT?from=0001-01-01T00:00:00Z&to=0001-01-01T00:00:01Z",
    "/api/v1/incidents/Q1EXPORT?from=9999-12-31T23:59:59Z&to=9999-12-31T23:59:59Z",
    "/api/v1/jobs?sort=wishes",
    "/api/v1/check?run_id=%00",
    "/check?q=%00",
    "/jobs?tenant=%00",
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_that_asks_for_the_impossible_is_refused(client: FlaskClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 422
    if address.startswith("/api"):
        assert answer.get_json()["error"].keys() == {"status", "code", "message", "hint"}


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/api/v1/findings/%ED%A0%80", 404),
        ("/api/v1/findings/%FF%FE", 404),
        ("/api/v1/findings/..%2F..%2Fetc", 404),
        ("/api/v1/incidents/%FF", 404),
        ("/api/v1/findings?tenant=%FF", 200),
        ("/api/v1/findings?tenant=%ED%A0%80", 200),
        ("/api/v1/attempts?job=x&from=0001-01-01T00:00:00%2B14:00&to=9999-12-31T23:59:59-14:00", 200),
        (f"/api/v1/check?job={'x' * 1000}", 200),
    ],
)
def test_bytes_that_are_no_text_name_nothing(client: FlaskClient, address: str, status: int) -> None:
    assert client.get(address).status_code == status


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"\xff", 422),
        (b'{"step": "confirm", "actor": "a", "reason": "\\ud800"}', 422),
        (b'{"step": "confirm", "actor": "a\\u0000", "reason": "b"}', 422),
        (b'{"step": "confirm", "actor": "a", "reason": "\\u0000"}', 422),
        (b'{"step": "confirm", "actor": "a", "reason": " \\n"}', 422),
        (b'{"step": "confirm", "actor": "a", "reason": "b", "seen": 1e400}', 422),
        (b'{"step": "confirm", "actor": "a", "reason": "b", "seen": 99999999999999999999}', 422),
        (b'{"step": "claim-fix", "actor": "a", "reason": "b", "since": "0001-01-01T00:00:00Z"}', 422),
        (b"[" * 50_000, 422),
        (b'"' + b"x" * 70_000 + b'"', 413),
    ],
)
def test_a_body_that_is_none_is_refused(client: FlaskClient, body: bytes, status: int) -> None:
    answer = client.post(LIFE, data=body, content_type="application/json")
    assert answer.status_code == status
    assert answer.get_json()["error"]["status"] == status


def test_a_misspelt_field_is_named(client: FlaskClient) -> None:
    answer = client.post(LIFE, data=json.dumps(STEP | {"raeson": "x"}), content_type="application/json")
    assert answer.status_code == 422
    assert "raeson" in answer.get_json()["error"]["message"]


@pytest.mark.parametrize("key", [(2**63, "x"), (-(2**63) - 1, "x"), (1, "x\0")])
def test_a_cursor_somebody_made_of_what_no_database_takes_is_none(client: FlaskClient, key: tuple[int, str]) -> None:
    with client.application.test_request_context("/api/v1/actions"):
        cursor = base64.urlsafe_b64encode(json.dumps([_question(), *key], separators=(",", ":")).encode())
    answer = client.get("/api/v1/actions", query_string={"after": cursor.rstrip(b"=").decode()})
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (422, "unprocessable")
