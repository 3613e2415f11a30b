"""Who may use which route: by role, by token, by a proxy's word, from another site's page, and how often."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from correlator.errors import SettingsError, UsageError
from correlator.settings import load_settings
from correlator.store.audit import Wanted, entries
from correlator.store.tokens import NewToken, create_token, list_tokens, revoke_token
from tests.web.factory import full_store
from web.access.actor import ROLES
from web.access.gate import OPEN, OWN_PROOF, SAFE
from web.access.limiting import COSTLY
from web.access.requirements import requirement_of
from web.app import create_app

Made = Callable[..., Flask]
ADDRESS = {"REMOTE_ADDR": "10.1.2.3"}
PROXY = {
    "access_proxy_header": "X-Forwarded-User",
    "access_proxy_groups_header": "X-Forwarded-Groups",
    "access_proxy_from": "10.1.0.0/16,::1",
    "access_roles": "oncall=responder,owners=admin,support=viewer,seventh=viewer",
    "access_tenants": "seventh=tenant-07 tenant-08",
}


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("full")
    full_store(folder).dispose()
    return f"sqlite:///{folder / 'store.db'}"


@pytest.fixture
def made(store_url: str) -> Iterator[Made]:
    """An app; keywords are settings, `url` another store than a new one."""
    with ExitStack() as closing:

        def make(url: str = store_url, **changed: str) -> Flask:
            given = {f"CORRELATOR_{name.upper()}": value for name, value in changed.items()}
            app = create_app(load_settings(None, {"CORRELATOR_DATABASE_URL": url} | given))
            closing.callback(app.extensions["correlator"].engine.dispose)
            return app

        yield make


def token(app: Flask, role: str, tenants: frozenset[str] | None = None) -> Mapping[str, str]:
    wanted = NewToken(f"{role}-bot", role, tenants)
    shown, _ = create_token(app.extensions["correlator"].engine, wanted, datetime.now(UTC))
    return {"Authorization": f"Bearer {shown}"}


def systemic(client: FlaskClient, head: Mapping[str, str]) -> str:
    """The id of the one systemic finding that may be seen."""
    [found] = client.get("/api/v1/findings?verdict=systemic", headers=head).get_json()["findings"]
    return str(found["id"])


def code(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["error"]["code"]


# --- every route -------------------------------------------------------------------------------------------------


def _routes(app: Flask) -> Iterator[tuple[str, str, str]]:
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(int|path)?[^>]*>", lambda found: "1" if found[1] == "int" else "x", rule.rule)
        for method in sorted(set(rule.methods or ()) - {"OPTIONS"}):
            yield rule.endpoint, method, path


def test_every_route_is_closed_to_nobody_and_to_too_small_a_role(made: Made) -> None:
    app = made(access_tokens="true")
    client = app.test_client()
    keys = {role: token(app, role) for role in ("viewer", "responder", "admin")}
    for endpoint, method, path in _routes(app):
        if endpoint in OPEN | OWN_PROOF:
            continue
        assert client.open(path, method=method).status_code == 401, (method, path)
        requirement = requirement_of(app.view_functions[endpoint], writes=method not in SAFE)
        for role, key in keys.items():
            if ROLES[role] < requirement.role:
                assert client.open(path, method=method, headers=key).status_code == 403, (role, method, path)
            elif method == "GET" and path == "/":
                assert client.open(path, method=method, headers=key).status_code == 200


def test_every_route_that_writes_says_which_role_it_needs(made: Made) -> None:
    app = made()
    unsaid = {
        endpoint
        for endpoint, method, _ in _routes(app)
        if method not in SAFE
        and endpoint not in OWN_PROOF
        and not requirement_of(app.view_functions[endpoint], writes=True).stated
    }
    assert unsaid == set()


def test_what_is_named_as_open_or_costly_is_there(made: Made) -> None:
    known = set(made().view_functions) | {"login.begin", "login.back", "login.gone"}
    assert known >= OPEN | OWN_PROOF | COSTLY


def test_without_any_access_configured_it_is_as_ever(made: Made) -> None:
    client = made().test_client()
    assert client.get("/").status_code == 200
    assert client.get("/", headers={"X-Forwarded-User": "somebody"}).status_code == 200


def test_a_route_that_is_none_says_nothing_to_nobody(made: Made) -> None:
    assert made(access_tokens="true").test_client().get("/nothing").status_code == 401


def test_probes_are_open_and_measures_only_where_the_settings_say_so(made: Made) -> None:
    for setting, status in (("login", 401), ("loopback", 200)):
        client = made(access_tokens="true", access_metrics=setting).test_client()
        assert client.get("/healthz").status_code == 200
        assert client.get("/metrics").status_code == status
        assert client.get("/metrics", environ_base=ADDRESS).status_code == 401
        assert client.get("/metrics", headers={"X-Forwarded-For": "10.9.9.9"}).status_code == 401


def test_pages_of_all_tenants_are_closed_to_who_sees_some(made: Made) -> None:
    app = made(access_tokens="true")
    key = token(app, "admin", frozenset({"tenant-07"}))
    paths = ("/sources", "/sources/datadog/set-aside", "/metrics", "/api/v1/sources", "/audit", "/tokens")
    answers = [app.test_client().get(path, headers=key).status_code for path in paths]
    assert answers == [403] * len(paths)


# --- tokens ------------------------------------------------------------------------------------------------------


def test_a_token_works_until_it_expires_or_is_revoked(made: Made) -> None:
    app = made(access_tokens="true")
    engine, client, now = app.extensions["correlator"].engine, app.test_client(), datetime.now(UTC)
    shown, kept = create_token(engine, NewToken("bot", "viewer", None, now + timedelta(days=1)), now)
    key = {"Authorization": f"Bearer {shown}"}
    assert client.get("/api/v1/findings", headers=key).status_code == 200
    [used] = list_tokens(engine)
    assert used.last_used_at is not None
    assert used.last_used_at.minute == 0
    with time_machine.travel(now + timedelta(days=1)):
        assert code(client.get("/api/v1/findings", headers=key)) == (401, "not_a_token")
    revoke_token(engine, kept.id, now)
    assert code(client.get("/api/v1/findings", headers=key)) == (401, "not_a_token")
    with pytest.raises(UsageError, match="revoked before"):
        revoke_token(engine, kept.id, now)


@pytest.mark.parametrize("header", ["Bearer x", "Bearer corr_1_2", "Basic Og==", "", "Bearer " + "é" * 20, "corr_a_b"])
def test_what_is_no_token_lets_nobody_in(made: Made, header: str) -> None:
    client = made(access_tokens="true").test_client()
    assert code(client.get("/api/v1/findings", headers={"Authorization": header})) == (401, "not_a_token")


def test_no_part_of_a_token_is_stored(made: Made, tmp_path: Path) -> None:
    app = made(access_tokens="true")
    secret = token(app, "viewer")["Authorization"].split("_", 2)[2]  # it may hold more of them
    app.extensions["correlator"].engine.dispose()
    assert not [file for file in tmp_path.iterdir() if secret.encode() in file.read_bytes()]


def test_tokens_are_not_looked_at_while_they_are_not_switched_on(made: Made) -> None:
    app = made(**PROXY)
    assert app.test_client().get("/", headers=token(app, "admin")).status_code == 401


# --- the proxy ---------------------------------------------------------------------------------------------------


def through(client: FlaskClient, path: str = "/api/v1/findings", **more: Any) -> TestResponse:
    headers = {"X-Forwarded-User": "responder-1", "X-Forwarded-Groups": "oncall, guests"}
    return client.get(path, headers=headers, environ_base=ADDRESS, **more)


def test_the_proxys_word_is_taken_from_its_addresses_alone(made: Made) -> None:
    client = made(**PROXY).test_client()
    assert through(client).status_code == 200
    for address in ("127.0.0.1", "10.2.0.1", "", "::2"):
        for header in ("X-Forwarded-User", "X-Forwarded-Groups"):
            answer = client.get("/api/v1/findings", headers={header: "owners"}, environ_base={"REMOTE_ADDR": address})
            assert code(answer) == (403, "not_the_proxy"), (address, header)
    assert code(client.get("/api/v1/findings", environ_base=ADDRESS)) == (401, "not_logged_in")


def test_a_name_that_stands_twice_or_cannot_be_shown_is_refused(made: Made) -> None:
    client = made(**PROXY).test_client()
    for names in (["admin", "responder-1"], ["admin,responder-1"], ["a" * 201], ["a\tb"]):
        headers = [*(("X-Forwarded-User", name) for name in names), ("X-Forwarded-Groups", "owners")]
        assert code(client.get("/api/v1/findings", headers=headers, environ_base=ADDRESS)) == (403, "not_the_proxy")


def test_groups_give_the_highest_role_and_the_tenants_of_that_role(made: Made, full: str) -> None:
    client = made(full, **PROXY).test_client()
    seen = {}
    for groups in ("support", "seventh", "seventh,oncall", "guests", "seventh,support"):
        headers = {"X-Forwarded-User": "somebody", "X-Forwarded-Groups": groups}
        answer = client.get("/api/v1/findings", headers=headers, environ_base=ADDRESS)
        seen[groups] = len(answer.get_json()["findings"]) if answer.status_code == 200 else code(answer)
    whole = {"support": 3, "seventh": 1, "seventh,oncall": 3, "guests": (403, "no_role"), "seventh,support": 3}
    assert seen == whole


@pytest.mark.parametrize(
    "changed",
    [
        {"access_proxy_from": ""},
        {"access_proxy_from": "0.0.0.0/0"},
        {"access_proxy_from": "10.1.2.3/16"},
        {"access_proxy_from": "proxy.example.com"},
        {"access_tenants": "nobody=tenant-07"},
        {"access_tenants": "seventh= "},
    ],
)
def test_a_proxy_or_groups_that_cannot_be_right_are_refused(made: Made, changed: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=r"access\.(proxy_from|tenants)"):
        made(**(PROXY | changed))


# --- other sites -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://example.com"},
        {"Origin": "null"},
        {"Origin": "http://correlator.example.com"},
        {"Origin": "https://correlator.example.com:8443"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_no_write_is_taken_from_a_page_of_another_site(made: Made, headers: dict[str, str]) -> None:
    """Central: whatever route it is, and whether it says anything of this itself."""
    app = made(web_base_url="https://correlator.example.com")
    for endpoint, method, path in _routes(app):
        if method not in SAFE and endpoint not in OWN_PROOF:
            answer = app.test_client().open(path, method=method, headers=headers)
            assert answer.status_code == 403, (method, path)


def test_a_token_shows_that_the_sender_meant_it(made: Made, full: str) -> None:
    app = made(full, access_tokens="true")
    head = {**token(app, "responder"), "Origin": "https://example.com"}
    assert app.test_client().post("/api/v1/findings/x/life", headers=head, json={}).status_code in (404, 422)


# --- what is written ---------------------------------------------------------------------------------------------


def test_who_acts_is_who_is_logged_in_and_stands_in_the_log(made: Made, tmp_path: Path) -> None:
    engine = full_store(tmp_path)
    app = made(f"sqlite:///{tmp_path / 'store.db'}", access_tokens="true")
    head, client = token(app, "responder"), app.test_client()
    found = systemic(client, head)
    path, step = f"/api/v1/findings/{found}/life", {"step": "confirm", "reason": "it is real"}
    assert client.post(path, headers=head, json=step | {"actor": "somebody else"}).status_code == 422
    answer = client.post(path, headers=head, json=step)
    assert answer.status_code == 201, answer.text
    [entry] = entries(engine, Wanted(action="confirm"))
    assert (entry.actor, entry.via, entry.role, entry.target) == ("responder-bot", "token", "responder", found)
    assert answer.get_json()["events"][-1]["actor"] == "responder-bot"
    page = client.get(f"/findings/{found}", headers=head).text
    assert "responder-bot" in page
    assert 'name="actor"' not in page
    engine.dispose()


def test_forms_are_not_shown_to_who_may_only_look(made: Made, full: str) -> None:
    app = made(full, access_tokens="true")
    head, client = token(app, "viewer"), app.test_client()
    found = systemic(client, head)
    page = client.get(f"/findings/{found}", headers=head)
    assert page.status_code == 200
    assert f'action="/findings/{found}/life"' not in page.text


# --- how often ---------------------------------------------------------------------------------------------------


def test_what_costs_much_is_counted_by_who_asks(made: Made) -> None:
    app = made(access_tokens="true", access_costly_per_minute="3")
    keys, client = [token(app, role) for role in ("viewer", "admin")], app.test_client()
    answers = [client.get("/api/v1/check?job=x", headers=keys[0]) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert code(answers[3]) == (429, "too_many_requests")
    assert 1 <= int(answers[3].headers["Retry-After"]) <= 60
    assert client.get("/check", headers=keys[0]).status_code == 429
    assert client.get("/check", headers=keys[1]).status_code == 200
    assert client.get("/api/v1/findings", headers=keys[0]).status_code == 200


def test_no_cache_gives_an_answer_to_somebody_else(made: Made) -> None:
    app = made(access_tokens="true")
    answer = app.test_client().get("/api/v1/findings", headers=token(app, "viewer"))
    assert {"Authorization", "Cookie"} <= set(answer.headers["Vary"].split(", "))
    assert answer.headers["Cache-Control"].startswith("private")


# --- lineage -----------------------------------------------------------------------------------------------------


def test_lineage_takes_an_api_token_once_access_is_configured(made: Made) -> None:
    app = made(access_tokens="true", openlineage_enabled="true")
    statuses = {
        role: app.test_client().post("/api/v1/lineage", json={}, headers=token(app, role)).status_code
        for role in ("viewer", "responder")
    }
    assert statuses == {"viewer": 403, "responder": 422}
    assert app.test_client().post("/api/v1/lineage", json={}).status_code == 401
    narrow = token(app, "responder", frozenset({"tenant-07"}))
    assert app.test_client().post("/api/v1/lineage", json={}, headers=narrow).status_code == 403
