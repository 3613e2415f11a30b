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
from correlator.store.findings import finding_id
from tests.web import cast
from web.app import create_app
from web.process.children import Done

ASKED = {
    "generation": {"max-examples": 1, "deterministic": True, "database": "none"},
    "phases": {
        "coverage": {"unexpected-methods": ["PUT"]},
        "fuzzing": {"enabled": False},
        "stateful": {"enabled": False},
    },
    "operations": [
        {
            "include-path-regex": "/(life|words|acknowledgement|messages/.+|approve|refuse|shares|ask|questions/.+)$",
            "generation": {"mode": "positive"},
        }
    ],
}
"""Bounded, and the same every time: the examples, and every boundary of every parameter and field, from both sides. Of
the bodies of steps from the side that fits: tests/web/api/test_hostile.py asks what does not."""
GOING_ON = {
    "generation": {"max-examples": 3, "deterministic": True, "database": "none", "mode": "positive"},
    "phases": {
        **{phase: {"enabled": False} for phase in ("examples", "coverage", "fuzzing")},
        "stateful": {"max-steps": 6, "inference": {"algorithms": []}},
    },
    "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "404", "409", "412"]}},
}
"""Along the links of the document: what one answer made is what the next question is about."""
MADE = {
    "/reports/questions": {
        ("POST /reports/questions", 201),
        ("GET /reports/questions/{question_id}", 200),
        ("PUT /reports/questions/{question_id}", 200),
        ("DELETE /reports/questions/{question_id}", 200),
        ("GET /reports/questions/{question_id}", 404),
    },
    "/tokens": {
        ("POST /tokens", 201),
        ("POST /tokens/{token_id}/revoke", 200),
        ("POST /tokens/{token_id}/revoke", 409),
    },
    "/replays": {
        ("POST /replays", 201),
        ("GET /replays/{replay_id}", 200),
        ("GET /replays/{replay_id}/firings", 200),
    },
    "/findings/{finding_id}/shares": {
        ("POST /findings/{finding_id}/shares", 201),
        ("GET /findings/{finding_id}/shares", 200),
        ("POST /findings/{finding_id}/shares/{share_id}/revoke", 200),
    },
    "/findings/{finding_id}/ask": {("GET /findings/{finding_id}/ask", 200), ("POST /findings/{finding_id}/ask", 201)},
    "/handovers": {
        ("POST /handovers", 201),
        ("GET /handovers/{handover_id}", 200),
        ("POST /handovers/{handover_id}/words", 201),
        ("POST /handovers/{handover_id}/acknowledgement", 409),
    },
    "/messages|/findings/{finding_id}/customers": {
        ("POST /findings/{finding_id}/customers", 201),
        ("GET /messages/{message_id}", 200),
        ("POST /messages/{message_id}/text", 201),
        ("POST /messages/{message_id}/dropping", 201),
    },
}
"""What can be made, by its addresses: the steps that must have been reached, with their statuses."""
ID = finding_id(cast.PREMIUM, cast.EXPORT)
KEPT = "/reports/questions"
BY_A_PERSON = ("/handovers", "/customers", "/messages", "/shares", "/ask", "/replays", KEPT)
LIFE = {"team": "data-platform", "ask": "raise the memory", "actor": "on-call", "reason": "seen in the log"}
SET = {
    "CORRELATOR_SLACK_ENABLED": "true",
    "CORRELATOR_SLACK_ATTACH": "true",
    "SHARE_SECRET": "a-secret-of-thirty-two-characters",
}


class Served:
    """The app as a server on this machine runs it: asked from loopback, answers read to their end and closed."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __call__(self, environ: Any, start: Any) -> list[bytes]:
        parts = self._inner({"REMOTE_ADDR": "127.0.0.1"} | environ, start)
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
    told: dict[str, Any] = {
        "bundle": {"same": True, "verdict": "systemic", "differences": [], "files": 1, "quotes": 0, "notes": []},
        "check": {"findings": []},
        "attach": [],
    }
    return Done(0, json.dumps(told[arguments[0]]), "")


@pytest.fixture
def app(full_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The app over a copy of the cast's store: steps are taken in it."""
    shutil.copy(full_folder / "store.db", tmp_path / "store.db")
    app = create_app(load_settings(None, SET | {"CORRELATOR_DATABASE_URL": f"sqlite:///{tmp_path / 'store.db'}"}))
    app.wsgi_app = Served(app.wsgi_app)  # type: ignore[method-assign, assignment]
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("web.bundles.make_bundle", a_small_zip)
    monkeypatch.setattr("web.views.evidence.run_own", as_told)
    monkeypatch.setattr("web.views.check.run_own", as_told)
    yield app
    app.extensions["correlator"].engine.dispose()


def without_what_no_schema_can_say(_: Any, case: schemathesis.Case[Any], __: Any) -> None:
    """Of what is meant to fit: cursors nobody was given, and parameters that stand together or not at all."""
    if case.meta is None or case.meta.generation.mode is schemathesis.GenerationMode.NEGATIVE:
        return
    for name in ("after", "from", "to", "as_of", "at", "state"):
        case.query.pop(name, None)
    if not str(case.headers.get("If-Match", "")).startswith('"'):
        case.headers.pop("If-Match", None)
    if case.operation.label == "GET /api/v1/check" and bool(case.query.get("run_id")) == bool(case.query.get("job")):
        case.query = {"run_id": ["nothing"]}
    if case.path == "/api/v1/incidents" and "job" not in case.query:
        case.query.pop("tenant", None)
    if isinstance(case.body, dict):
        case.body |= dict(_said(case.path.removeprefix("/api/v1"), case.body))


def _said(path: str, body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What has a name or words that no schema can tell from others."""
    if any(one in path for one in BY_A_PERSON):
        yield "actor", "on-call"
    if "text" in body:
        yield "text", "We write again at noon." if "/messages" in path else cast.EXPORT
    if path.startswith(KEPT):
        yield from {"name": "by team", "query": "by=team"}.items()
    if path == "/tokens":
        yield "name", "ticket-bot"
    if path == "/check/packet" and "text" in body:
        yield "job", ""
    if path == "/check/packet" and "text" not in body:
        yield "job", cast.EXPORT
    if path.endswith("/attachments"):
        yield "sink", "slack"
    if path.endswith("/life"):
        said = ("actor", "reason", "team", "ask") if body.get("step") == "escalate" else ("actor", "reason")
        yield from ((name, LIFE[name]) for name in said)


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


def about_a_finding_that_stands(_: Any, case: schemathesis.Case[Any], __: Any) -> None:
    """No schema can say which findings there are."""
    if "finding_id" in case.path_parameters:
        case.path_parameters["finding_id"] = ID


@pytest.fixture
def _standing() -> Iterator[None]:
    schemathesis.hook("before_call")(about_a_finding_that_stands)
    yield
    schemathesis.hooks.unregister(about_a_finding_that_stands)


@pytest.mark.usefixtures("_fitting", "_standing")
def test_what_was_made_is_read_back_changed_and_taken_away(app: Flask) -> None:
    """A step after the other, in whatever order the links allow; what is taken away is gone."""
    config = SchemathesisConfig.from_dict(GOING_ON)
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app, config=config)
    for made, wanted in MADE.items():
        heard = list(from_schema(schema.include(path_regex=f"^/api/v1({made})(/|$)")).execute())
        assert [str(event) for event in heard if isinstance(event, events.NonFatalError | events.FatalError)] == []
        finished = [event for event in heard if isinstance(event, events.ScenarioFinished)]
        assert [failed for event in finished for failed in _failed(event)] == []
        assert wanted - {step for event in finished for step in _steps(event)} == set(), made


def _steps(event: events.ScenarioFinished) -> Iterator[tuple[str, int]]:
    for case_id, told in event.recorder.interactions.items():
        if told.response is not None:
            label = event.recorder.cases[case_id].value.operation.label
            yield label.replace("/api/v1", ""), told.response.status_code
