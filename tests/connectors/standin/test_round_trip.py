"""A history comes through the real connectors as it was, and through a folder as well."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.registry import build_sources
from connectors.standin import Standin, serve_history, serve_standin
from correlator.errors import InputError, SourceError
from correlator.model import Attempt, Change, Incident, MetricPoint, Status
from correlator.ports import Fact, PullWindow
from correlator.settings import load_settings
from correlator.simulation.history import History
from correlator.simulation.writing import write_history
from tests.connectors.standin.conftest import START, pagerduty_session

END = START + timedelta(days=4)


def pulled(standin: Standin) -> list[Fact]:
    """Every fact of every stream of both vendors, by the connectors as they are configured in production."""
    environment = {
        "DD_API_KEY": "test-api-key",
        "DD_APP_KEY": "test-app-key",
        "PAGERDUTY_API_KEY": "test-rest-key",
        "CORRELATOR_DATADOG_ENABLED": "true",
        "CORRELATOR_DATADOG_HOST": standin.datadog_url,
        "CORRELATOR_DATADOG_METRICS": "memory_gib,cpu_percent,queue_depth",
        "CORRELATOR_PAGERDUTY_ENABLED": "true",
        "CORRELATOR_PAGERDUTY_URL": standin.pagerduty_url,
        "CORRELATOR_PAGERDUTY_FROM": "correlator@example.com",
    }
    facts: list[Fact] = []
    for source in build_sources(load_settings(environment=environment)):
        for stream in source.streams:
            for page in source.pages(stream, None, PullWindow(until=END, since=START)):
                assert page.set_aside == ()
                facts += page.facts
    return facts


def distinct(facts: list[Fact], kind: type[Any], key: str) -> dict[str, Any]:
    return {getattr(fact, key): fact for fact in facts if isinstance(fact, kind)}


def bare(attempt: Attempt) -> tuple[object, ...]:
    """Everything but the tags, which hold the ids for links."""
    names = [name for name in Attempt.__dataclass_fields__ if name != "tags"]
    return tuple(getattr(attempt, name) for name in names)


def same(facts: list[Fact], history: History) -> None:
    attempts = distinct(facts, Attempt, "run_id")
    ended = {a.run_id: a for a in history.attempts if a.status is not Status.RUNNING}
    assert {key: bare(a) for key, a in attempts.items()} == {key: bare(a) for key, a in ended.items()}
    assert distinct(facts, Change, "change_id") == {item.change_id: item for item in history.changes}
    points = {(p.metric, p.job, p.tenant, p.at): p.value for p in facts if isinstance(p, MetricPoint)}
    assert points == {(p.metric, p.job, p.tenant, p.at): p.value for p in history.metrics}
    incidents = distinct(facts, Incident, "incident_id")
    assert set(incidents) == {item.incident_id for item in history.incidents}
    for item in history.incidents:
        found = incidents[item.incident_id]
        for name in ("created_at", "resolved_at", "title", "service", "urgency", "job", "tenant"):
            assert getattr(found, name) == getattr(item, name)


def test_a_history_comes_through_both_vendors_as_it_was(standin: Standin, history: History) -> None:
    same(pulled(standin), history)


def test_a_folder_comes_through_both_vendors_as_it_was(tmp_path: Path, history: History) -> None:
    write_history(history, tmp_path)
    with serve_standin(tmp_path) as running:
        same(pulled(running), history)


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError), serve_standin(tmp_path / "nothing"):
        pass


def test_a_port_that_is_taken_is_said_to_be(history: History) -> None:
    with serve_history(history) as first:
        port = int(first.datadog_url.rpartition(":")[2])
        with pytest.raises(SourceError, match=f"port {port}"), serve_history(history, datadog_port=port):
            pass


def test_it_can_be_started_by_itself(tmp_path: Path, history: History) -> None:
    write_history(history, tmp_path)
    command = [sys.executable, "-m", "connectors.standin", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        urls = [process.stdout.readline().split(": ")[1].strip() for _ in range(2)]
        assert list_services(urls[1]) == {attempt.service for attempt in history.attempts}
        process.terminate()
        assert process.wait(10) == 0


def list_services(url: str) -> set[str]:
    return {item["name"] for item in pagerduty_session(url).list_all("services")}


def test_started_by_itself_it_says_what_is_wrong(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "connectors.standin", str(tmp_path / "nothing")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")


def test_the_stand_in_starts_without_pandas() -> None:
    code = "import sys, connectors.standin; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
