"""Child processes: how many wait for them at once, and what of their words somebody reads who may see some tenants."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask import Flask

from correlator.settings import load_settings
from tests.web.access.worlds import OWN, OWN_ID, SECRET, world
from web.access.actor import Actor, Role
from web.access.current import enter
from web.app import create_app
from web.process.children import AT_ONCE, a_turn, run_own
from web.server import THREADS


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    engine, _ = world(tmp_path, secret=True, filled=False)
    made = create_app(load_settings(None, {"CORRELATOR_DATABASE_URL": f"sqlite:///{tmp_path / 'store.db'}"}))
    yield made
    made.extensions["correlator"].engine.dispose()
    engine.dispose()


def test_who_comes_when_enough_wait_is_told_so_at_once_and_pages_go_on(app: Flask) -> None:
    client, own = app.test_client(), {"Sec-Fetch-Site": "same-origin"}
    assert AT_ONCE <= THREADS // 2
    with ExitStack() as waiting:
        for _ in range(AT_ONCE):
            waiting.enter_context(a_turn())
        for path in (f"/api/v1/findings/{OWN_ID}/bundles", f"/api/v1/findings/{OWN_ID}/verification"):
            answer = client.post(path, headers=own)
            assert (answer.status_code, answer.get_json()["error"]["code"]) == (503, "busy")
            assert int(answer.headers["Retry-After"]) > 0
        assert client.post("/check/now", data={"job": "x"}, headers=own).status_code == 503
        assert client.get("/").status_code == 200
    with a_turn():
        pass


def test_what_a_command_says_is_told_as_whoever_asks_may_read_it(app: Flask) -> None:
    settings = app.extensions["correlator"].settings
    with app.test_request_context():
        assert SECRET in run_own(settings, ["findings", "show", OWN_ID, "--json"], 60).output
        enter(Actor("seer", Role.RESPONDER, frozenset({OWN}), "token"))
        told = run_own(settings, ["findings", "show", OWN_ID, "--json"], 60)
        refused = run_own(settings, ["findings", "show", f"F-{SECRET}"], 60)
    assert OWN in told.output
    assert SECRET not in told.output
    assert "another tenant" in refused.last_words
    assert SECRET not in refused.messages
