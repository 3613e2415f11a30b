"""`correlator sources check`: what is printed, and with which status it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from correlator.cli.sources import sources
from correlator.errors import UsageError


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "runs.csv").write_text("run_id,job,started_at,status\nr1,load,2026-03-02T00:01:00Z,success\n")
    store = {"CORRELATOR_DATABASE_URL": f"sqlite:///{tmp_path / 'none' / 'store.db'}"}
    return store | {"CORRELATOR_FILES_ENABLED": "true", "CORRELATOR_FILES_FOLDER": str(tmp_path)}


def run(environment: dict[str, str], *arguments: str) -> Any:
    return CliRunner().invoke(sources, ["check", *arguments], env=environment)


def test_what_is_set_up_right_is_said_so(environment: dict[str, str], tmp_path: Path) -> None:
    """No store is needed to find out, and none is made."""
    done = run(environment)
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0] == "files: ready"
    assert lines[2] == "  ✓ runs.csv: 1 row"
    assert not (tmp_path / "none").exists()


def test_what_is_missing_is_said_with_what_it_costs_and_what_to_do(environment: dict[str, str]) -> None:
    """A source with a wrong setting keeps no other from being looked at."""
    done = run(environment | {"CORRELATOR_PAGERDUTY_ENABLED": "true"})
    assert done.exit_code == 1
    assert "files: ready" in done.stdout
    assert "✗ settings: PAGERDUTY_API_KEY is not set" in done.stdout
    assert "without it: nothing is read" in done.stdout
    assert "hint: set PAGERDUTY_API_KEY" in done.stdout


def test_as_one_document(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "metric.csv").write_text("")
    (found,) = json.loads(run(environment, "files", "--json").stdout)["sources"]
    assert (found["source"], found["ok"]) == ("files", True)
    assert [(one["name"], one["found"], one["needed"]) for one in found["probes"]] == [
        ("folder", "ok", True),
        ("runs.csv", "ok", True),
        ("metric.csv", "missing", False),
    ]


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["nobody"], "there is no kind of source `nobody`", "files"),
        ([], "no source is configured: there is no correlator.yaml in", "correlator.example.yaml"),
    ],
)
def test_a_wrong_call_says_what_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str, hint: str
) -> None:
    monkeypatch.chdir(tmp_path)
    error = run({}, *arguments).exception
    assert isinstance(error, UsageError)
    assert message in error.message
    assert hint in error.hint
