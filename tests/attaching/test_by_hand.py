"""`correlator attach FINDING`: to the sinks that are named, or only shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from connectors.standin import Fault
from correlator.attaching import attach_open
from correlator.cli.attach import attach
from correlator.errors import SettingsError, SourceError, UsageError
from correlator.settings import load_settings
from correlator.store.attachments import list_attachments
from tests.attaching.stages import GONE, ID, KINDS, NOW, SYSTEMIC, Stage, stage
from tests.attaching.test_every_sink import Killed, KilledSink


@pytest.fixture(params=KINDS)
def at(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    with stage(request.param, tmp_path) as built:
        built.found(SYSTEMIC)
        yield built


def run(stage: Stage, *arguments: str) -> Any:
    return CliRunner().invoke(attach, list(arguments), env=dict(stage.settings.environment))


def test_a_dry_run_shows_what_goes_out_and_writes_nothing(at: Stage) -> None:
    shown = run(at, ID, "--to", at.kind, "--dry-run", "--json")
    assert shown.exit_code == 0, shown.exception
    (document,) = json.loads(shown.stdout)
    assert (document["sink"], document["done"], at.standing()) == (at.kind, "draft", [])
    assert list_attachments(at.engine) == []
    done = run(at, ID, "--to", at.kind)
    assert done.exit_code == 0, done.exception
    (standing,) = at.standing()
    assert standing.splitlines()[0] in (document["note"], *document["note"].splitlines()) or at.kind == "webhook"
    if at.kind == "webhook":
        assert json.loads(document["note"])["data"]["text"] == standing


def test_again_by_hand_is_no_second_one(at: Stage) -> None:
    for _ in range(3):
        assert run(at, ID).exit_code == 0
    assert len(at.standing()) == 1


def test_what_is_refused_is_an_error_with_a_hint(at: Stage) -> None:
    at.faults.add(Fault("/", status=401, times=9, body={"ok": False, "error": "invalid_auth"}))
    refused = run(at, ID, "--to", at.kind).exception
    assert isinstance(refused, SourceError)
    assert refused.hint
    for name in ("WEBHOOK_SECRET", "SLACK_BOT_TOKEN", "ZENDESK_API_TOKEN", "DD_API_KEY"):
        assert at.settings.environment.get(name, "no such secret") not in refused.message


@pytest.fixture
def hooks(tmp_path: Path) -> Iterator[Stage]:
    with stage("webhook", tmp_path) as built:
        yield built


def test_a_finding_that_is_not_systemic_is_not_written(hooks: Stage) -> None:
    hooks.found(GONE)
    done = run(hooks, ID)
    assert (done.exit_code, hooks.standing()) == (0, [])
    assert "nothing was written" in done.stderr


def test_the_command_names_what_is_wrong(hooks: Stage) -> None:
    hooks.found(SYSTEMIC)
    assert isinstance(run(hooks, "F-AAAAAAAAAA").exception, UsageError)
    assert isinstance(run(hooks, ID, "--to", "slack").exception, SettingsError)
    assert isinstance(run(hooks, "PINC001", "--to", "webhook").exception, UsageError)


def test_a_sink_that_is_configured_wrongly_stops_no_other_and_ends_with_one(hooks: Stage) -> None:
    hooks.found(SYSTEMIC)
    done = run(hooks, ID, "--to", "slack", "--to", "webhook")
    assert (done.exit_code, len(hooks.standing())) == (1, 1)
    assert "error: slack cannot be used: slack is not enabled\nhint: set slack.enabled" in done.stderr


def test_what_may_have_been_told_by_an_incoming_webhook_is_not_told_again(tmp_path: Path) -> None:
    with stage("slack", tmp_path) as at:
        url = at.settings["slack.url"].removesuffix("/api")
        kept = {key: value for key, value in at.settings.environment.items() if key != "SLACK_BOT_TOKEN"}
        hooked = load_settings(environment=kept | {"SLACK_WEBHOOK_URL": f"{url}/services/T0/B0/x"})
        there = replace(at, settings=hooked)
        there.found(SYSTEMIC)
        with pytest.raises(Killed):
            attach_open(there.engine, hooked, KilledSink(there.sink(), after=True), NOW)
        asked = there.asked()
        for ticks in (1, 2, 3):
            there.round(ticks)
            assert (there.asked(), [row.state for row in list_attachments(there.engine)]) == (asked, ["unsure"])
        there.found(GONE, at=NOW + timedelta(minutes=10))
        there.round(4)
        assert there.asked() == asked + 1
