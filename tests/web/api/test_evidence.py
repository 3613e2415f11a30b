"""What a finding's page does, by programs: links for others, the ask in other words, the note attached, the bundle
verified; and a job as it was known before."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from correlator.settings import load_settings
from correlator.store.findings import finding_id
from tests.web import cast
from web.app import create_app
from web.process.children import Done

ID = finding_id(cast.PREMIUM, cast.EXPORT)
OTHER = finding_id("tenant-02", "export_email")
BASE = f"/api/v1/findings/{ID}"
SAID = "Raise the memory of the workers to 16 GiB before Monday"
BY = {"actor": "an engineer"}


@pytest.fixture
def own(tmp_path: Path, full_folder: Path) -> Iterator[FlaskClient]:
    """Over a store of one's own, with a secret to sign links with, and one sink."""
    shutil.copy(full_folder / "store.db", tmp_path / "store.db")
    environment = {
        "CORRELATOR_DATABASE_URL": f"sqlite:///{tmp_path / 'store.db'}",
        "CORRELATOR_SLACK_ENABLED": "true",
        "CORRELATOR_SLACK_ATTACH": "true",
        "SHARE_SECRET": "a-secret-of-thirty-two-characters",
    }
    app = create_app(load_settings(None, environment))
    yield app.test_client()
    app.extensions["correlator"].engine.dispose()


def test_a_link_is_made_opened_and_taken_back(own: FlaskClient) -> None:
    made = own.post(f"{BASE}/shares", json={**BY, "days": 7, "note": "the platform team"})
    assert made.status_code == 201
    link = made.get_json()
    assert own.get(link["href"]).status_code == 200
    assert own.get(f"{BASE}/shares").get_json()["links"] == [link]
    elsewhere = own.post(f"/api/v1/findings/{OTHER}/shares/{link['id']}/revoke", json=BY)
    assert elsewhere.status_code == 404
    taken = own.post(f"{BASE}/shares/{link['id']}/revoke", json=BY).get_json()
    assert (taken["holds"], taken["href"], taken["revoked_by"]) == (False, None, "an engineer")
    assert own.get(link["href"]).status_code == 404
    assert own.post(f"{BASE}/shares/{link['id']}/revoke", json=BY).status_code == 404


@pytest.mark.parametrize("body", [{**BY, "days": 8}, {**BY, "days": 7, "note": "x" * 201}, {"days": 7}])
def test_a_link_for_another_time_or_by_nobody_is_refused(own: FlaskClient, body: dict[str, object]) -> None:
    assert own.post(f"{BASE}/shares", json=body).status_code == 422
    assert own.get(f"{BASE}/shares").get_json()["links"] == []


def test_without_a_secret_no_link_is_made(client: FlaskClient) -> None:
    assert client.get(f"{BASE}/shares").get_json()["shareable"] is False
    assert client.post(f"{BASE}/shares", json={**BY, "days": 7}).status_code == 503


def test_the_ask_is_put_in_other_words_by_who_saw_it_last(own: FlaskClient) -> None:
    before = own.get(f"{BASE}/ask").get_json()
    put = own.post(f"{BASE}/ask", json={**BY, "ask": SAID, "seen": before["seen"]}).get_json()
    assert (put["ask"], put["seen"]) == (SAID, 1)
    assert put["words"][0]["original"] == before["ask"]
    assert own.get(f"/api/v1/findings/{ID}").get_json()["rule"]["ask"] == SAID
    assert own.post(f"{BASE}/ask", json={**BY, "ask": "mine", "seen": 0}).status_code == 409
    back = own.post(f"{BASE}/ask", json={**BY, "ask": "", "seen": 1}).get_json()
    assert back["ask"] == before["ask"]


def test_the_note_is_attached_by_the_command_and_only_where_it_may_be(
    own: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[list[str]] = []

    def run(_: object, arguments: list[str], __: int) -> Done:
        ran.append(arguments)
        told = [{"target": "C-ops", "done": "written", "said": "written", "note": "the note"}]
        return Done(0, json.dumps(told), "")

    monkeypatch.setattr("web.views.evidence.run_own", run)
    assert own.get(f"{BASE}/attachments").get_json()["sinks"] == ["slack"]
    assert own.post(f"{BASE}/attachments", json={"sink": "pagerduty"}).status_code == 422
    done = own.post(f"{BASE}/attachments", json={"sink": "slack"}).get_json()
    assert (done["good"], done["text"], done["details"]) == (True, "the note", ["C-ops: written"])
    assert ran == [["attach", ID, "--to", "slack", "--json"]]


def test_the_bundle_is_verified_by_the_command(
    own: FlaskClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What it says when a bundle was changed; tests/web/test_bundles.py makes whole ones and has them verified."""
    ran: list[list[str]] = []

    def run(_: object, arguments: list[str], __: int) -> Done:
        ran.append(arguments)
        found = {"same": False, "differences": ["packet.md differs"], "files": 9, "quotes": 2, "notes": []}
        return Done(1, json.dumps(found), "")

    monkeypatch.setattr("web.views.evidence.run_own", run)
    monkeypatch.setattr("web.views.evidence.bundle_made", lambda *_: tmp_path / "bundle.zip")
    found = own.post(f"{BASE}/verification").get_json()
    assert (found["finding_id"], found["good"], found["title"]) == (ID, False, "Not the same")
    assert found["details"] == ["packet.md differs", "9 files checked, 2 quoted answers."]
    assert ran == [["bundle", "verify", str(tmp_path / "bundle.zip"), "--json"]]


def test_a_job_is_told_as_it_was_known_before(own: FlaskClient) -> None:
    asked = "/api/v1/job?job=export_ads&tenant=tenant-07"
    now = own.get(asked).get_json()
    then = own.get(f"{asked}&as_of=2020-01-01T00:00:00Z").get_json()
    assert (now["as_of"], then["as_of"]) == (None, "2020-01-01T00:00:00Z")
    assert now["finding"]["id"] == ID
    assert (then["finding"], then["runs"], then["said_at"]) == (None, [], None)
    assert own.get(f"{asked}&as_of=9999-01-01T00:00:00Z").status_code == 422
