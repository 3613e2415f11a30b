"""The pages of actions: what would be sent word for word, and who lets it."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from correlator.actions.proposing import propose
from correlator.actions.running import run_actions
from correlator.store.actions import get_action, steps_of
from correlator.store.database import open_store
from correlator.store.findings import finding_id
from tests.actions.kit import NOW, full, look, rules, settings
from web.app import create_app

ID = finding_id("tenant-07", "export_ads")
PERSON = {"actor": "on-call", "reason": "known, and harmless"}
Opened = Callable[[str], FlaskClient]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    yield made
    made.dispose()


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    apps: list[Flask] = []

    def open_(mode: str) -> FlaskClient:
        apps.append(create_app(settings(tmp_path, mode)))
        return apps[-1].test_client()

    yield open_
    for app in apps:
        app.extensions["correlator"].engine.dispose()


def _proposed(engine: Engine, tmp_path: Path, kind: str = "webhook") -> str:
    look(engine, full(), by=rules(kind))
    (name,) = propose(engine, settings(tmp_path, "rehearse"), NOW)
    return name


def _post(client: FlaskClient, name: str, deed: str, **fields: str) -> int:
    given = PERSON | fields
    return client.post(f"/actions/{name}/{deed}", data=given, headers={"Sec-Fetch-Site": "same-origin"}).status_code


@pytest.mark.parametrize(
    ("mode", "said"), [("never", "Actions are turned off"), ("rehearse", "are rehearsed"), ("live", "Actions are live")]
)
def test_the_mode_is_explained_where_nothing_was_proposed(opened: Opened, mode: str, said: str) -> None:
    text = opened(mode).get("/actions").text
    assert said in text
    assert "No action was proposed" in text


@pytest.mark.parametrize("kind", ["webhook", "rerun", "pagerduty_automation"])
def test_what_would_be_sent_stands_there_word_for_word(
    opened: Opened, engine: Engine, tmp_path: Path, kind: str
) -> None:
    name = _proposed(engine, tmp_path, kind)
    client = opened("rehearse")
    for address in ("/actions", f"/actions/{name}", f"/findings/{ID}"):
        body = html.unescape(client.get(address).text.split("<pre>")[1].split("</pre>")[0])
        bodies: dict[str, dict[str, Any]] = {
            "webhook": {"action_id": name, "fix": "Remove old files.", "finding_id": ID},
            "rerun": {"dag_run_id": f"correlator__{name}", "logical_date": None},
            "pagerduty_automation": {"invocation": {"metadata": {"incident_id": ""}}},
        }
        assert bodies[kind].items() <= json.loads(body).items()


def test_a_person_approves_or_refuses_with_name_and_reason(opened: Opened, engine: Engine, tmp_path: Path) -> None:
    name = _proposed(engine, tmp_path)
    client = opened("rehearse")
    assert _post(client, name, "approve", reason=" ") == 422
    assert _post(client, name, "approve", actor="") == 422
    assert _post(client, name, "approve") == 303
    step = steps_of(engine, name)[-1]
    assert (step.step, step.actor, step.words) == ("approved", "on-call", "known, and harmless")
    run_actions(engine, settings(tmp_path, "rehearse"), NOW)
    page = client.get(f"/actions/{name}").text
    assert "actions.mode is `rehearse`" in html.unescape(page)
    assert "approve-" not in page
    assert _post(client, name, "refuse", reason="a freeze") == 303
    assert _post(client, name, "approve") == 409
    found = get_action(engine, name)
    assert found is not None
    assert found.state == "refused"


def test_another_site_cannot_approve_and_an_unknown_action_is_none(
    opened: Opened, engine: Engine, tmp_path: Path
) -> None:
    name = _proposed(engine, tmp_path)
    client = opened("live")
    sent = client.post(f"/actions/{name}/approve", data=PERSON, headers={"Sec-Fetch-Site": "cross-site"})
    assert sent.status_code == 403
    assert [step.step for step in steps_of(engine, name)] == ["proposed", "rehearsed"]
    assert _post(client, "A-NONE", "approve") == 404
    assert client.get("/actions/A-NONE").status_code == 404
