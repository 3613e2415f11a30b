"""A store in which every page has something to show: the cast, its incident, and what people wrote about it."""

from __future__ import annotations

import re
from pathlib import Path

import time_machine
from flask.testing import FlaskClient
from sqlalchemy import Engine

from correlator.settings import Settings, load_settings
from correlator.store.actions import StoredAction, add_action
from correlator.store.findings import finding_id
from correlator.text.times import micros
from tests.web import cast, incident_cast
from tests.web.factory import full_store
from web.app import create_app

FINDING = f"/findings/{finding_id(cast.PREMIUM, cast.EXPORT)}"
HOSTILE = f"/findings/{finding_id(cast.HOSTILE, cast.HOSTILE)}"
ACTION = "act-restart-1"
HANDOVER = f"/handover/{micros(cast.END)}"
MESSAGE = f"{FINDING}/customers/{micros(cast.END)}"
SELDOM = str(10 * 365 * 86400)
"""Seconds between pulls: the cast's days are long gone, and here nothing is to be called stale for it."""
SECRET = "a-secret-of-thirty-two-characters"


def people(folder: Path) -> tuple[Settings, str]:
    """Fill the store in `folder`: what to serve it with, and the path of a link that was shared."""
    engine = full_store(folder)
    incident_cast.put(engine)
    propose(engine)
    engine.dispose()
    settings = load_settings(None, environment(folder))
    app = create_app(settings)
    link = write(app.test_client())
    app.extensions["correlator"].engine.dispose()
    return settings, link


def environment(folder: Path) -> dict[str, str]:
    store = f"sqlite:///{folder / 'store.db'}"
    return {
        "CORRELATOR_DATABASE_URL": store,
        "CORRELATOR_WEB_PORT": "0",
        "CORRELATOR_SCHEDULE_PULL_SECONDS": SELDOM,
        "SHARE_SECRET": SECRET,
    }


def propose(engine: Engine) -> None:
    """An action that waits for a person."""
    request = {"url": "https://example.com/hooks/restart", "body": {"job": cast.INGEST, "text": cast.HOSTILE}}
    about = FINDING.removeprefix("/findings/")
    action = StoredAction(
        ACTION, about, "ingest-memory", "webhook", "restart", "proposed", request, most_per_hour=1, proposed_at=cast.END
    )
    assert add_action(engine, action, "rule ingest-memory", "proposed by the look")


def write(client: FlaskClient) -> str:
    """A handover, a message to a customer, a saved question, and a link for somebody else, whose path is given."""
    with time_machine.travel(cast.END, tick=False):  # what is begun is named by when
        post(client, "/handover", {"actor": "first on call"})
        post(client, f"{FINDING}/customers", {"actor": "writer"})
    for path, form in (
        ("/reports/questions", {"name": "by job", "query": "by=job", "actor": "an engineer"}),
        (f"{FINDING}/shares", {"days": "7", "actor": "an engineer", "note": "the partner"}),
    ):
        post(client, path, form)
    shared = re.search(r"/shared/[^\"]+", client.get(FINDING).text)
    assert shared
    return shared[0]


def post(client: FlaskClient, path: str, form: dict[str, str]) -> None:
    answer = client.post(path, data=form, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 303, answer.text
