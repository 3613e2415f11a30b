"""The whole way in: stand-in, real clients, puller, store; pulled, pulled again, and killed in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from connectors.standin import Fault, Standin, serve_history
from correlator.model import Incident, iso
from correlator.store.database import open_store, reading
from correlator.store.schema import incidents, metadata, metrics, raw_answers, runs, watermarks
from correlator.text.times import micros
from tests.connectors.test_resuming import HISTORY, WINDOW

FACTS = ("runs", "metrics", "changes", "incidents", "incident_entries", "services")
TIMES_OF_STORING = {"known_at", "revised_at"}


@pytest.fixture
def standin() -> Iterator[Standin]:
    with serve_history(HISTORY, datadog_limit=(10**6, 3600), pagerduty_limit=(10**6, 60)) as running:
        yield running


def environment(standin: Standin, folder: Path) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("CORRELATOR_")},
        "CORRELATOR_DATABASE_URL": f"sqlite:///{folder / 'correlator.db'}",
        "CORRELATOR_DATADOG_ENABLED": "true",
        "CORRELATOR_DATADOG_HOST": standin.datadog_url,
        "CORRELATOR_DATADOG_METRICS": "memory_gib",
        "CORRELATOR_PAGERDUTY_ENABLED": "true",
        "CORRELATOR_PAGERDUTY_URL": standin.pagerduty_url,
        "DD_API_KEY": "test-api-key",
        "DD_APP_KEY": "test-app-key",
        "PAGERDUTY_API_KEY": "test-rest-key",
        "NO_PROXY": "127.0.0.1",
    }


def command(*more: str) -> list[str]:
    assert WINDOW.since is not None
    return [
        sys.executable,
        "-m",
        "correlator",
        "pull",
        "--since",
        iso(WINDOW.since),
        "--until",
        iso(WINDOW.until),
        *more,
    ]


def pull(standin: Standin, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(), env=environment(standin, folder), cwd=folder, capture_output=True, text=True, check=False
    )


def rows(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Every fact in the store, without the times at which it was stored."""
    engine = open_store(f"sqlite:///{folder / 'correlator.db'}")
    try:
        return {name: _rows(engine, name) for name in FACTS}
    finally:
        engine.dispose()


def _rows(engine: Engine, name: str) -> list[dict[str, Any]]:
    table = metadata.tables[name]
    with reading(engine) as connection:
        found = connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
        return [{key: value for key, value in row.items() if key not in TIMES_OF_STORING} for row in found]


def stored(folder: Path, table: Any) -> int:
    """How many rows there are now, 0 before the store is."""
    if not (folder / "correlator.db").exists():
        return 0
    engine = open_store(f"sqlite:///{folder / 'correlator.db'}")
    try:
        with reading(engine) as connection:
            return len(connection.execute(select(table)).all())
    finally:
        engine.dispose()


def test_a_pull_stores_what_the_stand_in_served_and_a_second_one_changes_nothing(
    standin: Standin, tmp_path: Path
) -> None:
    first = pull(standin, tmp_path)
    assert first.returncode == 0, first.stderr
    before = rows(tmp_path)
    assert {row["run_id"]: (row["status"], row["started_at"], row["finished_at"]) for row in before["runs"]} == {
        one.run_id: (one.status.value, micros(one.started_at), micros(one.finished_at)) for one in HISTORY.attempts
    }
    assert {row["incident_id"]: (row["job"], row["tenant"], row["resolved_at"]) for row in before["incidents"]} == {
        one.incident_id: (one.job, one.tenant, micros(one.resolved_at)) for one in HISTORY.incidents
    }
    assert {(row["at"], row["value"]) for row in before["metrics"]} == {
        (micros(one.at), one.value) for one in HISTORY.metrics
    }
    assert {row["change_id"] for row in before["changes"]} == {one.change_id for one in HISTORY.changes}
    second = pull(standin, tmp_path)
    assert second.returncode == 0, second.stderr
    assert rows(tmp_path) == before


@pytest.mark.parametrize(
    ("path", "table"),
    [("/api/v2/spans", runs), ("/api/v2/query", metrics), ("/incidents/", incidents)],
    ids=["in the runs", "in the metrics", "in the incidents"],
)
def test_a_pull_killed_in_the_middle_and_pulled_again_has_the_same_rows(
    standin: Standin, tmp_path: Path, path: str, table: Any
) -> None:
    """The stand-in hangs on one request; what is stored by then stays, and the process gets no chance to clean up."""
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    whole.mkdir()
    killed.mkdir()
    assert pull(standin, whole).returncode == 0
    standin.faults.add(Fault(path, status=200, delay_seconds=20, after=2))
    seen = len(standin.requests.seen)
    child = subprocess.Popen(
        command(),
        env=environment(standin, killed),
        cwd=killed,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_until(lambda: sum(path in one for _, one, _ in standin.requests.seen[seen:]) >= 2)
        time.sleep(0.3)
    finally:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    standin.faults.clear()
    assert stored(killed, watermarks) > 0
    assert rows(killed) != rows(whole)
    again = pull(standin, killed)
    assert again.returncode == 0, again.stderr
    assert rows(killed) == rows(whole)
    assert stored(killed, table) > 0


def wait_until(ready: Any, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, "it did not come so far"
        time.sleep(0.05)


def test_what_a_finding_may_quote_is_kept_as_it_came(standin: Standin, tmp_path: Path) -> None:
    assert pull(standin, tmp_path).returncode == 0
    engine = open_store(f"sqlite:///{tmp_path / 'correlator.db'}")
    try:
        with reading(engine) as connection:
            kept = {row.fact_id for row in connection.execute(select(raw_answers))}
    finally:
        engine.dispose()
    failed = {one.run_id for one in HISTORY.attempts if one.error}
    assert failed <= kept
    assert {one.incident_id for one in HISTORY.incidents} <= kept
    assert not {one.run_id for one in HISTORY.attempts if not one.error} & kept


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault("/api/v2/spans", status=401, times=99), "refused the credentials (HTTP 401)"),
        (Fault("/incidents", status=403, times=99), "refused (HTTP 403)"),
        (Fault("/api/v2/events", status=429, times=99, headers={"x-ratelimit-reset": "3000"}), "ends in 3000 s"),
    ],
    ids=["datadog keys", "pagerduty key", "rate limit"],
)
def test_a_source_that_cannot_be_read_ends_with_status_1_and_the_others_are_pulled(
    standin: Standin, tmp_path: Path, fault: Fault, words: str
) -> None:
    standin.faults.add(fault)
    done = pull(standin, tmp_path)
    assert done.returncode == 1
    assert words in done.stderr
    assert "hint:" in done.stderr
    assert "Traceback" not in done.stderr
    found = rows(tmp_path)
    assert found["changes"] or found["metrics"]
    assert found["incident_entries"]


def test_an_incident_resolved_later_is_seen_again(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    opened = now - timedelta(hours=30)
    before = Incident("PINC777", opened, None, "Late", "exports", "high", "export_ads", "tenant-07")
    after = Incident("PINC777", opened, now, "Late", "exports", "high", "export_ads", "tenant-07")
    for history, resolved_at in ((before, None), (after, micros(now))):
        with serve_history(type(HISTORY)(incidents=(history,))) as running:
            done = subprocess.run(
                [sys.executable, "-m", "correlator", "pull", "--source", "pagerduty"],
                env={**environment(running, tmp_path), "CORRELATOR_PAGERDUTY_FIRST_PULL_DAYS": "2"},
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=False,
            )
        assert done.returncode == 0, done.stderr
        assert [row["resolved_at"] for row in rows(tmp_path)["incidents"]] == [resolved_at]
