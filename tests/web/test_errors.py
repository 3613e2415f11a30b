"""One shape for every error of the API; a page with the same words for people."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from structlog.testing import capture_logs

from correlator.errors import StoreError
from correlator.settings import load_settings
from correlator.store.database import open_store, writing
from correlator.store.tokens import NewToken, create_token
from tests.web.factory import settings_for
from web.app import create_app
from web.views import overview


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("GET", "/api/v1/findings/F-NOTHERE", 404, "not_found"),
        ("POST", "/api/v1/findings", 405, "method_not_allowed"),
        ("DELETE", "/api/v1/check", 405, "method_not_allowed"),
        ("GET", "/api/v1/findings?verdict=terrible", 422, "unprocessable"),
        ("GET", "/api/v1/findings?verdit=systemic", 422, "unprocessable"),
        ("GET", "/api/v1/check", 422, "unprocessable"),
        ("GET", "/api/v1/check?run_id=a&job=b", 422, "unprocessable"),
        ("GET", "/api/v1/check?run_id=" + "+".join(map(str, range(1001))), 422, "unprocessable"),
        ("GET", "/api/v1/sources?x=1", 422, "unprocessable"),
    ],
)
def test_the_shape(client: FlaskClient, method: str, path: str, status: int, code: str) -> None:
    answer = client.open(path, method=method)
    assert answer.status_code == status
    assert answer.mimetype == "application/json"
    error = answer.get_json()["error"]
    assert {"status", "code", "message", "hint"} <= error.keys()
    assert (error["status"], error["code"]) == (status, code)
    assert error["message"]


def test_a_405_lists_what_is_taken(client: FlaskClient) -> None:
    assert "GET" in client.post("/api/v1/findings").headers["Allow"]


def test_people_get_a_page(client: FlaskClient) -> None:
    answer = client.get("/findings/F-NOTHERE")
    assert answer.status_code == 404
    assert answer.mimetype == "text/html"
    assert "There is no finding F-NOTHERE" in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_a_404_does_not_echo_markup(client: FlaskClient) -> None:
    assert "<script>" not in client.get("/<script>alert(1)</script>").text.replace('<script type="module"', "")


def test_something_unforeseen_is_a_500_with_a_reference_that_stands_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(settings_for(tmp_path))

    def broken(*_: object) -> list[object]:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr("web.api.findings.standing_findings", broken)
    with capture_logs() as logs:
        answer = app.test_client().get("/api/v1/findings")
    error = answer.get_json()["error"]
    assert (answer.status_code, error["code"]) == (500, "internal")
    assert error["reference"] == logs[0]["reference"]
    assert "secret detail" not in answer.text
    app.extensions["correlator"].engine.dispose()


def test_a_store_that_fails_is_a_503_with_its_own_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(settings_for(tmp_path))

    def locked(_: object) -> list[object]:
        raise StoreError("the store is locked", hint="try again")

    monkeypatch.setattr(overview, "count_kinds", locked)
    answer = app.test_client().get("/")
    assert answer.status_code == 503
    assert "The store is locked" in answer.text
    assert "Try again" in answer.text
    app.extensions["correlator"].engine.dispose()


def test_where_the_store_is_and_what_ails_it_is_told_to_those_who_look_after_it(tmp_path: Path) -> None:
    """Also by the list that is written a part at a time, before its first part is."""
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    shown = {
        role: create_token(engine, NewToken(role, role, tenants), datetime.now(UTC))[0]
        for role, tenants in (("viewer", None), ("responder", frozenset({"tenant-07"})), ("admin", None))
    }
    with writing(engine) as connection:
        connection.execute(text("DROP TABLE job_scopes"))
    engine.dispose()
    given = {"CORRELATOR_DATABASE_URL": f"sqlite:///{tmp_path / 'store.db'}", "CORRELATOR_ACCESS_TOKENS": "true"}
    app = create_app(load_settings(None, given))
    for role, told in (("viewer", False), ("responder", False), ("admin", True)):
        answer = app.test_client().get("/api/v1/findings", headers={"Authorization": f"Bearer {shown[role]}"})
        assert answer.status_code == 503
        assert answer.get_json()["error"]["code"] == "unavailable"
        assert (str(tmp_path) in answer.text, "job_scopes" in answer.text) == (told, told)
    app.extensions["correlator"].engine.dispose()
