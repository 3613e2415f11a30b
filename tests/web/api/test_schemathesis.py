"""Schemathesis asks the real app, over a filled store, everything its description allows and much that it does not.

All its checks are on: no server errors; statuses, content types, headers and bodies as described; what fits the
description is taken, what does not is refused; other methods are refused.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from correlator.settings import load_settings
from web.app import create_app
from web.children import Done

ASKED = {
    "generation": {"max-examples": 1, "deterministic": True, "database": "none"},
    "phases": {
        "coverage": {"unexpected-methods": ["PUT"]},
        "fuzzing": {"enabled": False},
        "stateful": {"enabled": False},
    },
}
"""Bounded, and the same every time: the examples, and every boundary of every parameter and field, from both sides."""
LIFE = {"team": "data-platform", "ask": "raise the memory", "actor": "on-call", "reason": "seen in the log"}
SET = {
    "CORRELATOR_SLACK_ENABLED": "true",
    "CORRELATOR_SLACK_ATTACH": "true",
    "SHARE_SECRET": "a-secret-of-thirty-two-characters",
}


class Closing:
    """The app with its answers read to their end and closed, as a server does it."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __call__(self, environ: Any, start: Any) -> list[bytes]:
        parts = self._inner(environ, start)
        try:
            return list(parts)
        finally:
            getattr(parts, "close", lambda: None)()


def a_small_zip(_: object, finding_id: str, file: Path, *, redacted: bool) -> None:
    """Instead of a bundle: making one takes seconds, and tests/web/test_bundles.py looks at whole ones."""
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("finding.json", f"{finding_id} {redacted}")


def as_told(_: object, arguments: list[str], __: int) -> Done:
    """Instead of our own commands: tests/web/api/test_evidence.py looks at what is made of their answers."""
    verified = {"same": True, "verdict": "systemic", "differences": [], "files": 1, "quotes": 0, "notes": []}
    return Done(0, json.dumps(verified if arguments[0] == "bundle" else []), "")


@pytest.fixture
def app(full_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The app over a copy of the cast's store: steps are taken in it."""
    shutil.copy(full_folder / "store.db", tmp_path / "store.db")
    app = create_app(load_settings(None, SET | {"CORRELATOR_DATABASE_URL": f"sqlite:///{tmp_path / 'store.db'}"}))
    app.wsgi_app = Closing(app.wsgi_app)  # type: ignore[method-assign, assignment]
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("web.bundles.make_bundle", a_small_zip)
    monkeypatch.setattr("web.views.evidence.run_own", as_told)
    yield app
    app.extensions["correlator"].engine.dispose()


def without_what_no_schema_can_say(_: Any, case: schemathesis.Case[Any], __: Any) -> None:
    """Of what is meant to fit: cursors nobody was given, and parameters that stand together or not at all."""
    if case.meta is None or case.meta.generation.mode is schemathesis.GenerationMode.NEGATIVE:
        return
    for name in ("after", "from", "to", "as_of"):
        case.query.pop(name, None)
    if case.path == "/api/v1/check" and bool(case.query.get("run_id")) == bool(case.query.get("job")):
        case.query = {"run_id": ["nothing"]}
    if case.path == "/api/v1/incidents" and "job" not in case.query:
        case.query.pop("tenant", None)
    if isinstance(case.body, dict) and (
        "/handovers" in case.path or any(one in case.path for one in ("customers", "/messages", "/shares", "/ask"))
    ):
        case.body |= {"actor": "on-call"} | ({"text": "We write again at noon."} if "text" in case.body else {})
    if isinstance(case.body, dict) and case.path.endswith("/attachments"):
        case.body["sink"] = "slack"
    if isinstance(case.body, dict) and case.path.endswith("/life"):
        said = ("actor", "reason", "team", "ask") if case.body.get("step") == "escalate" else ("actor", "reason")
        case.body |= {name: LIFE[name] for name in said}


def failures(app: Flask) -> Iterator[str]:
    """What is not as described: the check, the request, and the answer."""
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app, config=SchemathesisConfig.from_dict(ASKED))
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            yield from _failed(event)
        elif isinstance(event, events.NonFatalError | events.FatalError):
            yield str(event)


def _failed(event: events.ScenarioFinished) -> Iterator[str]:
    for case_id, checks in event.recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                told = event.recorder.interactions[case_id]
                answer = told.response and (told.response.status_code, told.response.content[:300])
                yield f"{check.name}: {told.request.method} {told.request.uri[:300]} {told.request.body!r}: {answer}"


@pytest.fixture
def _fitting() -> Iterator[None]:
    schemathesis.hook("before_call")(without_what_no_schema_can_say)
    yield
    schemathesis.hooks.unregister(without_what_no_schema_can_say)


@pytest.mark.usefixtures("_fitting")
def test_every_answer_is_as_described(app: Flask) -> None:
    assert list(failures(app)) == []
