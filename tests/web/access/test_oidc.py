"""Logging in with a real provider on loopback, and everything that must not log anybody in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from pytest_httpserver import HTTPServer
from werkzeug.test import TestResponse

from correlator.errors import SettingsError
from correlator.settings import load_settings
from correlator.store.audit import Wanted, entries
from tests.web.access.provider import CLIENT, FIRST, SECOND, SECRET, Provider, hmac_key
from web.app import create_app

Made = Callable[..., Flask]
BASE = "http://localhost"


@pytest.fixture
def provider(httpserver: HTTPServer) -> Provider:
    return Provider(httpserver)


@pytest.fixture
def made(store_url: str, provider: Provider) -> Iterator[Made]:
    """An app that logs in there; keywords are settings below `access.` or, with `web_`, below `web.`."""
    with ExitStack() as closing:

        def make(**changed: str) -> Flask:
            usual = {
                "CORRELATOR_DATABASE_URL": store_url,
                "CORRELATOR_WEB_BASE_URL": BASE,
                "CORRELATOR_ACCESS_OIDC_ISSUER": provider.issuer,
                "CORRELATOR_ACCESS_OIDC_CLIENT_ID": CLIENT,
                "CORRELATOR_ACCESS_ROLES": "oncall=responder,owners=admin,support=viewer",
                "OIDC_CLIENT_SECRET": SECRET,
            }
            app = create_app(
                load_settings(None, usual | {f"CORRELATOR_{key.upper()}": changed[key] for key in changed})
            )
            closing.callback(app.extensions["correlator"].engine.dispose)
            return app

        yield make


def log_in(client: FlaskClient, provider: Provider, path: str = "/login") -> TestResponse:
    return client.get(provider.authorize(client.get(path).location))


def cookies_of(answer: TestResponse) -> list[str]:
    return answer.headers.getlist("Set-Cookie")


def test_who_opens_a_page_logs_in_and_comes_back_to_it(made: Made, provider: Provider) -> None:
    client = made().test_client()
    sent = client.get("/check?q=run-1")
    assert (sent.status_code, sent.location) == (303, "/login?next=/check?q%3Drun-1")
    back = log_in(client, provider, sent.location)
    assert (back.status_code, back.location) == (303, "/check?q=run-1")
    page = client.get(back.location)
    assert page.status_code == 200
    assert "responder-1" in page.text
    assert "Log out" in page.text
    assert any("HttpOnly" in cookie and "SameSite=Lax" in cookie for cookie in cookies_of(back))


def test_programs_are_not_sent_to_log_in(made: Made) -> None:
    answer = made().test_client().get("/api/v1/findings")
    assert answer.status_code == 401
    assert answer.get_json()["error"]["code"] == "not_logged_in"
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_over_tls_cookies_and_transport_are_strict(made: Made, provider: Provider) -> None:
    client = made(web_base_url="https://localhost").test_client()
    begun = client.get("/login")
    [cookie] = cookies_of(begun)
    assert cookie.startswith("__Host-correlator_login=")
    assert "Secure" in cookie
    assert begun.headers["Strict-Transport-Security"] == "max-age=31536000"


@pytest.mark.parametrize("next_", ["https://example.com/", "//example.com/", "/\\example.com", "javascript:alert(1)"])
def test_nobody_is_sent_elsewhere_after_logging_in(made: Made, provider: Provider, next_: str) -> None:
    client = made().test_client()
    begun = client.get("/login", query_string={"next": next_})
    assert client.get(provider.authorize(begun.location)).location == "/"


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ({"email": "one@example.com", "email_verified": True}, "one@example.com"),
        ({"email": "one@example.com"}, "subject-7"),
        ({"email": "one@example.com", "email_verified": "no"}, "subject-7"),
    ],
)
def test_an_address_is_a_name_once_the_provider_has_checked_it(
    made: Made, provider: Provider, said: dict[str, Any], name: str
) -> None:
    provider.claims = {**provider.claims, "preferred_username": "", "sub": "subject-7", **said}
    client = made().test_client()
    assert log_in(client, provider).status_code == 303
    assert f"<strong>{name}</strong>" in client.get("/").text


def test_below_a_path_people_come_back_below_it(made: Made, provider: Provider) -> None:
    client, below = made().test_client(), "http://localhost/ops"
    sent = client.get("/check?q=run-1", base_url=below)
    assert sent.location == "/ops/login?next=/check?q%3Drun-1"
    begun = client.get("/login", query_string={"next": "/check?q=run-1"}, base_url=below)
    back = client.get(provider.authorize(begun.location), base_url=below)
    assert (back.status_code, back.location) == (303, "/ops/check?q=run-1")


# --- what logs nobody in ----------------------------------------------------------------------------------------


def _wrong(**claims: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda usual: {name: value for name, value in {**usual, **claims}.items() if value is not None}


NOW = int(datetime.now(UTC).timestamp())
LIES = {
    "another nonce": _wrong(nonce="another"),
    "no nonce": _wrong(nonce=None),
    "another issuer": _wrong(iss="http://127.0.0.1:1"),
    "another audience": _wrong(aud="somebody-else"),
    "two audiences, for the other": _wrong(aud=[CLIENT, "somebody-else"], azp="somebody-else"),
    "expired": _wrong(exp=NOW - 3600, iat=NOW - 7200),
    "no expiry": _wrong(exp=None),
    "not yet valid": _wrong(nbf=NOW + 3600),
    "nobody": _wrong(sub=None),
}


def refused(client: FlaskClient, answer: TestResponse) -> None:
    assert answer.status_code == 403, answer.text
    assert "correlator_session=" not in "".join(cookies_of(answer))
    assert client.get("/api/v1/findings").status_code == 401


@pytest.mark.parametrize("lie", LIES)
def test_a_token_that_is_not_for_this_login_is_refused(made: Made, provider: Provider, lie: str) -> None:
    provider.change = LIES[lie]
    client = made().test_client()
    refused(client, log_in(client, provider))


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ({"alg": "none"}, FIRST),
        ({"alg": "HS256", "kid": "first"}, hmac_key()),
        ({"alg": "RS256", "kid": "first"}, SECOND),
        ({"alg": "RS256", "kid": "unknown"}, SECOND),
    ],
)
def test_a_token_that_the_provider_did_not_sign_is_refused(
    made: Made, provider: Provider, header: dict[str, Any], key: Any
) -> None:
    provider.header, provider.key = header, key
    client = made().test_client()
    refused(client, log_in(client, provider))


def test_another_state_or_none_or_an_issuer_mixed_up_is_refused(made: Made, provider: Provider) -> None:
    client = made().test_client()
    way = provider.authorize(client.get("/login").location)
    for changed in (way.replace("state=", "state=x"), way.split("&state=")[0], f"{way}&iss=http://127.0.0.1:1"):
        refused(client, client.get(changed))


def test_a_login_begun_in_another_browser_is_refused(made: Made, provider: Provider) -> None:
    """Else somebody could be logged in as somebody else, by a link."""
    app = made()
    way = provider.authorize(app.test_client().get("/login").location)
    victim = app.test_client()
    refused(victim, victim.get(way))
    victim.get("/login")
    refused(victim, victim.get(way))


def test_the_way_back_is_used_once_and_not_for_long(made: Made, provider: Provider) -> None:
    client = made().test_client()
    way = provider.authorize(client.get("/login").location)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=11)):
        refused(client, client.get(way))
    client = made().test_client()
    way = provider.authorize(client.get("/login").location)
    assert client.get(way).status_code == 303
    assert client.get(way).status_code == 403


def test_a_provider_that_says_it_is_another_is_refused(made: Made, provider: Provider) -> None:
    provider.said_issuer = "http://127.0.0.1:1"
    assert made().test_client().get("/login").status_code == 503


def test_a_code_without_its_verifier_gives_nothing(made: Made, provider: Provider) -> None:
    client = made().test_client()
    way = provider.authorize(client.get("/login").location)
    for asked in provider.codes.values():
        asked["code_challenge"] = "another"
    refused(client, client.get(way))


def test_who_has_no_role_is_not_let_in(made: Made, provider: Provider) -> None:
    provider.claims = {"preferred_username": "guest", "groups": ["others"]}
    client = made().test_client()
    refused(client, log_in(client, provider))
    assert log_in(made(access_default_role="viewer").test_client(), provider).status_code == 303


# --- the session ------------------------------------------------------------------------------------------------


def test_a_session_has_a_name_of_its_own(made: Made, provider: Provider) -> None:
    """Whoever plants a cookie before the login does not share the session after it."""
    client = made().test_client()
    client.set_cookie("correlator_session", "planted")
    log_in(client, provider)
    cookie = client.get_cookie("correlator_session")
    assert cookie is not None
    assert cookie.value != "planted"
    first = cookie.value
    log_in(client, provider)
    client.set_cookie("correlator_session", first)
    assert client.get("/api/v1/findings").status_code == 401


def test_a_session_ends_when_it_is_idle_and_when_it_is_old(made: Made, provider: Provider) -> None:
    client = made(access_idle_seconds="600", access_longest_seconds="1500").test_client()
    start = datetime.now(UTC)
    log_in(client, provider)
    statuses = []
    for minutes in (9, 18, 24, 26):
        with time_machine.travel(start + timedelta(minutes=minutes)):
            statuses.append(client.get("/api/v1/findings").status_code)
    assert statuses == [200, 200, 200, 401]
    log_in(client, provider)
    with time_machine.travel(start + timedelta(minutes=12)):
        assert client.get("/api/v1/findings").status_code == 401


def test_logging_out_ends_it_on_the_server(made: Made, provider: Provider) -> None:
    app = made()
    client = app.test_client()
    log_in(client, provider)
    cookie = client.get_cookie("correlator_session")
    assert cookie is not None
    assert client.post("/logout", headers={"Origin": "https://example.com"}).status_code == 403
    gone = client.post("/logout")
    assert (gone.status_code, gone.location) == (303, "/logged-out")
    assert "/logout?client_id=correlator" in client.get("/logged-out").text
    client.set_cookie("correlator_session", cookie.value)
    assert client.get("/api/v1/findings").status_code == 401
    engine = app.extensions["correlator"].engine
    assert [(one.action, one.actor) for one in entries(engine, Wanted())] == [
        ("log out", "responder-1"),
        ("log in", "responder-1"),
    ]


def test_new_keys_of_the_provider_are_asked_for(made: Made, provider: Provider) -> None:
    app = made()
    log_in(app.test_client(), provider)
    provider.keys, provider.key, provider.header = (SECOND,), SECOND, {"alg": "RS256", "kid": "second"}
    assert log_in(app.test_client(), provider).status_code == 303
    assert provider.asked.count("/keys") == 2


def test_logins_are_counted(made: Made, provider: Provider) -> None:
    client = made(access_logins_per_minute="2").test_client()
    answers = [client.get("/login") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [302, 302, 429]
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 60


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("web_base_url", "http://correlator.example.com"),
        ("web_base_url", ""),
        ("access_oidc_issuer", "http://login.example.com"),
        ("access_oidc_client_id", ""),
        ("access_oidc_scopes", "profile"),
        ("access_roles", "oncall=chief"),
        ("access_default_role", "chief"),
        ("access_idle_seconds", "0"),
        ("access_metrics", "everybody"),
    ],
)
def test_settings_that_cannot_be_right_are_refused(made: Made, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{name.replace('_', '.', 1)}"):
        made(**{name: value})
