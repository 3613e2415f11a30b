"""Zendesk's own ways: which tickets, which comments, closed ones, tokens that are nobody's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from connectors.retries import Patience
from connectors.zendesk.check import check
from connectors.zendesk.mapping import names_of
from connectors.zendesk.sink import ZendeskSink, build
from correlator.errors import SettingsError, SourceError
from correlator.ports import Found, Note, Place
from correlator.settings import Settings, load_settings
from tests.attaching.desk import TOKEN, USER, Desk
from tests.attaching.loopback import Loopback, served

NOTE = Note("4711", "[incident-correlator", "Systemic\n[incident-correlator F-1]", "", Place.TICKET, None, "abc123")


@pytest.fixture
def there() -> Desk:
    return Desk()


@pytest.fixture
def service(there: Desk) -> Iterator[Loopback]:
    with served(there.answer) as running:
        yield running


def settings(service: Loopback, **environment: str) -> Settings:
    values = {"CORRELATOR_ZENDESK_URL": service.url, "CORRELATOR_ZENDESK_USER": USER, "ZENDESK_API_TOKEN": TOKEN}
    return load_settings(environment={**values, **environment})


def sink(service: Loopback, **environment: str) -> ZendeskSink:
    return build(settings(service, **environment), Patience(sleep=lambda _: None, jitter=lambda: 0.0))


def test_tickets_are_found_by_tag_and_by_external_id(service: Loopback, there: Desk) -> None:
    there.open(1, "f-aaa")
    there.open(2, "pinc1", "vip")
    there.open(3, external_id="PINC1")
    there.open(4, "f-aaa", status="solved")
    there.open(5, "f-zzz")
    there.open(6, "f-aaa", external_id="PINC9")
    found = sink(service).tickets({"F-AAA": ["PINC1"], "F-BBB": ["PINC9"]})
    assert found == {"1": "F-AAA", "2": "F-AAA", "3": "F-AAA", "6": "F-BBB"}
    assert sink(service).tickets({"F-QQQ": []}) == {}


def test_many_names_go_out_in_parts(service: Loopback, there: Desk) -> None:
    there.open(1, "f-44")
    assert sink(service).tickets({f"F-{number}": [] for number in range(45)}) == {"1": "F-44"}
    assert service.count("search") == 3


def test_a_note_that_stands_far_back_is_not_written_again(service: Loopback, there: Desk) -> None:
    there.page = 2
    there.open(4711)
    assert sink(service).attach(NOTE).written
    there.comments[4711] += [{"id": number, "body": "And again.", "public": True} for number in range(5)]
    again = sink(service).attach(replace(NOTE, text="Systemic, with one failure more"))
    assert (again.written, len(there.notes(4711))) == (False, 1)
    assert sink(service).attach(replace(NOTE, revision="def456")).written
    assert [body.splitlines() for body in there.notes(4711)] == [
        ["Systemic", "[incident-correlator 4711 abc123]"],
        ["Systemic", "[incident-correlator 4711 def456]"],
    ]


def test_a_closed_ticket_is_left_alone(service: Loopback, there: Desk) -> None:
    there.open(4711, status="closed")
    assert not sink(service).attach(NOTE).written
    assert there.notes(4711) == []


def test_a_ticket_that_is_gone_is_an_error(service: Loopback) -> None:
    with pytest.raises(SourceError) as error:
        sink(service).attach(NOTE)
    assert error.value.permanent


def test_a_wrong_token_is_told_from_an_agents(service: Loopback, there: Desk) -> None:
    patience = Patience(attempts=1)
    assert [one.found for one in check(settings(service), patience)] == [Found.OK, Found.OK]
    wrong = settings(service, ZENDESK_API_TOKEN="another-token")
    assert [one.found for one in check(wrong, patience)] == [Found.MISSING, Found.MISSING]
    assert "another-token" not in str(check(wrong, patience))
    there.role = "end-user"
    assert check(settings(service), patience)[0].found is Found.MISSING


def test_names_are_filled_for_each_incident() -> None:
    names = names_of(["x-{finding_id}", "{incident_id}"], {"F-1": ["A", "B"], "F-2": ["A"]})
    assert names == {"x-f-1": "F-1", "x-f-2": "F-2", "a": "F-1", "b": "F-1"}


@pytest.mark.parametrize("name", ["CORRELATOR_ZENDESK_URL", "CORRELATOR_ZENDESK_USER", "ZENDESK_API_TOKEN"])
def test_what_is_missing_is_named(service: Loopback, name: str) -> None:
    with pytest.raises(SettingsError, match=r"zendesk\.(url|user)|ZENDESK_API_TOKEN") as error:
        sink(service, **{name: ""})
    assert error.value.hint


def test_without_any_name_no_ticket_can_be_found(service: Loopback) -> None:
    with pytest.raises(SettingsError, match=r"zendesk\.tags"):
        sink(service, CORRELATOR_ZENDESK_TAGS="", CORRELATOR_ZENDESK_EXTERNAL_IDS="")
