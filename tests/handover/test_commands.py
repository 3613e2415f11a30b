"""`correlator handover` and `correlator customers`: what a chat command prints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine

from correlator.cli import correlator
from correlator.errors import UsageError
from correlator.handover.facts import TITLES
from tests.handover.shift import FINDING


@pytest.fixture
def config(told: Engine, tmp_path: Path) -> Path:
    file = tmp_path / "correlator.yaml"
    file.write_text(f"database: {{url: {told.url.render_as_string()}}}\nmessages: {{next_update: 30m}}\n")
    return file


def run(config: Path, *words: str) -> Result:
    return CliRunner().invoke(correlator, [*words, "--config", str(config)])


def test_a_handover_is_printed(config: Path) -> None:
    text = run(config, "handover").stdout
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == list(TITLES.values())
    assert FINDING in text
    document = json.loads(run(config, "handover", "--json").stdout)
    assert [section["title"] for section in document["sections"]] == list(TITLES.values())


def test_drafts_are_printed_and_nothing_is_kept(config: Path) -> None:
    result = run(config, "customers", FINDING)
    assert result.stdout.startswith("Hello,\n")
    assert "tenant-07" not in result.stdout
    assert "To tenant-07" in result.stderr
    [draft] = json.loads(run(config, "customers", FINDING, "--tenant", "tenant-07", "--json").stdout)["drafts"]
    assert (draft["tenant"], draft["problems"]) == ("tenant-07", [])
    assert "New since then" not in run(config, "customers", FINDING).stdout, "no follow-up: nothing was sent"


@pytest.mark.parametrize(
    ("words", "says"),
    [(("customers", "F-UNKNOWN"), "no finding"), (("customers", FINDING, "--tenant", "tenant-02"), "does not concern")],
)
def test_what_cannot_be_drafted(config: Path, words: tuple[str, ...], says: str) -> None:
    error = run(config, *words).exception
    assert isinstance(error, UsageError)
    assert says in error.message
