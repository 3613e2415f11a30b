from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.web.factory import settings_for
from web.app import create_app

PATHS = ("/", "/check", "/sources", "/api/v1/findings", "/nothing", "/static/style.css", "/healthz", "/metrics")


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_carries_the_headers(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    headers = answer.headers
    answer.close()
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/", "/check", "/sources"])
def test_pages_hold_no_inline_script_style_or_foreign_address(client: FlaskClient, path: str) -> None:
    body = client.get(path).text
    assert "style=" not in body
    assert "<style" not in body
    assert "onclick" not in body
    assert body.count("<script") == body.count('<script type="module" src="/static/')


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8420", "[::1]:8420", "LOCALHOST:1"])
def test_loopback_names_are_answered(client: FlaskClient, host: str) -> None:
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["attacker.example.com", "127.0.0.1.example.com", "192.0.2.7:8420", "[::2", ""])
def test_other_names_are_refused_because_of_dns_rebinding(client: FlaskClient, host: str) -> None:
    answer = client.get("/api/v1/findings", headers={"Host": host})
    assert answer.status_code == 421
    assert answer.get_json()["error"]["code"] == "wrong_host"


def test_the_host_of_the_base_url_is_answered(tmp_path: Path) -> None:
    app = create_app(settings_for(tmp_path, base_url="https://correlator.example.com/"))
    assert app.test_client().get("/healthz", headers={"Host": "correlator.example.com"}).status_code == 200
    app.extensions["correlator"].engine.dispose()
