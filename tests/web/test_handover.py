"""Handovers on their pages: begun from the data, edited by two, acknowledged by another."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.web import cast
from tests.web.cast import HOSTILE
from tests.web.factory import judge_again, settings_for
from web.app import create_app

SAME = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def own(full_folder: Path, tmp_path: Path) -> Iterator[FlaskClient]:
    """A copy of the cast's store, to be written to."""
    shutil.copy(full_folder / "store.db", tmp_path / "store.db")
    app = create_app(settings_for(tmp_path))
    yield app.test_client()
    app.extensions["correlator"].engine.dispose()


def post(client: FlaskClient, path: str, **fields: str) -> TestResponse:
    return client.post(path, data=fields, headers=SAME)


def begun(client: FlaskClient, actor: str = "first on call") -> str:
    answer = post(client, "/handover", actor=actor)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def test_the_page_drafts_without_storing(own: FlaskClient) -> None:
    text = own.get("/handover").text
    assert "export_ads of tenant-07" in text
    assert "PAGERDUTY_API_KEY is refused" in text
    assert "names are not verified" in text
    assert "No handovers yet" in text
    markdown = own.get("/handover/draft.md")
    assert markdown.mimetype == "text/markdown"
    assert markdown.text.startswith("# Handover\n")


def test_one_at_a_time(own: FlaskClient) -> None:
    first = begun(own)
    assert begun(own, "second on call") == first
    assert f'href="{first}">Continue' in own.get("/handover").text


def test_what_is_written_stays_and_newer_data_stands_beside_it(own: FlaskClient, tmp_path: Path) -> None:
    page = begun(own)
    assert post(own, page, seen="1", actor="first on call", conditions=f"- only this {HOSTILE}").status_code == 303
    judge_again(tmp_path, replace(cast.systemic(), tenant="tenant-03"))
    text = own.get(page).text
    assert "only this &lt;script&gt;" in text
    assert "The data says by now" in text
    assert re.search(r"<strong>New:</strong>.*export_ads of tenant-03", text)
    seal = re.search(r'name="taken_up" value="([0-9a-f]{16})"', text)
    assert seal
    assert post(own, page, seen="2", actor="first on call", taken_up=seal[1]).status_code == 303
    text = own.get(page).text
    assert "only this &lt;script&gt;" in text
    assert "The data says by now" not in text


def test_two_who_edit_hear_of_each_other_and_lose_nothing(own: FlaskClient) -> None:
    page = begun(own)
    assert post(own, page, seen="1", actor="first", next="at noon").status_code == 303
    late = post(own, page, seen="1", actor="second", next="at midnight")
    assert late.status_code == 409
    assert "first wrote version 2" in late.text
    assert ">at midnight</textarea>" in late.text
    assert "at noon" in late.text
    assert 'name="seen" value="2"' in late.text
    assert "at noon" in own.get(f"{page}/handover.md").text


def test_it_is_acknowledged_by_who_wrote_nothing_of_it(own: FlaskClient) -> None:
    page = begun(own)
    assert post(own, page, seen="1", actor="helper", next="at noon").status_code == 303
    for writer in ("FIRST  on-call", "Helper"):
        answer = post(own, f"{page}/acknowledge", seen="2", actor=writer)
        assert answer.status_code == 409
        assert "wrote a part" in answer.text
    assert post(own, f"{page}/acknowledge", seen="1", actor="next").status_code == 409
    assert post(own, f"{page}/acknowledge", seen="2", actor=" ").status_code == 422
    taken = post(own, f"{page}/acknowledge", seen="2", actor="next", read_back="I call at noon")
    assert taken.status_code == 303
    text = own.get(page).text
    assert "Acknowledged by <strong>next</strong>" in text
    assert "I call at noon" in text
    assert "<textarea" not in text
    assert post(own, page, seen="2", actor="first on call", next="later").status_code == 409
    assert "at noon" in own.get(f"{page}?version=2").text
    assert "Acknowledged by next" in own.get(f"{page}/handover.txt").text


def test_the_next_one_tells_what_changed_since(own: FlaskClient, tmp_path: Path) -> None:
    page = begun(own)
    post(own, f"{page}/acknowledge", seen="1", actor="next")
    judge_again(tmp_path, replace(cast.systemic(), tenant="tenant-03"))
    text = own.get("/handover").text
    assert "New: export_ads of tenant-03" in text
    assert "New: export_ads of tenant-07" not in text


REFUSED: tuple[tuple[str, dict[str, str], int], ...] = (
    ("/handover", {"actor": ""}, 422),
    ("{page}", {"seen": "1", "actor": ""}, 422),
    ("{page}", {"seen": "x", "actor": "a"}, 422),
    ("{page}", {"seen": "1", "actor": "a", "next": "x" * 20_001}, 422),
    ("/handover/7", {"seen": "1", "actor": "a"}, 404),
    ("/handover/7/acknowledge", {"seen": "1", "actor": "a"}, 404),
    ("{page}/acknowledge", {"seen": "1", "actor": "a", "read_back": "x" * 4_001}, 422),
)


def test_what_is_refused(own: FlaskClient) -> None:
    page = begun(own)
    assert [(path, post(own, path.format(page=page), **fields).status_code) for path, fields, _ in REFUSED] == [
        (path, status) for path, _, status in REFUSED
    ]
    assert own.get(page).text.count("Version 1</a>") == 1
    assert "Version 2</a>" not in own.get(page).text


def test_an_empty_store_has_an_empty_draft(empty_client: FlaskClient) -> None:
    text = empty_client.get("/handover").text
    assert "No incident is open and nothing systemic stands." in text
    assert "No verdicts were made yet" in text
    assert empty_client.get("/handover?before=x").status_code == 422
