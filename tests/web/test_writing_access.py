"""Who may write, acknowledge and approve where people log in: under their own names, and of their tenants alone."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from correlator.settings import load_settings
from correlator.store.database import open_store, reading
from correlator.store.findings import finding_id
from correlator.store.schema import audit
from correlator.store.tokens import NewToken, create_token
from tests.web import cast
from web.app import create_app

FINDING = finding_id(cast.PREMIUM, cast.EXPORT)
OTHERS = finding_id("tenant-02", "export_email")
ACTORS = {
    "commander": ("responder", None),
    "engineer": ("responder", frozenset({cast.PREMIUM})),
    "colleague": ("responder", frozenset({cast.PREMIUM, "tenant-02"})),
    "stranger": ("responder", frozenset({"tenant-02"})),
    "reader": ("viewer", None),
}


@dataclass
class Desk:
    """The pages, asked by people who show tokens."""

    app: Flask
    tokens: dict[str, str]

    def get(self, who: str, path: str) -> TestResponse:
        return self.app.test_client().get(path, headers=self._head(who))

    def post(self, who: str, path: str, **fields: str) -> TestResponse:
        return self.app.test_client().post(path, data=fields, headers=self._head(who))

    def _head(self, who: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[who]}"}


@pytest.fixture
def desk(full_folder: Path, tmp_path: Path) -> Iterator[Desk]:
    file = tmp_path / "store.db"
    shutil.copy(full_folder / "store.db", file)
    engine = open_store(f"sqlite:///{file}")
    tokens = {
        name: create_token(engine, NewToken(name, role, tenants), cast.END)[0]
        for name, (role, tenants) in ACTORS.items()
    }
    engine.dispose()
    values = {"CORRELATOR_DATABASE_URL": f"sqlite:///{file}", "CORRELATOR_ACCESS_TOKENS": "true"}
    values["SHARE_SECRET"] = "a-secret-of-thirty-two-characters"
    app = create_app(load_settings(None, values))
    yield Desk(app, tokens)
    app.extensions["correlator"].engine.dispose()


def audited(desk: Desk) -> list[tuple[str, str]]:
    """What those who logged in did; the store was copied from one that others had read."""
    named = select(audit).where(audit.c.actor.in_(ACTORS)).order_by(audit.c.at)
    with reading(desk.app.extensions["correlator"].engine) as connection:
        return [(row.actor, row.action) for row in connection.execute(named)]


def test_a_handover_is_shown_to_those_who_may_see_all_it_tells_of(desk: Desk) -> None:
    theirs = desk.post("commander", "/handover").headers["Location"]
    assert desk.post("engineer", "/handover", actor="somebody else").status_code == 422
    mine = desk.post("engineer", "/handover").headers["Location"]
    both = desk.post("colleague", "/handover").headers["Location"]
    three = [theirs, mine, both]
    assert len(set(three)) == 3, "who sees other tenants writes another one"
    seen = {who: [page for page in three if desk.get(who, page).status_code == 200] for who in ACTORS}
    assert seen == {"commander": three, "engineer": [mine], "colleague": [mine, both], "stranger": [], "reader": three}
    assert re.findall(r"/handover/\d+(?=\")", desk.get("engineer", "/handover").text) == [mine, mine]
    text = desk.get("engineer", mine).text
    assert "Begun by engineer" in text
    assert "tenant-02" not in text
    assert desk.post("stranger", f"{both}/acknowledge", seen="1").status_code == 404
    assert desk.post("engineer", f"{both}", seen="1", next="x").status_code == 404
    assert desk.post("engineer", f"{mine}/acknowledge", seen="1").status_code == 409
    assert desk.post("colleague", f"{mine}/acknowledge", seen="1").status_code == 303
    assert "Acknowledged by <strong>colleague</strong>" in desk.get("commander", mine).text


def test_a_message_is_approved_by_another_login(desk: Desk) -> None:
    page = desk.post("engineer", f"/findings/{FINDING}/customers").headers["Location"]
    found = re.search(r'name="sha256" value="(\w+)"', desk.get("commander", page).text)
    assert found
    given = {"seen": "1", "sha256": found[1]}
    assert desk.post("engineer", f"{page}/approve", actor="commander", **given).status_code == 422
    assert desk.post("engineer", f"{page}/approve", **given).status_code == 409
    assert desk.post("stranger", f"{page}/approve", **given).status_code == 404
    assert desk.post("reader", f"{page}/approve", **given).status_code == 403
    assert desk.post("commander", f"{page}/approve", **given).status_code == 303
    assert desk.post("engineer", f"{page}/sent", seen="2", channel="e-mail").status_code == 303
    text = desk.get("reader", page).text
    assert "approved by <strong>commander</strong>" in text
    assert "not proven" not in text
    assert page not in desk.get("stranger", "/messages").text
    assert audited(desk) == [
        ("engineer", "customer message drafted"),
        ("commander", "customer message approved"),
        ("engineer", "customer message sent"),
    ]


def test_what_somebody_else_was_quicker_with_is_not_in_the_log(desk: Desk) -> None:
    page = f"/findings/{FINDING}"
    assert desk.post("commander", f"{page}/shares", days="7").status_code == 303
    share = re.search(rf"{page}/shares/[^/]+/revoke", desk.get("commander", page).text)
    assert share
    for who, status in (("commander", (303, 303)), ("engineer", (409, 404))):
        asked = desk.post(who, f"{page}/ask", ask=f"as {who} says", seen="0")
        assert (asked.status_code, desk.post(who, share[0]).status_code) == status
    assert audited(desk) == [("commander", "share"), ("commander", "ask"), ("commander", "unshare")]


def test_a_viewer_reads_and_writes_nothing(desk: Desk) -> None:
    for path in ("/handover", f"/findings/{FINDING}/customers"):
        assert 'method="post"' not in desk.get("reader", path).text
        assert desk.post("reader", path).status_code == 403
    assert desk.get("stranger", f"/findings/{FINDING}/customers").status_code == 404
    assert desk.get("stranger", f"/findings/{OTHERS}/customers").status_code == 200


def test_a_question_is_told_to_those_who_know_its_job_and_changed_by_who_made_it(desk: Desk) -> None:
    for name, query in (("ours", "by=job&root_job=ingest_events"), ("exports", "job=export_ads"), ("all", "by=team")):
        assert desk.post("commander", "/reports/questions", name=name, query=query).status_code == 303
    mine = desk.post("engineer", "/reports/questions", name="as at tenant-02", query="job=export_ads")
    assert mine.status_code == 303
    for other in ("tenant-02", "nobody"):
        refused = desk.post("engineer", "/reports/questions", name="for others to read", query=f"tenant={other}")
        assert refused.status_code == 422
    names = {who: list(_questions(desk, who)) for who in ("commander", "engineer", "stranger")}
    assert names == {
        "commander": ["all", "as at tenant-02", "exports", "ours"],
        "engineer": ["all", "as at another tenant", "exports", "ours"],
        "stranger": ["all"],
    }
    hidden = _questions(desk, "commander")["exports"]
    assert desk.get("stranger", f"/api/v1/reports/questions/{hidden}").status_code == 404
    assert "export_ads" not in desk.get("stranger", "/reports").text
    own = f"/reports/questions/{_questions(desk, 'engineer')['as at another tenant']}"
    assert desk.post("engineer", own, name="again").status_code == 303
    assert list(_questions(desk, "engineer")) == ["again", "all", "exports", "ours"]
    assert desk.post("engineer", f"{own}/delete").status_code == 303
    assert list(_questions(desk, "engineer")) == ["all", "exports", "ours"]


def _questions(desk: Desk, who: str) -> dict[str, str]:
    """Their ids by name."""
    return {one["name"]: one["id"] for one in desk.get(who, "/api/v1/reports/questions").get_json()["questions"]}
