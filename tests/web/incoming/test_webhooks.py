"""The receiver of webhooks: only what is signed, once, soon, and never more than it should take."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from correlator.settings import Settings, load_settings
from correlator.store.database import checkpoint, open_store, writing
from correlator.store.webhooks import awaited_incidents, take_wakes
from tests.stored import list_webhooks
from web.app import create_app
from web.incoming.signed import is_signed, signature
from web.incoming.webhooks import LARGEST_BYTES

OLD, NEW = "the-old-secret", "the-new-secret"
PATH = "/webhooks/pagerduty"


def settings_with(folder: Path, **environment: str) -> Settings:
    values = {"CORRELATOR_DATABASE_URL": f"sqlite:///{folder / 'store.db'}", "CORRELATOR_PAGERDUTY_ENABLED": "true"}
    return load_settings(None, values | environment)


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with its tables and nothing in it, to be copied."""
    file = tmp_path_factory.mktemp("empty") / "store.db"
    store = open_store(f"sqlite:///{file}")
    checkpoint(store)
    store.dispose()
    return file


@pytest.fixture(autouse=True)
def store_file(empty_store: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(empty_store, tmp_path / "store.db"))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    yield store
    store.dispose()


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[FlaskClient]:
    app = create_app(settings_with(tmp_path, PAGERDUTY_WEBHOOK_SECRET=f"{OLD} {NEW}"))
    yield app.test_client()
    app.extensions["correlator"].engine.dispose()


def event(key: str = "01EVENT", **changes: Any) -> dict[str, Any]:
    """As PagerDuty sends it; an incident is called by `number` and `assignees` here."""
    data = {"id": "PINC001", "type": "incident", "number": 7, "status": "triggered", "assignees": [], "title": "Late"}
    told = {"id": key, "event_type": "incident.triggered", "resource_type": "incident", "data": data, "agent": None}
    return told | {"occurred_at": datetime.now(UTC).isoformat().replace("+00:00", "Z")} | changes


def body_of(told: Any) -> bytes:
    return json.dumps({"event": told}).encode()


def post(receiver: FlaskClient, body: bytes, *, header: str | None = None, delivery: str = "D1") -> TestResponse:
    headers = {"X-PagerDuty-Signature": signature(body, NEW) if header is None else header, "X-Webhook-Id": delivery}
    return receiver.post(PATH, data=body, headers=headers, content_type="application/json")


def test_an_event_is_stored_and_wakes_a_pull(receiver: FlaskClient, engine: Engine) -> None:
    answer = post(receiver, body_of(event()))
    assert (answer.status_code, answer.json) == (202, {"status": "accepted"})
    (stored,) = list_webhooks(engine, "pagerduty")
    assert (stored.event_id, stored.delivery_id, stored.event_type) == ("01EVENT", "D1", "incident.triggered")
    assert json.loads(stored.body)["event"]["data"]["number"] == 7
    assert awaited_incidents(engine, "pagerduty").incidents == ("PINC001",)
    assert take_wakes(engine) == ["pagerduty"]
    assert take_wakes(engine) == []


def test_an_event_comes_again_and_counts_once(receiver: FlaskClient, engine: Engine) -> None:
    body = body_of(event())
    post(receiver, body)
    take_wakes(engine)
    same_delivery = post(receiver, body_of(event("01OTHER")), delivery="D1")
    same_event = post(receiver, body, delivery="D2")
    assert [one.json for one in (same_delivery, same_event)] == [{"status": "known"}] * 2
    assert [one.status_code for one in (same_delivery, same_event)] == [202, 202]
    assert (len(list_webhooks(engine)), take_wakes(engine)) == (1, [])


def test_one_of_several_signatures_is_enough_and_any_configured_secret_counts(receiver: FlaskClient) -> None:
    body = body_of(event())
    for number, secret in enumerate((OLD, NEW)):
        header = f"{signature(body, 'somebody elses')}, {signature(body, secret)}"
        assert post(receiver, body, header=header, delivery=f"D{number}").status_code == 202


@pytest.mark.parametrize(
    "header",
    ["", "v1=", "v1=00", "v0=", "é", signature(b"something else", NEW), signature(body_of({}), "wrong"), "," * 9000],
)
def test_what_is_not_signed_by_a_secret_of_ours_is_refused(receiver: FlaskClient, engine: Engine, header: str) -> None:
    answer = post(receiver, body_of(event()), header=header)
    assert answer.status_code == 401
    assert answer.json is not None
    assert answer.json["error"]["code"] == "not_signed"
    assert (list_webhooks(engine), take_wakes(engine)) == ([], [])


def test_the_signature_is_of_the_bytes_and_not_of_what_they_mean(receiver: FlaskClient) -> None:
    told = event()
    body, spaced = body_of(told), json.dumps({"event": told}, indent=1).encode()
    assert post(receiver, spaced, header=signature(body, NEW)).status_code == 401
    assert post(receiver, spaced).status_code == 202


@pytest.mark.parametrize("shift", [timedelta(hours=-2), timedelta(hours=2)])
def test_what_is_outside_the_window_is_left_to_the_next_pull(
    receiver: FlaskClient, engine: Engine, shift: timedelta
) -> None:
    """No 4xx: three in a row would disable the subscription, and PagerDuty sends late what it could not send."""
    answer = post(receiver, body_of(event(occurred_at=(datetime.now(UTC) + shift).isoformat())))
    assert (answer.status_code, answer.json) == (202, {"status": "too_old"})
    assert (list_webhooks(engine), take_wakes(engine)) == ([], [])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"\xff",
        b"[" * 100_000,
        b'{"event": null}',
        body_of({}),
        body_of(event(id=None)),
        body_of(event(id="x" * 999)),
        body_of(event(id="nul\x00")),
        body_of(event(event_type="\ud800")),
        body_of(event(occurred_at="yesterday")),
        body_of(event(occurred_at="2026-03-01T00:00:00")),
        body_of(event(data=[1])),
    ],
)
def test_what_is_signed_and_no_event_is_refused_in_words(receiver: FlaskClient, body: bytes) -> None:
    answer = post(receiver, body)
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["error"]["code"] == "no_event"


def test_a_body_that_is_too_large_is_not_read(receiver: FlaskClient) -> None:
    assert post(receiver, b" " * (LARGEST_BYTES + 1)).status_code == 413


@pytest.mark.parametrize(
    ("data", "incident"),
    [
        ({"type": "incident_note", "content": "Hm", "incident": {"id": "PINC002"}}, "PINC002"),
        ({"type": "incident_role_assignment", "incident_role_assignments": [{"incident": {"id": "PINC3"}}]}, "PINC3"),
        ({"type": "service", "id": "PSVC1"}, ""),
        ({"type": "incident", "id": "../users?x="}, ""),
        (None, ""),
    ],
)
def test_the_incident_is_found_where_the_kind_of_event_has_it(
    receiver: FlaskClient, engine: Engine, data: Any, incident: str
) -> None:
    assert post(receiver, body_of(event(data=data))).status_code == 202
    assert [one.incident_id for one in list_webhooks(engine)] == [incident]
    assert take_wakes(engine) == (["pagerduty"] if incident else [])


def test_our_own_note_coming_back_wakes_nobody(receiver: FlaskClient, engine: Engine) -> None:
    note = {"type": "incident_note", "content": "Systemic\n[incident-correlator F-X]", "incident": {"id": "PINC001"}}
    assert post(receiver, body_of(event(event_type="incident.annotated", data=note))).status_code == 202
    assert take_wakes(engine) == []


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"PAGERDUTY_WEBHOOK_SECRET": "  "},
        {"PAGERDUTY_WEBHOOK_SECRET": NEW, "CORRELATOR_PAGERDUTY_ENABLED": "false"},
    ],
)
def test_without_a_secret_there_is_no_receiver(
    tmp_path: Path, environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    app = create_app(settings_with(tmp_path, **environment))
    body = body_of(event())
    answer = app.test_client().post(PATH, data=body, headers={"X-PagerDuty-Signature": signature(body, "")})
    app.extensions["correlator"].engine.dispose()
    assert answer.status_code == 404
    assert answer.json is not None
    assert "PAGERDUTY_WEBHOOK_SECRET" in answer.json["error"]["hint"]
    said = capsys.readouterr()
    assert "webhooks are off" in said.out + said.err


def test_a_secret_file_that_cannot_be_read_makes_pagerduty_send_again(tmp_path: Path) -> None:
    app = create_app(settings_with(tmp_path, PAGERDUTY_WEBHOOK_SECRET_FILE=str(tmp_path / "none")))
    answer = app.test_client().post(PATH, data=b"{}")
    app.extensions["correlator"].engine.dispose()
    assert answer.status_code == 503


def test_a_busy_store_is_not_waited_for_beyond_the_five_seconds(receiver: FlaskClient, engine: Engine) -> None:
    """Somebody writes for long: the answer comes in time and makes PagerDuty send the event again."""
    with writing(engine):
        began = time.monotonic()
        answer = post(receiver, body_of(event()))
        assert time.monotonic() - began < 4.5
    assert answer.status_code == 503
    assert post(receiver, body_of(event())).status_code == 202


def test_the_name_of_the_pages_to_the_outside_is_answered_and_no_other(tmp_path: Path) -> None:
    settings = settings_with(
        tmp_path, PAGERDUTY_WEBHOOK_SECRET=NEW, CORRELATOR_WEB_BASE_URL="https://correlator.example.com"
    )
    app, body = create_app(settings), body_of(event())
    headers = {"X-PagerDuty-Signature": signature(body, NEW)}
    for host, status in (("correlator.example.com", 202), ("another.example.com", 421)):
        assert app.test_client().post(PATH, data=body, headers=headers | {"Host": host}).status_code == status
    app.extensions["correlator"].engine.dispose()


def test_neither_secret_nor_signature_nor_body_stands_in_the_log(
    receiver: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    body = body_of(event(data={"type": "incident", "id": "PINC001", "title": "a title nobody should log"}))
    for header in (None, signature(body, "wrong"), ""):
        post(receiver, body, header=header)
    post(receiver, b"{}")
    said = capsys.readouterr()
    text = said.out + said.err
    assert "webhook refused" in text
    for word in (OLD, NEW, signature(body, NEW), signature(body, "wrong"), "a title nobody should log"):
        assert word not in text


def test_what_became_of_webhooks_is_counted(receiver: FlaskClient) -> None:
    post(receiver, body_of(event()))
    for _ in range(2):
        post(receiver, body_of(event()))
    post(receiver, body_of(event()), header="")
    text = receiver.get("/metrics").text
    assert 'correlator_webhooks_total{source="pagerduty",state="accepted"} 1.0' in text
    assert 'correlator_webhooks_total{source="pagerduty",state="known"} 2.0' in text
    assert 'correlator_web_requests_total{endpoint="webhooks.pagerduty",status="401"} 1.0' in text


def test_only_posts_are_taken(receiver: FlaskClient) -> None:
    assert receiver.get(PATH).status_code == 405


@given(st.binary(max_size=200), st.text(max_size=60), st.lists(st.text(min_size=1, max_size=20), max_size=3))
def test_nothing_but_a_right_signature_is_one(body: bytes, header: str, secrets: list[str]) -> None:
    assert is_signed(body, header, secrets) is any(
        part.strip() == signature(body, secret) for part in header.split(",") for secret in secrets
    )
    for secret in secrets:
        assert is_signed(body, f"v1=00, {signature(body, secret)}", secrets)
