"""`correlator sources try` against the stand-in: rows, reasons, coverage, and nothing stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from connectors.standin import Fault, Standin, serve_history
from correlator.cli.sources import sources
from correlator.errors import CorrelatorError
from correlator.model import Attempt, Change, Status
from correlator.simulation.history import History

NOW = datetime.now(UTC).replace(microsecond=0)
MINUTE = timedelta(minutes=1)


def attempt(number: int) -> Attempt:
    started_at = NOW - 50 * MINUTE + number * MINUTE
    numbered = 1 + number % 2 if number < 12 else None
    return Attempt(
        run_id=f"run-{number}",
        job="export_ads" if number < 12 else "ingest",
        started_at=started_at,
        status=Status.FAILED if number % 2 == 0 else Status.SUCCESS,
        tenant="tenant-07",
        attempt=numbered,
        finished_at=started_at + MINUTE,
        error="no rows" if number % 2 == 0 else None,
    )


@pytest.fixture(scope="module")
def standin() -> Iterator[Standin]:
    history = History(
        attempts=tuple(attempt(number) for number in range(16)),
        changes=(Change("change-1", NOW - 30 * MINUTE, "Deploy 1", "export_ads"),),
    )
    with serve_history(history) as running:
        yield running


@pytest.fixture
def environment(standin: Standin, tmp_path: Path) -> dict[str, str]:
    return {
        "CORRELATOR_DATABASE_URL": f"sqlite:///{tmp_path / 'correlator.db'}",
        "CORRELATOR_DATADOG_ENABLED": "true",
        "CORRELATOR_DATADOG_HOST": standin.datadog_url,
        "DD_API_KEY": "test-api-key",
        "DD_APP_KEY": "test-app-key",
        "NO_PROXY": "127.0.0.1",
    }


def run(environment: dict[str, str], *arguments: str) -> Any:
    return CliRunner().invoke(sources, ["try", *arguments], env=environment)


def test_ten_rows_what_could_not_be_mapped_and_coverage_by_job(environment: dict[str, str], tmp_path: Path) -> None:
    done = run(environment, "datadog", "--since", "1h")
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0] == "runs: 16 mapped, 0 set aside, 2 requests"
    assert sum("tenant-07/export_ads run-" in line for line in lines) == 10
    assert "  tenant-07/ingest: 4 attempts, 0% with a number, 0 first ones, 0 without an end" in lines
    assert "  tenant-07/export_ads: 12 attempts, 100% with a number, 6 first ones, 0 without an end" in lines
    assert any(line.startswith("changes: 1 mapped") for line in lines)
    assert not (tmp_path / "correlator.db").exists()


def test_the_reasons_are_counted_with_an_example(environment: dict[str, str]) -> None:
    wrong = {"CORRELATOR_DATADOG_TAGS": "job=pipeline,attempt=run_id"}
    done = run(environment | wrong, "datadog", "--json")
    document = json.loads(done.stdout)
    runs = document["streams"][0]
    assert (runs["stream"], runs["facts"]) == ("runs", 0)
    assert [(one["reason"], one["count"]) for one in runs["set_aside"]] == [("no `pipeline` (the job) in it", 16)]
    assert runs["set_aside"][0]["example"]["type"] == "spans"


def test_a_draft_of_a_mapping_is_tried_and_two_streams_of_one_job_are_told(
    environment: dict[str, str], tmp_path: Path
) -> None:
    draft = tmp_path / "draft.yaml"
    draft.write_text("scheduler:\n  extends: logs\n  query: 'source:scheduler'\n", encoding="utf-8")
    chosen = {"CORRELATOR_DATADOG_MAPPINGS": str(draft), "CORRELATOR_DATADOG_RUNS": "spans,scheduler,ci_pipelines"}
    done = run(environment | chosen, "datadog")
    assert done.exit_code == 0, done.output
    told = "tenant-07/ingest comes from runs and runs_ci_pipelines and runs_scheduler: its runs would count twice"
    assert told in done.stdout
    assert "runs_scheduler: 16 mapped, 0 set aside" in done.stdout


def test_a_stream_that_fails_says_so_and_the_others_are_tried(environment: dict[str, str], standin: Standin) -> None:
    standin.faults.add(Fault("/api/v2/events/search", status=403, times=2))
    done = run(environment, "datadog")
    assert done.exit_code == 1
    assert done.stdout.count("  error: Datadog events search") == 2
    assert "runs: 16 mapped" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["pagerduty"], "pagerduty is not enabled"),
        (["datadog", "--since", "soon"], "--since"),
        (["datadog", "--since", "2999-01-01T00:00:00Z"], "does not lie in the past"),
    ],
)
def test_a_wrong_call_is_told(environment: dict[str, str], arguments: list[str], message: str) -> None:
    done = run(environment, *arguments)
    assert isinstance(done.exception, CorrelatorError)
    assert message in done.exception.message
