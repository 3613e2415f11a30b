"""What changed between two bundles."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from correlator.cli.bundle import bundle as command
from correlator.errors import BundleError
from correlator.evidence.bundle import create_bundle
from correlator.evidence.comparing import compare_bundles
from rules import load_rules
from tests.evidence.conftest import World


@pytest.fixture(scope="module")
def earlier(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same finding five days before, with one dependency less."""
    path = tmp_path_factory.mktemp("earlier") / "earlier.zip"
    provenance = replace(world.provenance, as_of=world.analysis.as_of - timedelta(days=5))
    tables = replace(world.tables, dependencies=world.tables.dependencies[:-1])
    create_bundle(path, world.wanted, tables, load_rules(), provenance)
    return path


def test_a_bundle_has_not_changed_from_itself(bundle: Path) -> None:
    assert compare_bundles(bundle, bundle).changes == ()
    assert CliRunner().invoke(command, ["diff", str(bundle), str(bundle)]).stdout == "nothing changed\n"


def test_verdict_runs_facts_and_origin_are_named(world: World, earlier: Path, bundle: Path) -> None:
    changes = {change.what: change for change in compare_bundles(earlier, bundle).changes}
    assert changes["runs"].after == str(world.finding.runs)
    assert int(changes["runs"].before) < world.finding.runs
    new = next(
        change for what, change in changes.items() if what.startswith("new, ") and "attributed to the cause" in what
    )
    assert world.finding.pairs[-1].logical_run_id in new.after
    assert any("in the dependencies" in what for what in changes)
    assert changes["new, 1 quoted answer"].after.startswith("datadog run-1")
    assert "data as of" in changes


def test_the_other_way_round_new_is_gone(earlier: Path, bundle: Path) -> None:
    there, back = (compare_bundles(*pair).changes for pair in ((earlier, bundle), (bundle, earlier)))
    assert {change.what.replace("new,", "gone,") for change in there} == {change.what for change in back}


def test_the_command_prints_a_line_a_change(earlier: Path, bundle: Path) -> None:
    done = CliRunner().invoke(command, ["diff", str(earlier), str(bundle)], catch_exceptions=False)
    assert done.exit_code == 0
    assert any(line.startswith("data as of: 2026-") for line in done.stdout.splitlines())
    document = json.loads(CliRunner().invoke(command, ["diff", str(earlier), str(bundle), "--json"]).stdout)
    assert len(document["changes"]) == len(done.stdout.splitlines())


def test_something_that_is_no_bundle_is_refused(bundle: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.zip"
    other.write_bytes(b"no zip")
    with pytest.raises(BundleError, match=r"other\.zip"):
        compare_bundles(bundle, other)
