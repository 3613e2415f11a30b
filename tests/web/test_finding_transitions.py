"""What is done with a finding on its page: the ask in other words, links for others, versions, attaching; by whom."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, update

from correlator.model import Analysis, Verdict
from correlator.settings import load_settings
from correlator.store.database import writing
from correlator.store.findings import finding_id, get_finding, save_analysis
from correlator.store.schema import finding_shares
from correlator.text.times import micros
from tests.web import cast
from tests.web.factory import Rule
from tests.web.test_pages import text_of
from web.app import create_app
from web.process.children import Done
from web.views import evidence

ID = finding_id(cast.PREMIUM, cast.EXPORT)
PAGE = f"/findings/{ID}"
SECRET = "a-secret-of-thirty-two-characters"
SAID = "Raise the memory of the workers to 16 GiB before Monday"
RULE_SAYS = "Raise the worker memory of ingest_events for tenant-07 from 12 to 16 GiB"


@pytest.fixture
def own(tmp_path: Path, full_folder: Path) -> Iterator[FlaskClient]:
    """Pages over a store of one's own, with a secret to sign links with, and one sink."""
    shutil.copytree(full_folder, tmp_path, dirs_exist_ok=True)
    environment = {
        "CORRELATOR_DATABASE_URL": f"sqlite:///{tmp_path / 'store.db'}",
        "CORRELATOR_WEB_BASE_URL": "https://correlator.example.com",
        "CORRELATOR_SLACK_ENABLED": "true",
        "CORRELATOR_SLACK_ATTACH": "true",
        "CORRELATOR_ACCESS_COSTLY_PER_MINUTE": "3",
        "SHARE_SECRET": SECRET,
    }
    app = create_app(load_settings(None, environment))
    yield app.test_client()
    app.extensions["correlator"].engine.dispose()


def engine_of(client: FlaskClient) -> Engine:
    engine: Engine = client.application.extensions["correlator"].engine
    return engine


def put(client: FlaskClient, ask: str, seen: int = 0) -> int:
    return client.post(f"{PAGE}/ask", data={"ask": ask, "actor": "an engineer", "seen": str(seen)}).status_code


# --- the ask ---------------------------------------------------------------------------------------------------


def test_the_ask_in_a_person_s_words_stands_wherever_it_is_told(own: FlaskClient) -> None:
    assert put(own, SAID) == 303
    for path in (PAGE, f"{PAGE}/packet.md", f"{PAGE}/note.txt", f"{PAGE}/ticket.txt"):
        assert SAID in " ".join(own.get(path).text.split()), path
    page = text_of(own, PAGE)
    assert f"The rule asks {RULE_SAYS}" in page
    assert "Put so by an engineer" in page
    assert own.get(f"/api/v1/findings/{ID}").get_json()["rule"]["edited"]["original"] == RULE_SAYS


def test_the_next_version_of_the_finding_keeps_the_words_and_they_can_be_taken_back(own: FlaskClient) -> None:
    put(own, SAID)
    changed = replace(cast.systemic(), verdict=Verdict.INCONCLUSIVE, needs="more runs")
    save_analysis(
        engine_of(own), Analysis(cast.END, (changed, cast.transient())), cast.END + timedelta(hours=1), _Always()
    )
    stored = get_finding(engine_of(own), ID)
    assert stored is not None
    assert stored.document["rule"]["ask"] == SAID
    assert put(own, "", seen=1) == 303
    assert "edited" not in own.get(f"/api/v1/findings/{ID}").get_json()["rule"]


class _Always(Rule):
    """Says the same of every finding."""

    def match(self, finding, /):  # type: ignore[no-untyped-def]
        return super().match(replace(finding, verdict=Verdict.SYSTEMIC))


def test_of_two_who_edit_at_once_the_slower_is_told(own: FlaskClient) -> None:
    assert [put(own, SAID), put(own, "other words")] == [303, 409]
    assert own.post(f"{PAGE}/ask", data={"ask": SAID, "seen": "1"}).status_code == 422
    other = finding_id("tenant-02", "export_email")
    assert own.post(f"/findings/{other}/ask", data={"ask": "x", "actor": "a", "seen": "0"}).status_code == 409


# --- links for others ------------------------------------------------------------------------------------------


def shared(client: FlaskClient) -> str:
    """Makes a link, and gives its path."""
    made = client.post(f"{PAGE}/shares", data={"days": "7", "actor": "an engineer", "note": "the partner"})
    assert made.status_code == 303
    found = re.search(r'href="https://correlator.example.com(/shared/[^"]+)"', client.get(PAGE).text)
    assert found
    return found[1]


def test_a_link_shows_the_finding_and_nothing_of_other_tenants(own: FlaskClient) -> None:
    path = shared(own)
    answer = own.get(path)
    assert answer.status_code == 200
    assert "Systemic, caused upstream by ingest_events" in answer.text
    assert "tenant-02" in own.get(PAGE).text
    assert "tenant-02" not in answer.text
    assert SECRET not in answer.text + own.get(PAGE).text
    assert "<form" not in answer.text
    assert {name: answer.headers[name] for name in ("Cache-Control", "Referrer-Policy", "X-Robots-Tag")} == {
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex, nofollow",
    }
    trail = text_of(own, PAGE)
    assert "made a link by an engineer" in trail
    assert "opened it by a link" in trail


def test_who_has_a_link_opens_it_as_often_as_costly_pages_and_other_links_beside_it(own: FlaskClient) -> None:
    path = shared(own)
    assert [own.get(path).status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = own.get(path)
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert own.get(shared(own)).status_code == 200


def test_a_link_is_for_one_finding_and_cannot_be_made_up(own: FlaskClient) -> None:
    path = shared(own)
    token = path.removeprefix("/shared/")
    name, _, signature = token.partition(".")
    for forged in (f"{name}.{signature[::-1]}", f"{name[::-1]}.{signature}", name, "x", f"{token}x"):
        assert own.get(f"/shared/{forged}").status_code == 404


def test_a_link_that_is_taken_back_or_past_its_time_opens_nothing(own: FlaskClient) -> None:
    first, share = shared(own), re.search(r"/shares/([\w-]+)/revoke", own.get(PAGE).text)
    assert share
    other = finding_id("tenant-02", "export_email")
    assert own.post(f"/findings/{other}/shares/{share[1]}/revoke", data={"actor": "a"}).status_code == 404
    assert own.post(f"{PAGE}/shares/{share[1]}/revoke", data={"actor": "another"}).status_code == 303
    assert own.get(first).status_code == 404
    assert "revoked" in text_of(own, PAGE)
    second = shared(own)
    with writing(engine_of(own)) as connection:
        connection.execute(update(finding_shares).values(expires_at=micros(datetime(2026, 1, 1, tzinfo=UTC))))
    assert own.get(second).status_code == 404


def test_without_a_secret_nothing_is_signed(client: FlaskClient) -> None:
    assert "SHARE_SECRET" in client.get(PAGE).text
    answer = client.post(f"{PAGE}/shares", data={"days": "7", "actor": "an engineer"})
    assert answer.status_code == 503
    assert client.post(f"{PAGE}/shares", data={"days": "8", "actor": "an engineer"}).status_code == 422


# --- versions --------------------------------------------------------------------------------------------------


def test_two_versions_are_laid_side_by_side(own: FlaskClient) -> None:
    assert "there is nothing to compare" in text_of(own, f"{PAGE}/versions")
    changed = replace(cast.systemic(), verdict=Verdict.INCONCLUSIVE, observed=4, pairs=cast.pairs()[:4])
    save_analysis(engine_of(own), Analysis(cast.END, (changed,)), cast.END + timedelta(hours=1), Rule())
    page = text_of(own, f"{PAGE}/versions")
    assert "verdict systemic inconclusive" in page
    assert "observed 6 4" in page
    assert "gone, 2 failed runs attributed to the cause" in page
    back = text_of(own, f"{PAGE}/versions?from=2026-03-16T01:00:00Z&to=2026-03-16T00:00:00Z")
    assert "verdict systemic inconclusive" in back
    assert own.get(f"{PAGE}/versions?from=2020-01-01T00:00:00Z").status_code == 422


# --- attaching -------------------------------------------------------------------------------------------------


def outcome(done: str, said: str, note: str | None = None) -> str:
    return json.dumps([{"target": "Q1", "done": done, "said": said, "note": note}])


@pytest.mark.parametrize(
    ("output", "title"),
    [
        (outcome("written", "the note was written", "the text of it"), "✓ Attached"),
        (outcome("failed", "slack took too long"), "✗ Not attached"),
        ("[]", "Nothing to attach to"),
    ],
)
def test_attaching_shows_what_came_of_it(
    own: FlaskClient, monkeypatch: pytest.MonkeyPatch, output: str, title: str
) -> None:
    asked: list[list[str]] = []

    def run(_: object, arguments: list[str], __: int) -> Done:
        asked.append(arguments)
        return Done(1, output, "")

    monkeypatch.setattr(evidence, "run_own", run)
    answer = own.post(f"{PAGE}/attach", data={"sink": "slack"})
    assert title in " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())
    assert asked == [["attach", ID, "--to", "slack", "--json"]]
    assert "attached its note sink slack" in text_of(own, PAGE)


def test_what_the_command_cannot_do_is_said_in_its_own_words(own: FlaskClient) -> None:
    answer = own.post(f"{PAGE}/attach", data={"sink": "slack"})
    assert answer.status_code == 503
    assert "slack.channel is not set" in answer.text
    assert own.post(f"{PAGE}/attach", data={"sink": "zendesk"}).status_code == 422
