"""What programs make, read back, change and take away: questions, tokens, replays of the rules."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from correlator.model import Verdict
from correlator.settings import load_settings
from correlator.store.audit import Wanted as Noted
from correlator.store.audit import entries
from correlator.store.database import open_store
from correlator.store.questions import change_question, get_question
from correlator.store.rule_replays import Played, StoredFiring, begin_replay, replay_done
from correlator.store.tokens import NewToken, create_token
from tests.web import cast
from web.app import create_app

NOW = datetime.now(UTC)
QUESTIONS = "/api/v1/reports/questions"
KEPT = {"actor": "on-call", "name": "minutes by team", "query": "by=team&measure=minutes&from=2026-01&to=2026-03"}


@pytest.fixture
def own(full_folder: Path, tmp_path: Path, open_client: Callable[[Path], FlaskClient]) -> FlaskClient:
    shutil.copy(full_folder / "store.db", tmp_path / "store.db")
    return open_client(tmp_path)


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[FlaskClient]:
    """Where tokens are the way in."""
    given = {"CORRELATOR_DATABASE_URL": f"sqlite:///{tmp_path / 'store.db'}", "CORRELATOR_ACCESS_TOKENS": "true"}
    app = create_app(load_settings(None, given))
    yield app.test_client()
    app.extensions["correlator"].engine.dispose()


def bearer(client: FlaskClient, role: str, tenants: frozenset[str] | None = None) -> dict[str, str]:
    engine = client.application.extensions["correlator"].engine
    return {"Authorization": f"Bearer {create_token(engine, NewToken(role, role, tenants), NOW)[0]}"}


def test_a_question_is_kept_read_changed_and_deleted(own: FlaskClient) -> None:
    made = own.post(QUESTIONS, json=KEPT)
    kept, where = made.get_json(), made.headers["Location"]
    assert (made.status_code, where) == (201, f"{QUESTIONS}/{kept['id']}")
    assert own.get(QUESTIONS).get_json()["questions"] == [kept]
    assert own.get(kept["address"]).status_code == own.get(f"/api/v1/reports?{kept['query']}").status_code == 200

    read = own.get(where)
    tag = {"If-Match": read.headers["ETag"]}
    assert read.get_json() == kept
    changed = own.put(where, json=KEPT | {"name": "minutes"}, headers=tag)
    assert (changed.status_code, changed.get_json()["name"]) == (200, "minutes")
    late = [own.put(where, json=KEPT, headers=tag), own.delete(where, headers=tag)]
    assert [(one.status_code, one.get_json()["error"]["code"]) for one in late] == [(412, "changed_meanwhile")] * 2
    assert own.get(where).get_json()["name"] == "minutes"
    weak = f"W/{changed.headers['ETag']}"  # as a proxy makes it that packs what it passes on
    assert own.delete(where, headers={"If-Match": weak}).get_json() == changed.get_json()
    gone = [own.get(where), own.put(where, json=KEPT), own.delete(where)]
    assert [one.status_code for one in gone] == [404] * 3
    noted = entries(own.application.extensions["correlator"].engine, Noted(target=f"question {kept['id']}"))
    assert [one.action for one in noted] == ["question deleted", "question changed", "question kept"]


def test_of_two_who_change_a_question_at_once_one_is_told(own: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also without If-Match, and where the other one comes between reading and writing."""
    where = own.post(QUESTIONS, json=KEPT).headers["Location"]

    def quicker(engine: object, wanted: str) -> object:
        found = get_question(engine, wanted)  # type: ignore[arg-type]
        if found is not None and found.name == KEPT["name"]:
            change_question(engine, found, "theirs", found.query, "", "somebody", NOW)  # type: ignore[arg-type]
        return found

    monkeypatch.setattr("web.views.reports.get_question", quicker)
    assert own.put(where, json=KEPT | {"name": "mine"}).status_code == 409
    assert own.get(where).get_json()["name"] == "theirs"


def test_a_question_is_changed_by_who_made_it_or_an_admin(closed: FlaskClient) -> None:
    heads = {role: bearer(closed, role) for role in ("viewer", "responder", "admin")}
    where = closed.post(QUESTIONS, json=KEPT | {"actor": ""}, headers=heads["viewer"]).headers["Location"]
    body = {"name": "renamed"}
    statuses = {role: closed.put(where, json=body, headers=head).status_code for role, head in heads.items()}
    assert statuses == {"viewer": 200, "responder": 403, "admin": 200}
    assert closed.delete(where, headers=heads["responder"]).status_code == 403


def test_a_token_is_told_once_works_and_is_revoked(closed: FlaskClient) -> None:
    admin = bearer(closed, "admin")
    wanted = {"name": "ticket-bot", "role": "viewer", "tenants": ["tenant-07"], "days": 30}
    answer = closed.post("/api/v1/tokens", json=wanted, headers=admin)
    made = answer.get_json()
    secret = made.pop("token")
    assert (answer.status_code, answer.headers["Cache-Control"], made["works"]) == (201, "no-store", True)
    listed = closed.get("/api/v1/tokens?limit=1", headers=admin)
    assert listed.get_json()["tokens"] == [made]
    rest = closed.get(f"/api/v1/tokens?limit=1&after={listed.get_json()['next']}", headers=admin).get_json()
    assert ([one["name"] for one in rest["tokens"]], rest["next"]) == (["admin"], None)

    key = {"Authorization": f"Bearer {secret}"}
    assert closed.get("/api/v1/findings", headers=key).status_code == 200
    assert closed.get("/api/v1/tokens", headers=key).status_code == 403
    revoke = f"/api/v1/tokens/{made['id']}/revoke"
    assert closed.post(revoke, headers=key).status_code == 403
    revoked = closed.post(revoke, headers=admin).get_json()
    assert (revoked["works"], revoked["revoked_at"] is None) == (False, False)
    assert closed.get("/api/v1/findings", headers=key).status_code == 401
    assert closed.post(revoke, headers=admin).status_code == 409
    assert closed.post("/api/v1/tokens/nothing/revoke", headers=admin).status_code == 404
    noted = entries(closed.application.extensions["correlator"].engine, Noted(target=f"token {made['id']}"))
    assert [one.action for one in noted] == ["token revoked", "token created"]
    assert secret not in str([noted, listed.text, closed.get("/api/v1/audit", headers=admin).text])


def test_who_sees_some_tenants_makes_no_token(closed: FlaskClient) -> None:
    narrow = bearer(closed, "admin", frozenset({"tenant-07"}))
    body = {"name": "wide", "role": "admin"}
    wide = [closed.post("/api/v1/tokens", json=body | {"tenants": [" "]}, headers=bearer(closed, "admin"))]
    assert [one.status_code for one in wide] == [422], "a name that is none is not left out: that would be all tenants"
    answers = [closed.get("/api/v1/tokens", headers=narrow), closed.post("/api/v1/tokens", json=body, headers=narrow)]
    assert [one.status_code for one in answers] == [403, 403]


def test_a_replay_is_asked_for_waits_and_tells_what_would_have_fired(own: FlaskClient, tmp_path: Path) -> None:
    wanted = {"actor": "on-call", "days": 14, "basis": "happened"}
    asked = own.post("/api/v1/replays", json=wanted)
    first, where = asked.get_json(), asked.headers["Location"]
    assert (asked.status_code, first["state"], first["asked_by"]) == (201, "waiting", "on-call")
    assert own.post("/api/v1/replays", json=wanted | {"days": 7}).get_json() == first, "one at a time"
    waiting = own.get(where)
    assert (waiting.get_json()["replay"], waiting.get_json()["fired"]) == (first, {})

    play(tmp_path, first["id"])
    done = own.get(where, headers={"If-None-Match": waiting.headers["ETag"]})
    told = done.get_json()
    assert (done.status_code, told["replay"]["state"], told["replay"]["looks"]) == (200, "done", 168)
    assert told["fired"] == {"upstream-memory": {"held": 3, "said": 3, "noise": 1}}
    assert told["stale"] == ["other rules were changed since, and which rule speaks first may be another"]
    assert own.get("/api/v1/replays").get_json()["replays"] == [told["replay"]]
    pages, cursor = [], ""
    while True:
        page = own.get(f"{where}/firings?rule_id=upstream-memory&limit=2{cursor}").get_json()
        pages.append([one["failures"] for one in page["firings"]])
        if page["next"] is None:
            break
        cursor = f"&after={page['next']}"
    assert pages == [[3, 2], [1]]
    assert own.get(f"{where}/firings?rule_id=other").get_json()["firings"] == []
    assert own.get("/api/v1/replays/999/firings").status_code == 404


def play(folder: Path, replay_id: int) -> None:
    """As the scheduler does; two of the firings held from the same moment on."""
    engine = open_store(f"sqlite:///{folder / 'store.db'}")
    begun = begin_replay(engine, NOW)
    assert begun is not None
    assert begun.id == replay_id
    firings = tuple(
        StoredFiring(
            "upstream-memory",
            cast.PREMIUM,
            cast.EXPORT,
            Verdict.SYSTEMIC.value,
            cast.START if number < 3 else cast.END,
            "stands",
            number,
            cast.END,
            noise=number == 3,
        )
        for number in (1, 2, 3)
    )
    replay_done(engine, begun.id, Played({"upstream-memory": "1"}, cast.START, cast.END, 168, firings), NOW)
    engine.dispose()
