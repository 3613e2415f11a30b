"""The life of a finding on its page and in the API: forms without scripts, refusals, requests of other sites."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from correlator.store.findings import finding_id
from tests.web.cast import EXPORT, HOSTILE, PREMIUM
from tests.web.factory import settings_for
from web.app import create_app

FINDING = finding_id(PREMIUM, EXPORT)
TRANSIENT = finding_id("tenant-02", "export_email")
PAGE = f"/findings/{FINDING}"
API = f"/api/v1{PAGE}/life"


@pytest.fixture
def own(full_folder: Path, tmp_path: Path) -> Iterator[FlaskClient]:
    """A copy of the cast's store, to be written to."""
    shutil.copy(full_folder / "store.db", tmp_path / "store.db")
    app = create_app(settings_for(tmp_path))
    yield app.test_client()
    app.extensions["correlator"].engine.dispose()


def send(client: FlaskClient, step: str, **fields: str) -> TestResponse:
    given = {"step": step, "actor": "on-call", "reason": "for a reason"} | fields
    return client.post(f"{PAGE}/life", data=given, headers={"Sec-Fetch-Site": "same-origin"})


def state(client: FlaskClient) -> str:
    document = client.get(API).get_json()
    return str(document["state"])


def test_the_page_offers_what_can_follow(own: FlaskClient) -> None:
    text = own.get(PAGE).text
    assert 'class="state suspect"' in text
    assert re.findall(r'name="step" value="([\w-]+)"', text) == ["confirm", "dismiss"]
    assert "History (1)" in text


def test_a_form_takes_a_step_and_shows_the_page_again(own: FlaskClient) -> None:
    answer = send(own, "confirm", seen="1", reason=HOSTILE)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{PAGE}#life")
    text = own.get(PAGE).text
    assert 'class="state confirmed"' in text
    assert HOSTILE not in text
    assert re.findall(r'name="step" value="([\w-]+)"', text) == ["dismiss", "escalate", "claim-fix"]
    assert "Raise the worker memory of ingest_events" in text, "the rule's ask stands in the form"


def test_the_whole_way_by_forms(own: FlaskClient) -> None:
    for step, fields in (
        ("confirm", {}),
        ("escalate", {"team": "data-platform", "ask": "raise the memory", "link": "https://example.com/tickets/1"}),
        ("answer", {"answer": "send more"}),
    ):
        assert send(own, step, **fields).status_code == 303
    assert state(own) == "escalated"
    ledger = own.get("/api/v1/asks?team=data-platform").get_json()
    assert [(ask["outcome"], ask["in_time"]) for ask in ledger["asks"]] == [("send more", True)]
    assert own.get("/api/v1/asks?team=nobody").get_json()["asks"] == []
    assert own.get("/api/v1/asks?tema=nobody").status_code == 422


@pytest.mark.parametrize(
    ("fields", "status", "says"),
    [
        ({"step": "escalate"}, 409, "is suspect"),
        ({"step": "confirm", "seen": "7"}, 409, "moved on"),
        ({"step": "confirm", "seen": "x"}, 422, "seen"),
        ({"step": "confirm", "reason": "  "}, 422, "needs a reason"),
        ({"step": "confirm", "actor": ""}, 422, "is named"),
        ({"step": "confirm", "reason": "x" * 4001}, 422, "longer"),
        ({"step": "fixed"}, 422, "no &#39;fixed&#39;"),
        ({"step": "watch"}, 422, "no &#39;watch&#39;"),
        ({"step": "claim-fix", "since": "2026-03-22T14:00"}, 422, "no UTC offset"),
        ({"step": "claim-fix", "since": "soon"}, 422, "is not a time"),
        ({"step": "claim-fix", "since": "2999-03-22 14:00 UTC"}, 422, "not come"),
        ({"step": "answer", "answer": "maybe"}, 422, "accepted"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    own: FlaskClient, fields: dict[str, str], status: int, says: str
) -> None:
    answer = send(own, **fields)
    assert answer.status_code == status
    assert says in answer.text
    assert own.get(API).get_json()["seen"] == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
        {"Origin": "https://attacker.example.com"},
        {"Origin": "http://localhost:9999"},
        {"Origin": "null"},
        {"Origin": "http://[::1"},
        {"Origin": "http://localhost:99999999"},
    ],
)
def test_other_sites_change_nothing(own: FlaskClient, headers: dict[str, str]) -> None:
    fields = {"step": "confirm", "actor": "on-call", "reason": "for a reason"}
    for answer in (own.post(f"{PAGE}/life", data=fields, headers=headers), own.post(API, json=fields, headers=headers)):
        assert answer.status_code == 403
    assert state(own) == "suspect"


def test_a_browser_that_tells_its_origin_alone_is_taken(own: FlaskClient) -> None:
    fields = {"step": "confirm", "actor": "on-call", "reason": "for a reason"}
    assert own.post(f"{PAGE}/life", data=fields, headers={"Origin": "http://localhost"}).status_code == 303


def test_the_api_takes_steps_too(own: FlaskClient) -> None:
    answer = own.post(API, json={"step": "dismiss", "actor": "on-call", "reason": "a planned test", "seen": 1})
    assert answer.status_code == 201
    document = answer.get_json()
    assert (document["state"], document["may"], document["watch"]) == ("dismissed", ["confirm"], None)
    assert [event["actor"] for event in document["events"]] == ["correlator", "on-call"]
    assert own.post(API, json={"step": "escalate", "actor": "a"}).get_json()["error"]["code"] == "refused"


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [("[]", "application/json", 422), ("{", "application/json", 422), ("{}", "text/plain", 415)],
)
def test_a_body_that_is_no_step(own: FlaskClient, body: str, kind: str, status: int) -> None:
    assert own.post(API, data=body, content_type=kind).status_code == status


@pytest.mark.parametrize("fields", [{"whom": "x"}, {"actor": 3}, {"reason": ["x"]}])
def test_fields_are_checked(own: FlaskClient, fields: dict[str, object]) -> None:
    answer = own.post(API, json={"step": "confirm", "actor": "a", "reason": "b"} | fields)
    assert answer.status_code == 422


def test_a_finding_that_was_never_a_suspect_has_no_forms(own: FlaskClient) -> None:
    page = own.get(f"/findings/{TRANSIENT}").text
    assert 'id="life"' not in page
    answer = own.post(f"/api/v1/findings/{TRANSIENT}/life", json={"step": "confirm", "actor": "a", "reason": "b"})
    assert answer.status_code == 409
    late = {"step": "confirm", "actor": "a", "reason": "b", "seen": 1}
    assert "has no steps" in own.post(f"/api/v1/findings/{TRANSIENT}/life", json=late).get_json()["error"]["message"]
    assert own.get("/api/v1/findings/F-UNKNOWN/life").status_code == 404


def test_a_fix_is_not_claimed_without_a_rate_to_prove_it_by(own: FlaskClient) -> None:
    send(own, "confirm")
    answer = send(own, "claim-fix")
    assert answer.status_code == 409, "the cast's finding gives no rate"
    assert "nothing to prove" in answer.text
