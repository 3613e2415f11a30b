from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from correlator.cli.rules import rules
from correlator.errors import UsageError
from correlator.model import Analysis
from correlator.store.database import open_store
from correlator.store.findings import finding_id, save_analysis
from tests.evidence.factory import upstream
from tests.rules.test_loader import GOOD

NOW = datetime(2026, 3, 29, tzinfo=UTC)


def test_lint_of_the_built_in_rules_passes() -> None:
    done = CliRunner().invoke(rules, ["lint", "--json"])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["failures"] == []


def test_lint_names_the_example_that_fails_and_ends_with_one(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(GOOD.replace("{root_job: other}", "{root_job: load_x}"), encoding="utf-8")
    done = CliRunner().invoke(rules, ["lint", str(tmp_path)])
    assert done.exit_code == 1
    assert "own.yaml, line 4: must_not_match 1 of `ours`: every clause holds" in done.stdout


def test_the_schema_for_editors_has_a_word_on_every_key() -> None:
    printed = json.loads(CliRunner().invoke(rules, ["schema"], catch_exceptions=False).stdout)
    assert printed["$schema"].startswith("https://json-schema.org/")
    assert list(_without_words(printed)) == []


def _without_words(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        keys = schema.get("properties", {})
        yield from (key for key, value in keys.items() if not value.get("description"))
    for inner in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from _without_words(inner)


def test_list_shows_rules_in_the_order_they_are_tried() -> None:
    shown = json.loads(CliRunner().invoke(rules, ["list", "--json"]).stdout)["rules"]
    assert shown[0]["id"] == "upstream-timeout-under-memory-pressure"
    assert "expired-credential" in CliRunner().invoke(rules, ["list"]).stdout


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "correlator.yaml"
    file.write_text(f"database: {{url: 'sqlite:///{tmp_path / 'store.db'}'}}\n", encoding="utf-8")
    return file


def test_explain_shows_each_clause_with_what_was_seen(tmp_path: Path, config: Path) -> None:
    save_analysis(open_store(f"sqlite:///{tmp_path / 'store.db'}"), Analysis(NOW, (upstream(),)), NOW)
    name = finding_id("tenant-07", "export_ads")
    done = CliRunner().invoke(rules, ["explain", name, "--config", str(config)])
    assert done.exit_code == 0
    assert "✓ metric: wanted *memory* or *rss* or *heap* moved up; seen job.memory_gib up" in done.stdout
    document = json.loads(CliRunner().invoke(rules, ["explain", name, "--json", "--config", str(config)]).stdout)
    assert document["match"]["rule_id"] == document["trials"][-1]["rule"]


def test_explain_of_an_unknown_finding_is_a_usage_error(config: Path) -> None:
    done = CliRunner().invoke(rules, ["explain", "F-AAAAAAAAAA", "--config", str(config)])
    assert isinstance(done.exception, UsageError)
