"""`correlator sources` and the options of `correlator pull`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from correlator.cli.pull import pull
from correlator.cli.sources import sources
from correlator.errors import UsageError
from correlator.ports import Page, PullReport, RateLimit, SetAside
from correlator.store.database import open_store
from correlator.store.facts import store_page
from correlator.store.sources import record_pull

AT = datetime(2026, 3, 1, 2, 5, tzinfo=UTC)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"CORRELATOR_DATABASE_URL": f"sqlite:///{tmp_path / 'correlator.db'}"}


def run(environment: dict[str, str], *arguments: str) -> Any:
    return CliRunner().invoke(sources, list(arguments), env=environment)


def test_before_the_first_pull_there_is_a_hint_what_to_do(environment: dict[str, str]) -> None:
    done = run(environment)
    assert done.exit_code == 0
    assert "`correlator pull`" in done.stdout
    assert json.loads(run(environment, "--json").stdout) == {"sources": [], "set_aside": []}


def test_a_source_shows_its_last_good_pull_its_errors_and_what_was_set_aside(environment: dict[str, str]) -> None:
    engine = open_store(environment["CORRELATOR_DATABASE_URL"])
    aside = (SetAside("AZ9", "no `job` (the job) in it", {"id": "AZ9"}),)
    page = Page("runs", (), {"watermark": "2026-03-01T02:00:00Z"}, set_aside=aside)
    store_page(engine, "datadog", page, AT)
    record_pull(engine, PullReport("datadog", requests=3, stored={"runs": 7}, set_aside=1), AT, AT)
    later = AT.replace(hour=3)
    record_pull(engine, PullReport("datadog", requests=4, error="no answer", hint="try"), later, None)
    engine.dispose()
    (status,) = json.loads(run(environment, "--json").stdout)["sources"]
    assert (status["last_good_at"], status["last_attempt_at"]) == ("2026-03-01T02:05:00Z", "2026-03-01T03:05:00Z")
    assert (status["error"], status["hint"], status["failures_in_a_row"]) == ("no answer", "try", 1)
    assert status["read_up_to"] == {"runs": "2026-03-01T02:00:00Z"}
    assert status["set_aside_in_all"] == 1
    words = run(environment).stdout
    assert "datadog: last good pull 2026-03-01T02:05:00Z" in words
    assert "error (1 in a row): no answer" in words
    assert "datadog AZ9: no `job` (the job) in it" in words
    assert "AZ9" not in run(environment, "--set-aside", "0").stdout


def test_notices_limits_and_the_clock_are_told(environment: dict[str, str]) -> None:
    engine = open_store(environment["CORRELATOR_DATABASE_URL"])
    report = PullReport(
        "datadog",
        error="the key has expired",
        permanent=True,
        notices=("no related incidents",),
        limits=(RateLimit("spans", 300, 12, AT),),
        clock_offset_seconds=-42.0,
    )
    record_pull(engine, report, AT, None)
    engine.dispose()
    (status,) = json.loads(run(environment, "--json").stdout)["sources"]
    assert (status["permanent"], status["failing_since"]) == (True, "2026-03-01T02:05:00Z")
    assert status["limits"] == [
        {"name": "spans", "limit": 300, "remaining": 12, "resets_at": "2026-03-01T02:05:00Z"},
    ]
    words = run(environment).stdout
    assert "failing since 2026-03-01T02:05:00Z; it needs a person" in words
    assert "notice: no related incidents (since 2026-03-01T02:05:00Z)" in words
    assert "rate limit spans: 12 of 300 left until 2026-03-01T02:05:00Z" in words
    assert "its clock is about 42 s behind ours" in words


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no source is configured"),
        (["--since", "yesterday"], "'yesterday' is not an ISO 8601 time"),
        (["--since", "2026-03-01T02:05:00"], "has no UTC offset"),
        (["--since", "2026-03-02T00:00:00Z", "--until", "2026-03-01T00:00:00Z"], "is not before"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(environment: dict[str, str], arguments: list[str], message: str) -> None:
    error = CliRunner().invoke(pull, arguments, env=environment).exception
    assert isinstance(error, UsageError)
    assert message in error.message
