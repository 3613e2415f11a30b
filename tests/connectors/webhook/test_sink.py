"""Deliveries: what is signed, how a secret is changed, what is refused."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from connectors.plain_http import RefusedError
from connectors.retries import Patience
from connectors.standin import Fault
from connectors.standin.http import Reply
from connectors.webhook.check import check
from connectors.webhook.mapping import message, message_id
from connectors.webhook.signing import keys_of, signature
from connectors.webhook.sink import build
from correlator.errors import SettingsError, SourceError
from correlator.model import iso
from correlator.ports import About, Event, Found, Note, Place
from correlator.settings import Settings, load_settings
from tests.attaching.loopback import Loopback, served
from tests.attaching.receiver import SECRET, Receiver, documented_check
from tests.test_incident_matching import FAILED_AT, INCIDENT, finding

OTHER = "whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="
ABOUT = About("F-ABCDEFGHIJ", Event.RAISED, finding(), FAILED_AT, (INCIDENT,))
NOTE = Note("F-ABCDEFGHIJ", "[incident-correlator", "text", "https://example.com/f", Place.FINDING, ABOUT, "r1")


def settings(url: str, secret: str = SECRET) -> Settings:
    values = {"CORRELATOR_WEBHOOK_ENABLED": "true", "CORRELATOR_WEBHOOK_URL": url, "WEBHOOK_SECRET": secret}
    return load_settings(environment=values)


def impatient() -> Patience:
    return Patience(sleep=lambda _: None, jitter=lambda: 0.0)


def deliver(service: Loopback, secret: str = SECRET, note: Note = NOTE) -> None:
    build(settings(f"{service.url}/hook?team=data", secret), impatient()).attach(note)


def test_a_delivery_is_what_the_page_says() -> None:
    there = Receiver()
    with served(there.answer) as service:
        deliver(service)
        assert service.seen[0][0].query == {"team": ["data"]}
    (document,) = there.taken.values()
    assert (document["type"], document["timestamp"]) == ("finding.raised", iso(FAILED_AT))
    assert document["data"]["incidents"] == [{"incident_id": "PINC001", "title": None, "url": None}]
    assert document["data"]["path"] == ["ingest_events", "export_ads"]


def test_the_example_of_the_page_tells_right_from_wrong() -> None:
    is_genuine, body, at = documented_check(), b'{"a": 1}', 1774828800
    signed = signature(keys_of(SECRET, "S"), "msg_1", at, body)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(at), "webhook-signature": signed}
    assert is_genuine(headers, body, SECRET, now=at)
    assert not is_genuine(headers, body + b" ", SECRET, now=at)
    assert not is_genuine(headers | {"webhook-id": "msg_2"}, body, SECRET, now=at)
    assert not is_genuine(headers | {"webhook-timestamp": str(at + 1)}, body, SECRET, now=at)
    assert not is_genuine(headers, body, OTHER, now=at)
    assert not is_genuine(headers, body, SECRET, now=at + 301)
    assert not is_genuine({}, body, SECRET, now=at)


def test_a_secret_is_changed_without_a_gap() -> None:
    is_genuine, at = documented_check(), int(time.time())
    signed = signature(keys_of(f"{OTHER} {SECRET}", "S"), "m", at, b"")
    headers = {"webhook-id": "m", "webhook-timestamp": str(at), "webhook-signature": signed}
    assert is_genuine(headers, b"", SECRET)
    assert is_genuine(headers, b"", OTHER)


@pytest.mark.parametrize("status", [408, 500, 503])
def test_a_repeat_has_the_same_id(status: int) -> None:
    there = Receiver()
    with served(there.answer) as service:
        service.faults.add(Fault("/hook", status=status, applied=True))
        deliver(service)
    assert (len(there.taken), there.repeats) == (1, 1)


def test_other_news_has_another_id() -> None:
    ids = {message_id(one) for one in (NOTE, replace(NOTE, revision="r2"), replace(NOTE, target="F-2"))}
    assert len(ids) == 3
    assert message_id(replace(NOTE, text="other text")) == message_id(NOTE)


def test_an_end_without_its_finding_says_what_it_can() -> None:
    assert message(replace(NOTE, about=None))["data"] == {"finding_id": NOTE.target, "text": "text"}


@pytest.mark.parametrize("status", [301, 400, 401, 404, 410])
def test_a_refusal_is_final_and_not_followed(status: int) -> None:
    with served(lambda _: Reply(status, headers={"location": "/elsewhere"})) as service:
        with pytest.raises(SourceError) as error:
            deliver(service)
        assert error.value.permanent
        assert len(service.seen) == 1


def test_the_secret_stands_in_no_error() -> None:
    with (
        served(
            lambda request: Reply(400, request.headers.get("webhook-signature", "").encode() + SECRET.encode())
        ) as there,
        pytest.raises(RefusedError) as error,
    ):
        deliver(there)
    assert "HTTP 400" in error.value.message
    assert SECRET not in error.value.message


@pytest.mark.parametrize(
    ("url", "secret", "said"),
    [
        ("", SECRET, "no address"),
        ("ftp://example.com", SECRET, "no address"),
        ("http://example.com/hook", SECRET, "not encrypted"),
        ("https://example.com/hook", "plain", "no secret"),
        ("https://example.com/hook", "whsec_c2hvcnQ=", "no secret"),
        ("https://example.com/hook", " ", "is empty"),
    ],
)
def test_what_cannot_work_is_a_wrong_setting(url: str, secret: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        build(settings(url, secret))


def test_the_check_delivers_nothing() -> None:
    there = Receiver()
    with served(there.answer) as service:
        probes = check(settings(f"{service.url}/hook"), impatient())
        assert [(one.name, one.found) for one in probes] == [("secret", Found.OK), ("receiver", Found.OK)]
    assert there.taken == {}
    with served(lambda _: Reply(404)) as service:
        (_, receiver) = check(settings(service.url), impatient())
        assert receiver.found is Found.MISSING
