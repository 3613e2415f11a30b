"""One note an incident: found again by its marker, updated in place, never written twice."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from connectors.pagerduty.sink import PagerDutySink, build
from correlator.errors import SettingsError, SourceError
from correlator.ports import Announcer, Attached, Note
from correlator.settings import load_settings
from tests.connectors.scripted import Script, Slept, failure

MARKER = "[incident-correlator"
NOTE = Note("PINC001", MARKER, "Systemic: 26 of 29\n[incident-correlator F-ABCDEFGHIJ]")


class Account:
    """The notes of one incident, with PagerDuty's manners."""

    def __init__(self, *notes: dict[str, Any]) -> None:
        self.notes = list(notes)
        self.lose_answers = 0
        self.put_status = 200

    def answer(self, asked: Any) -> Any:
        method, path, _, body = asked
        if method == "GET":
            return {"notes": self.notes}
        content = body["note"]["content"]
        if method == "POST":
            note = {"id": f"PNOTE{len(self.notes)}", "content": content, "created_at": f"2026-03-01T0{len(self.notes)}"}
            self.notes.append(note)
        elif self.put_status == 200:
            note = next(item for item in self.notes if path.endswith(item["id"]))
            note["content"] = content
        else:
            self.notes.clear()
            return failure(self.put_status)
        if self.lose_answers:
            self.lose_answers -= 1
            return Response("", status=504)
        return {"note": note}


def sink(httpserver: HTTPServer, account: Account, **environment: str) -> tuple[PagerDutySink, Script]:
    script = Script(httpserver, [account.answer])
    values = {
        "PAGERDUTY_API_KEY": "test-rest-key",
        "CORRELATOR_PAGERDUTY_URL": script.url,
        "CORRELATOR_PAGERDUTY_FROM": "correlator@example.com",
        **environment,
    }
    return build(load_settings(environment=values), Slept().patience()), script


def methods(script: Script) -> list[str]:
    return [method for method, _, _, _ in script.asked]


def test_the_first_note_is_written_with_its_author(httpserver: HTTPServer) -> None:
    account = Account({"id": "PHUMAN", "content": "Looking into it", "created_at": "2026-03-01T00"})
    attached, script = sink(httpserver, account)
    assert attached.attach(NOTE) == Attached("PNOTE1", written=True)
    assert methods(script) == ["GET", "POST"]
    assert script.headers[1]["from"] == "correlator@example.com"
    assert account.notes[1]["content"] == NOTE.text


def test_the_same_text_is_not_written_again(httpserver: HTTPServer) -> None:
    account = Account()
    attached, script = sink(httpserver, account)
    attached.attach(NOTE)
    assert attached.attach(NOTE) == Attached("PNOTE0", written=False)
    assert methods(script) == ["GET", "POST", "GET"]


def test_another_text_replaces_it_in_place(httpserver: HTTPServer) -> None:
    account = Account()
    attached, script = sink(httpserver, account)
    attached.attach(NOTE)
    other = Note("PINC001", MARKER, "Systemic: 27 of 30\n[incident-correlator F-KLMNOPQRST]")
    assert attached.attach(other) == Attached("PNOTE0", written=True)
    assert methods(script)[-1] == "PUT"
    assert [note["content"] for note in account.notes] == [other.text]


def test_a_note_whose_answer_was_lost_is_found_and_not_written_twice(httpserver: HTTPServer) -> None:
    account = Account()
    account.lose_answers = 1
    attached, script = sink(httpserver, account)
    assert attached.attach(NOTE) == Attached("PNOTE0", written=True)
    assert methods(script) == ["GET", "POST", "GET"]
    assert len(account.notes) == 1


def test_a_note_deleted_meanwhile_is_written_anew(httpserver: HTTPServer) -> None:
    account = Account({"id": "POLD", "content": f"old\n{MARKER} F-ABCDEFGHIJ]", "created_at": "2026-03-01T00"})
    account.put_status = 404
    attached, script = sink(httpserver, account)
    assert attached.attach(NOTE).written
    assert methods(script) == ["GET", "PUT", "POST"]


def test_of_two_notes_the_oldest_is_ours(httpserver: HTTPServer) -> None:
    account = Account(
        {"id": "PB", "content": f"b\n{MARKER} x]", "created_at": "2026-03-01T02"},
        {"id": "PA", "content": f"a\n{MARKER} x]", "created_at": "2026-03-01T01"},
        {"id": "PQ", "content": f"somebody quotes {MARKER} x]", "created_at": "2026-03-01T00"},
    )
    attached, _ = sink(httpserver, account)
    assert attached.attach(NOTE).note_id == "PA"


def test_a_refusal_is_the_error_of_the_vendor(httpserver: HTTPServer) -> None:
    refused = failure(400, {"error": {"message": "Requester User Not Found", "code": 1008}})
    script = Script(httpserver, [{"notes": []}, refused])
    values = {
        "PAGERDUTY_API_KEY": "test-rest-key",
        "CORRELATOR_PAGERDUTY_URL": script.url,
        "CORRELATOR_PAGERDUTY_FROM": "a@example.com",
    }
    with pytest.raises(SourceError, match="Requester User Not Found") as error:
        build(load_settings(environment=values), Slept().patience()).attach(NOTE)
    assert "pagerduty.from" in error.value.hint


class Fields(Account):
    """An account with custom fields and status updates beside the notes."""

    def __init__(self, value: str | None = None) -> None:
        super().__init__()
        self.value = value
        self.told: list[str] = []
        self.refuse: Any = None

    def answer(self, asked: Any) -> Any:
        method, path, _, body = asked
        if self.refuse is not None and not path.endswith("/notes"):
            return self.refuse
        if path.endswith("/status_updates"):
            self.told.append(body["message"])
            return {"status_update": {"id": "PUPDATE"}}
        if path.endswith("/custom_fields/values"):
            if method == "PUT":
                (field,) = body["custom_fields"]
                assert field["name"] == "evidence_link"
                self.value = field["value"]
            return {"custom_fields": [{"name": "evidence_link", "value": self.value}, {"name": "other", "value": LINK}]}
        return super().answer(asked)


LINK = "https://correlator.example.com/findings/F-ABCDEFGHIJ"
LINKED = Note(NOTE.target, MARKER, NOTE.text, LINK)
WITH_FIELD = {
    "CORRELATOR_PAGERDUTY_CUSTOM_FIELD": "evidence_link",
    "CORRELATOR_WEB_BASE_URL": "https://correlator.example.com",
}


def test_the_link_goes_into_its_field_once(httpserver: HTTPServer) -> None:
    account = Fields()
    attached, script = sink(httpserver, account, **WITH_FIELD)
    assert attached.attach(LINKED) == Attached("PNOTE0", written=True)
    assert account.value == LINK
    script.asked.clear()
    assert attached.attach(LINKED) == Attached("PNOTE0", written=False)
    assert methods(script) == ["GET", "GET"]  # the notes and the fields, and nothing is written


def test_no_field_and_no_status_update_unless_they_are_asked_for(httpserver: HTTPServer) -> None:
    attached, script = sink(httpserver, Fields())
    attached.attach(LINKED)
    assert [path for _, path, _, _ in script.asked] == ["/incidents/PINC001/notes"] * 2
    assert not isinstance(attached, Announcer)


@pytest.mark.parametrize("status", [400, 402, 403, 404, 500])
def test_a_field_that_cannot_be_set_does_not_hold_up_the_note(httpserver: HTTPServer, status: int) -> None:
    account = Fields()
    account.refuse = failure(status)
    attached, _ = sink(httpserver, account, **WITH_FIELD)
    done = attached.attach(LINKED)
    assert (done.note_id, done.written, len(account.notes)) == ("PNOTE0", True, 1)
    assert done.failures[0].startswith("the custom field evidence_link was not set: PagerDuty GET")


def test_a_link_that_is_too_long_is_not_cut(httpserver: HTTPServer) -> None:
    account = Fields()
    attached, script = sink(httpserver, account, **WITH_FIELD)
    done = attached.attach(Note(NOTE.target, MARKER, NOTE.text, LINK + "x" * 200))
    assert "longer than 200" in done.failures[0]
    assert "PUT" not in methods(script)


def test_a_status_update_says_whether_it_was_told(httpserver: HTTPServer) -> None:
    account = Fields()
    attached, script = sink(httpserver, account, CORRELATOR_PAGERDUTY_STATUS_UPDATE="true")
    assert isinstance(attached, Announcer)
    assert attached.announce("PINC001", "Systemic")
    assert account.told == ["Systemic"]
    assert script.headers[-1]["from"] == "correlator@example.com"
    account.refuse = Response("", status=504)
    assert not attached.announce("PINC001", "Systemic")  # it may have been
    account.refuse = failure(403)
    with pytest.raises(SourceError, match="HTTP 403"):
        attached.announce("PINC001", "Systemic")


def test_a_field_without_an_address_of_the_pages_is_a_wrong_setting() -> None:
    values = {"PAGERDUTY_API_KEY": "test-rest-key", "CORRELATOR_PAGERDUTY_FROM": "a@example.com"}
    with pytest.raises(SettingsError, match="custom_field") as error:
        build(load_settings(environment=values | {"CORRELATOR_PAGERDUTY_CUSTOM_FIELD": "evidence_link"}))
    assert "web.base_url" in error.value.hint


def test_an_author_without_an_address_is_a_wrong_setting() -> None:
    values = {"PAGERDUTY_API_KEY": "test-rest-key", "CORRELATOR_PAGERDUTY_FROM": "On call"}
    with pytest.raises(SettingsError, match=r"CORRELATOR_PAGERDUTY_FROM: pagerduty\.from is no e-mail"):
        build(load_settings(environment=values))


def test_a_text_without_its_marker_is_never_sent(httpserver: HTTPServer) -> None:
    attached, script = sink(httpserver, Account())
    with pytest.raises(SourceError, match="does not hold its marker"):
        attached.attach(Note("PINC001", MARKER, "no marker"))
    assert script.asked == []


def test_without_an_author_there_is_no_sink() -> None:
    with pytest.raises(SettingsError, match=r"pagerduty\.from") as error:
        build(load_settings(environment={"PAGERDUTY_API_KEY": "test-rest-key"}))
    assert "pagerduty.attach" in error.value.hint
