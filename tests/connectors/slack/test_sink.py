"""Slack's own ways: refusals with HTTP 200, small pages, deleted messages, markup, incoming webhooks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connectors.plain_http import RefusedError
from connectors.retries import Patience, TryLaterError
from connectors.slack.check import check
from connectors.slack.mapping import text_of_note
from connectors.slack.sink import IncomingWebhookSink, SlackSink, build
from connectors.standin import Fault
from correlator.errors import SettingsError
from correlator.ports import About, Event, Found, Note, Place
from correlator.settings import Settings, load_settings
from tests.attaching.channel import CHANNEL, TOKEN, Workspace
from tests.attaching.loopback import Loopback, served
from tests.test_incident_matching import FAILED_AT, finding

ABOUT = About("F-ABCDEFGHIJ", Event.RAISED, finding(), FAILED_AT)
NOTE = Note("F-ABCDEFGHIJ", "[incident-correlator", "Systemic: 36 of 41\nmore", "", Place.FINDING, ABOUT, "r1")


@pytest.fixture
def there() -> Workspace:
    return Workspace()


@pytest.fixture
def service(there: Workspace) -> Iterator[Loopback]:
    with served(there.answer) as running:
        yield running


def settings(service: Loopback, **environment: str) -> Settings:
    values = {
        "CORRELATOR_SLACK_URL": f"{service.url}/api",
        "CORRELATOR_SLACK_CHANNEL": CHANNEL,
        "SLACK_BOT_TOKEN": TOKEN,
    }
    return load_settings(environment={**values, **environment})


def sink(service: Loopback, **environment: str) -> SlackSink | IncomingWebhookSink:
    return build(settings(service, **environment), Patience(sleep=lambda _: None, jitter=lambda: 0.0))


def hook(service: Loopback) -> SlackSink | IncomingWebhookSink:
    values = {"SLACK_WEBHOOK_URL": f"{service.url}/services/T0/B0/secret-part"}
    return build(load_settings(environment=values), Patience(sleep=lambda _: None, jitter=lambda: 0.0))


def test_a_message_that_is_known_is_updated_without_a_look(service: Loopback, there: Workspace) -> None:
    first = sink(service).attach(NOTE)
    looked = service.count("history")
    again = sink(service).attach(replace(NOTE, text="Systemic: 37 of 42", note_id=first.note_id))
    assert (again.note_id, service.count("history")) == (first.note_id, looked)
    assert [one["text"] for one in there.messages] == ["*Systemic: 37 of 42*"]


def test_ours_is_found_among_many_by_small_pages(service: Loopback, there: Workspace) -> None:
    there.page = 3
    first = sink(service).attach(NOTE)
    for number in range(10):
        sink(service).attach(replace(NOTE, target=f"F-{number}"))
    found = sink(service).attach(replace(NOTE, since=datetime.now(UTC)))
    assert (found.note_id, found.written, len(there.messages)) == (first.note_id, False, 11)


def test_a_deleted_message_is_written_anew(service: Loopback, there: Workspace) -> None:
    first = sink(service).attach(NOTE)
    there.messages.clear()
    again = sink(service).attach(replace(NOTE, note_id=first.note_id))
    assert again.written
    assert again.note_id != first.note_id
    assert len(there.messages) == 1


def test_fields_mention_nobody_and_links_stay_links() -> None:
    text = text_of_note(replace(NOTE, text="<!channel> *a*\nEvidence: https://example.com/f"))
    assert text == "*&lt;!channel&gt; ∗a∗*\nEvidence: <https://example.com/f>"


@pytest.mark.parametrize(
    ("environment", "code"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-another-token"}, "invalid_auth"),
        ({"CORRELATOR_SLACK_CHANNEL": "C0"}, "channel_not_found"),
    ],
)
def test_a_refusal_with_http_200_is_one(service: Loopback, environment: dict[str, str], code: str) -> None:
    with pytest.raises(RefusedError) as error:
        sink(service, **environment).attach(NOTE)
    assert error.value.code == code
    assert error.value.hint
    assert "xoxb-" not in error.value.message


def test_trouble_of_slack_is_looked_at_and_then_left_for_later(service: Loopback, there: Workspace) -> None:
    trouble = {"ok": False, "error": "internal_error"}
    service.faults.add(Fault("postMessage", status=202, body=trouble, applied=True))
    assert sink(service).attach(NOTE).written
    assert len(there.messages) == 1
    service.faults.add(Fault("history", status=202, body=trouble, times=9))
    with pytest.raises(TryLaterError):
        sink(service).attach(NOTE)


def test_an_incoming_webhook_is_told_once(service: Loopback, there: Workspace) -> None:
    done = hook(service).attach(NOTE)
    assert (done.written, done.unsure, there.hooked) == (True, False, ["*Systemic: 36 of 41*\nmore"])
    service.faults.add(Fault("/services", status=504, applied=True))
    assert hook(service).attach(NOTE).unsure
    assert service.count("/services") == 2


def test_its_address_is_a_secret(service: Loopback) -> None:
    service.faults.add(Fault("/services", status=404, body="no_service"))
    with pytest.raises(Exception, match="no_service") as error:
        hook(service).attach(NOTE)
    assert "secret-part" not in str(error.value)


def test_without_a_channel_or_a_token_nothing_can_be_written(service: Loopback) -> None:
    with pytest.raises(SettingsError, match=r"slack\.channel"):
        sink(service, CORRELATOR_SLACK_CHANNEL="")
    with pytest.raises(SettingsError, match="SLACK_BOT_TOKEN"):
        sink(service, SLACK_BOT_TOKEN="")
    with pytest.raises(SettingsError, match="SLACK_WEBHOOK_URL"):
        build(load_settings(environment={"SLACK_WEBHOOK_URL": "hooks"}))


def test_the_check_says_what_is_missing(service: Loopback, there: Workspace) -> None:
    patience = Patience(attempts=1)
    assert [one.found for one in check(settings(service), patience)] == [Found.OK, Found.OK]
    there.scopes = "channels:history"
    token, _ = check(settings(service), patience)
    assert (token.found, "chat:write" in token.said) == (Found.MISSING, True)
    (only,) = check(load_settings(environment={"SLACK_WEBHOOK_URL": "https://hooks.example.com/x"}), patience)
    assert only.found is Found.UNKNOWN
    assert there.messages == []
