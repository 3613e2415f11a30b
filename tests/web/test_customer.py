"""Messages to customers on their pages: drafted, refused, approved by a second person, marked sent, followed up."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from correlator.store.findings import finding_id
from tests.web import cast
from tests.web.factory import judge_again, settings_for
from web.app import create_app

SAME = {"Sec-Fetch-Site": "same-origin"}
FINDING = finding_id(cast.PREMIUM, cast.EXPORT)
PAGE = f"/findings/{FINDING}/customers"
OTHER = finding_id("tenant-03", cast.EXPORT)


@pytest.fixture
def own(full_folder: Path, tmp_path: Path) -> Iterator[FlaskClient]:
    """A copy of the cast's store, to be written to."""
    shutil.copy(full_folder / "store.db", tmp_path / "store.db")
    app = create_app(settings_for(tmp_path))
    yield app.test_client()
    app.extensions["correlator"].engine.dispose()


def post(client: FlaskClient, path: str, **fields: str) -> TestResponse:
    return client.post(path, data=fields, headers=SAME)


def begun(client: FlaskClient) -> str:
    answer = post(client, PAGE, actor="writer")
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def sha256(client: FlaskClient, page: str) -> str:
    found = re.search(r'name="sha256" value="([0-9a-f]{64})"', client.get(page).text)
    assert found
    return found[1]


def text_of(client: FlaskClient, page: str) -> str:
    return client.get(f"{page}/message.txt").text


def test_the_page_shows_a_draft_and_stores_nothing(own: FlaskClient) -> None:
    text = own.get(PAGE).text
    assert "All 6 runs that failed at first finished later" in text
    assert "none yet" in text
    letter = re.search(r'<pre class="letter" tabindex="0">(.*?)</pre>', text, re.DOTALL)
    assert letter
    for hidden in ("export_ads", "ingest_events", "worker-3", "tenant-0", "blank export", FINDING):
        assert hidden not in letter[1]
    assert "None yet." in own.get("/messages").text


def test_four_eyes(own: FlaskClient) -> None:
    page = begun(own)
    for name in ("writer", " WRITER ", "Writer."):
        refused = post(own, f"{page}/approve", seen="1", sha256=sha256(own, page), actor=name)
        assert refused.status_code == 409
        assert "a second person has to approve it" in refused.text
    assert post(own, f"{page}/sent", seen="1", channel="e-mail", actor="second").status_code == 409
    assert post(own, f"{page}/approve", seen="1", sha256="0" * 64, actor="second").status_code == 409
    assert post(own, f"{page}/approve", seen="1", sha256=sha256(own, page), actor="second").status_code == 303
    assert post(own, f"{page}/sent", seen="2", channel="", actor="writer").status_code == 422
    assert post(own, f"{page}/sent", seen="2", channel="a ticket", actor="writer").status_code == 303
    shown = own.get(page).text
    assert "approved by <strong>second</strong>" in shown
    assert "by a ticket" in shown
    assert 'method="post"' not in shown
    assert post(own, page, seen="3", actor="writer", text="More.").status_code == 409
    assert "a ticket" in own.get("/messages").text


def test_a_changed_text_loses_its_approval(own: FlaskClient) -> None:
    page = begun(own)
    post(own, f"{page}/approve", seen="1", sha256=sha256(own, page), actor="second")
    assert post(own, page, seen="2", actor="third", text=text_of(own, page)).status_code == 303
    assert 'class="state message-approved"' in own.get(page).text, "the same text changes nothing"
    assert post(own, page, seen="2", actor="third", text=text_of(own, page) + "\nBest regards").status_code == 303
    shown = own.get(page).text
    assert "Approval withdrawn" in shown
    assert post(own, f"{page}/sent", seen="3", channel="e-mail", actor="writer").status_code == 409
    for writer in ("writer", "third"):
        answer = post(own, f"{page}/approve", seen="3", sha256=sha256(own, page), actor=writer)
        assert answer.status_code == 409, f"{writer} wrote a part of it"
    assert post(own, f"{page}/approve", seen="3", sha256=sha256(own, page), actor="second").status_code == 303


def test_what_must_not_go_out_is_refused_and_not_lost(own: FlaskClient) -> None:
    page = begun(own)
    typed = "It will be fixed by Monday.\ntenant-02 saw it too.\ntoken=abc123secret"
    refused = post(own, page, seen="1", actor="writer", text=typed)
    assert refused.status_code == 422
    assert "promises what nobody can know" in refused.text
    assert "names another tenant" in refused.text
    assert "looks like a token" in refused.text
    assert refused.text.count("abc123secret") == 1, "in the form alone"
    assert "Monday" not in text_of(own, page)
    assert "Monday" not in own.get(page).text


def test_who_saves_second_is_told(own: FlaskClient) -> None:
    page = begun(own)
    assert post(own, page, seen="1", actor="writer", text="One.").status_code == 303
    late = post(own, page, seen="1", actor="third", text="Another.")
    assert late.status_code == 409
    assert "Another.</textarea>" in late.text
    assert text_of(own, page) == "One.\n"


def test_a_follow_up_says_what_is_new(own: FlaskClient, tmp_path: Path) -> None:
    page = begun(own)
    post(own, f"{page}/approve", seen="1", sha256=sha256(own, page), actor="second")
    post(own, f"{page}/sent", seen="2", channel="e-mail", actor="writer")
    assert "Nothing is new since then." in own.get(PAGE).text
    post(own, f"/findings/{FINDING}/life", step="confirm", actor="on-call", reason="seen")
    judge_again(tmp_path, replace(cast.systemic(), tenant="tenant-03"))
    own.application.extensions["correlator"].engine.dispose()
    second = begun(own)
    assert second != page
    assert text_of(own, second).startswith("Hello,\n\nThis follows our message of ")


def test_each_customer_has_a_message_of_their_own(own: FlaskClient, tmp_path: Path) -> None:
    judge_again(tmp_path, replace(cast.systemic(), tenant="tenant-03"))
    assert OTHER in own.get(PAGE).text
    assert post(own, PAGE, actor="writer", all="1").status_code == 303
    assert own.get("/messages").text.count('class="state message-draft"') == 2
    assert post(own, PAGE, actor="writer", all="1").headers["Location"] == PAGE, "each has one open: none is begun"
    assert own.get("/messages").text.count('class="state message-draft"') == 2
    [page] = set(re.findall(rf"{PAGE}/\d+", own.get(PAGE).text))
    assert own.get(page).status_code == 200
    assert own.get(page.replace(FINDING, OTHER)).status_code == 404, "a message stands below its own finding"


def test_a_dropped_message_makes_room(own: FlaskClient) -> None:
    page = begun(own)
    assert begun(own) == page
    assert post(own, f"{page}/drop", seen="1", actor="writer", reason="").status_code == 422
    assert post(own, f"{page}/drop", seen="1", actor="writer", reason="they know").status_code == 303
    assert begun(own) != page
    assert "they know" in own.get(page).text


REFUSED: tuple[tuple[str, dict[str, str], int], ...] = (
    (PAGE, {"actor": " "}, 422),
    ("/findings/F-UNKNOWN/customers", {"actor": "a"}, 404),
    ("{page}", {"actor": "a", "seen": "x", "text": "One."}, 422),
    ("{page}", {"actor": "a", "seen": "1", "text": " "}, 422),
    ("{page}/approve", {"actor": "", "seen": "1"}, 422),
    (f"{PAGE}/9/approve", {"actor": "a", "seen": "1"}, 404),
    ("{page}/drop", {"actor": "a", "seen": "7", "reason": "x"}, 409),
)


def test_what_is_refused(own: FlaskClient) -> None:
    page = begun(own)
    assert [(path, post(own, path.format(page=page), **fields).status_code) for path, fields, _ in REFUSED] == [
        (path, status) for path, _, status in REFUSED
    ]
    assert 'class="state message-draft"' in own.get(page).text


def test_names_of_ones_own(full_folder: Path, tmp_path: Path) -> None:
    shutil.copy(full_folder / "store.db", tmp_path / "store.db")
    (tmp_path / "message.txt").write_text("Dear{customer},\n{opening}\n{new}\n{runs}\n{next_update}\n")
    given = settings_for(tmp_path)
    values = {
        **given.values,
        "messages.template": str(tmp_path / "message.txt"),
        "messages.names": {cast.EXPORT: "the Ads export"},
        "messages.customers": {cast.PREMIUM: "Example Media"},
    }
    app = create_app(replace(given, values=values))
    text = app.test_client().get(PAGE).text
    assert "Dear Example Media,\nWe are writing about the Ads export:" in text
    (tmp_path / "message.txt").write_text("Dear\n{who}\n")
    answer = app.test_client().get(PAGE)
    assert answer.status_code == 422
    assert "line 2: there is no {who}" in answer.text
    app.extensions["correlator"].engine.dispose()
