"""A bundle out of a real store: what was pulled, what was found, what is quoted."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, insert

from correlator.cli.bundle import bundle as command
from correlator.cli.packet import packet as packet_command
from correlator.engine import analyze
from correlator.errors import UsageError
from correlator.evidence.aligned import pair_ids
from correlator.evidence.archive import read_archive
from correlator.evidence.origins import links_and_arrivals
from correlator.evidence.provenance import metric_key
from correlator.model import NearbyChange
from correlator.settings import load_settings
from correlator.store import schema
from correlator.store.database import open_store
from correlator.store.findings import finding_id, save_analysis
from correlator.store.frames import read_window, store_tables
from correlator.store.quoted import quoted_runs
from correlator.store.schema import runs
from correlator.tables.frames import to_micros
from rules import load_rules
from tests.evidence.conftest import World


@pytest.fixture(scope="session")
def stored(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The history and what was found in it, as one closed file."""
    file = tmp_path_factory.mktemp("stored") / "store.db"
    engine = open_store(f"sqlite:///{file}")
    as_of = world.analysis.as_of
    store_tables(engine, "files", world.tables, as_of)
    save_analysis(engine, analyze(read_window(engine, None, None), as_of), as_of, load_rules())
    engine.dispose()
    return file


@pytest.fixture
def store(stored: Path, tmp_path: Path) -> Engine:
    """A copy of it for each test."""
    shutil.copy(stored, tmp_path / "store.db")
    return open_store(f"sqlite:///{tmp_path / 'store.db'}")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "correlator.yaml"
    text = f"database: {{url: 'sqlite:///{tmp_path / 'store.db'}'}}\nweb: {{base_url: 'https://example.com/'}}\n"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_stored_finding_becomes_a_bundle_that_verifies(
    world: World, store: Engine, config: Path, tmp_path: Path
) -> None:
    run = world.finding.pairs[-1].logical_run_id
    runs = world.tables.runs
    attempt = str(runs.loc[runs["logical_run_id"].astype(str) == run, "run_id"].iloc[0])
    answer = {"source": "files", "fact_id": attempt, "sha256": "0" * 64, "request": "GET /x", "body": '{"a": 1}'}
    with store.begin() as connection:
        connection.execute(insert(schema.raw_answers).values(**answer, fetched_at=to_micros(world.analysis.as_of)))
    name, path = finding_id(world.finding.tenant, world.finding.job), tmp_path / "evidence.zip"
    done = CliRunner().invoke(command, [name, "-o", str(path), "--config", str(config)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("Systemic, caused upstream by")
    again = CliRunner().invoke(command, ["verify", str(path), "--json"], catch_exceptions=False)
    report = json.loads(again.stdout)
    assert report["same"]
    assert report["quotes"] == 1
    files = read_archive(path)
    assert f"First raised {world.analysis.as_of:%Y-%m-%d}" in files["packet.md"].decode()
    manifest = json.loads(files["MANIFEST.json"])
    assert manifest["provenance"]["page_url"] == f"https://example.com/findings/{name}"
    assert manifest["provenance"]["arrivals"]


def test_facts_that_arrived_later_stay_out_of_the_bundle(
    world: World, store: Engine, config: Path, tmp_path: Path
) -> None:
    name = finding_id(world.finding.tenant, world.finding.job)
    first, second = tmp_path / "first.zip", tmp_path / "second.zip"
    arguments = ["create", name, "--config", str(config), "-o"]
    assert CliRunner().invoke(command, [*arguments, str(first)], catch_exceptions=False).exit_code == 0
    late = world.tables.runs.iloc[:50].copy()
    late["run_id"] = [f"late-{n}" for n in range(50)]
    empty = {name: getattr(world.tables, name).iloc[:0] for name in ("metrics", "changes", "incidents")}
    tables = replace(world.tables, runs=late, **empty)
    store_tables(store, "files", tables, world.analysis.as_of + timedelta(hours=1))
    assert CliRunner().invoke(command, [*arguments, str(second)], catch_exceptions=False).exit_code == 0
    assert first.read_bytes() == second.read_bytes()


def test_an_unknown_finding_is_a_usage_error(store: Engine, config: Path, tmp_path: Path) -> None:
    out = tmp_path / "x.zip"
    done = CliRunner().invoke(command, ["create", "F-AAAAAAAAAA", "-o", str(out), "--config", str(config)])
    assert isinstance(done.exception, UsageError)
    assert not out.exists()


@pytest.mark.parametrize(
    ("form", "words"), [("markdown", "## 10. Provenance"), ("note", "To: "), ("ticket", "SYMPTOM")]
)
def test_a_packet_can_be_printed_without_a_bundle(
    world: World, store: Engine, config: Path, form: str, words: str
) -> None:
    name = finding_id(world.finding.tenant, world.finding.job)
    arguments = [name, "--as", form, "--config", str(config)]
    done = CliRunner().invoke(packet_command, arguments, catch_exceptions=False)
    assert words in done.stdout
    assert f"https://example.com/findings/{name}" in done.stdout or form == "markdown"


def test_quoted_runs_metrics_and_changes_are_linked_where_they_were_read(world: World, tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'linked.db'}")
    store_tables(engine, "datadog", world.tables, world.analysis.as_of)
    nearby = NearbyChange(str(world.tables.changes["change_id"].iloc[0]), world.analysis.as_of, "deploy", None, 5.0)
    about = replace(world.finding, changes=(nearby,))
    links, arrivals = links_and_arrivals(engine, load_settings(environment={}), about, pair_ids(about))
    engine.dispose()
    runs = world.tables.runs
    quoted = set(runs.loc[runs["logical_run_id"].astype(str).isin(pair_ids(about)), "run_id"].astype(str))
    metric = about.metrics[0]
    assert set(links) == {*quoted, nearby.change_id, *(metric_key(one.metric, one.job) for one in about.metrics)}
    assert set(arrivals) == quoted
    assert "/metric/explorer?exp_metric=" in links[metric_key(metric.metric, metric.job)]
    assert all(url.startswith("https://app.datadoghq.com/") for url in links.values())


def test_more_runs_are_quoted_than_a_database_takes_names_at_once(world: World, store: Engine) -> None:
    names = [*(f"unknown-{number}" for number in range(40_000)), *pair_ids(world.finding)]
    found = {row.logical_run_id for row in quoted_runs(store, names, runs.c.logical_run_id)}
    assert found == set(pair_ids(world.finding))
