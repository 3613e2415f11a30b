"""Pulls from the stand-in, cut after any page and gone on with: nothing is lost, whatever the vendor does meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.datadog import search
from connectors.datadog import source as datadog
from connectors.pagerduty import lists
from connectors.pagerduty import source as pagerduty
from connectors.standin import Fault, Standin, serve_history
from correlator.model import Attempt, Change, Incident, MetricPoint, MonitorTransition, Status
from correlator.ports import Fact, IncidentEntry, IncidentRelation, Interest, PullWindow, Service, Source
from correlator.settings import load_settings
from correlator.simulation.history import History
from tests.connectors.scripted import Slept

START = datetime(2026, 3, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
END = START + timedelta(days=4)
WINDOW = PullWindow(until=END, since=START, interests=(Interest("tenant-07", "export_ads", START, END),))
STREAMS = (
    *(("datadog", stream) for stream in ("runs", "changes", "monitors", "metrics")),
    *(("pagerduty", stream) for stream in ("incidents", "log_entries")),
)


def attempt(number: int) -> Attempt:
    started_at = START + 20 * number * MINUTE
    status, error = (Status.FAILED, "no rows") if number % 7 == 0 else (Status.SUCCESS, None)
    return Attempt(
        run_id=f"run-{number}",
        job="export_ads",
        started_at=started_at,
        status=status,
        tenant="tenant-07",
        logical_run_id=f"logical-{number}",
        attempt=1,
        scheduled_at=started_at - MINUTE,
        finished_at=started_at + 3 * MINUTE,
        error=error,
        service="exports",
        host="worker-1",
    )


def incident(number: int) -> Incident:
    opened_at = START + 40 * number * MINUTE
    resolved_at = opened_at + 30 * MINUTE if number % 5 else None
    return Incident(f"PINC{number:03d}", opened_at, resolved_at, "Late", "exports", "high", "export_ads", "tenant-07")


HISTORY = History(
    attempts=tuple(attempt(number) for number in range(250)),
    metrics=tuple(
        MetricPoint("memory_gib", START + 5 * n * MINUTE, float(n), "export_ads", "tenant-07") for n in range(900)
    ),
    changes=tuple(Change(f"change-{n}", START + 200 * n * MINUTE, f"Deploy {n}", "export_ads") for n in range(25)),
    incidents=tuple(incident(number) for number in range(130)),
)


@pytest.fixture(scope="module")
def standin() -> Iterator[Standin]:
    with serve_history(HISTORY, datadog_limit=(10**6, 3600), pagerduty_limit=(10**6, 60)) as running:
        yield running


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "PAGE_SIZE", 40)
    monkeypatch.setattr(lists, "PAGE_SIZE", 30)


def sources(standin: Standin) -> dict[str, Source]:
    values = {
        "DD_API_KEY": "test-api-key",
        "DD_APP_KEY": "test-app-key",
        "PAGERDUTY_API_KEY": "test-rest-key",
        "CORRELATOR_DATADOG_HOST": standin.datadog_url,
        "CORRELATOR_PAGERDUTY_URL": standin.pagerduty_url,
        "CORRELATOR_DATADOG_METRICS": "job.memory_gib",
    }
    settings = load_settings(environment=values)
    patience = Slept().patience(cap_seconds=1e9, budget_seconds=1e9)
    return {"datadog": datadog.build(settings, patience), "pagerduty": pagerduty.build(settings, patience)}


def key(fact: Fact) -> tuple[Any, ...]:
    if isinstance(fact, Attempt):
        return ("run", fact.run_id)
    if isinstance(fact, MetricPoint):
        return ("point", fact.metric, fact.at, fact.job, fact.tenant)
    if isinstance(fact, Change):
        return ("change", fact.change_id)
    if isinstance(fact, MonitorTransition):
        return ("transition", fact.event_id)
    if isinstance(fact, Incident):
        return ("incident", fact.incident_id)
    if isinstance(fact, IncidentEntry):
        return ("entry", fact.entry_id)
    if isinstance(fact, IncidentRelation):
        return ("relation", fact.incident_id, fact.kind, fact.other_id)
    assert isinstance(fact, Service)
    return ("service", fact.service_id)


def pulled(source: Source, stream: str, cuts: list[int]) -> dict[tuple[Any, ...], Fact]:
    """What is stored after pulls that were killed after so many pages each, and one that came to its end."""
    stored: dict[tuple[Any, ...], Fact] = {}
    position: dict[str, Any] | None = None
    for pages in [*cuts, None]:
        for page in islice(source.pages(stream, position, WINDOW), pages):
            stored |= {key(fact): fact for fact in page.facts}
            position = page.position
    assert position is not None
    assert position["watermark"] == "2026-03-05T00:00:00Z"
    return stored


@pytest.mark.parametrize(("vendor", "stream"), STREAMS)
def test_a_whole_pull_gives_what_the_stand_in_holds(standin: Standin, vendor: str, stream: str) -> None:
    found = pulled(sources(standin)[vendor], stream, [])
    expected = {
        "runs": len(HISTORY.attempts),
        "changes": len(HISTORY.changes),
        "monitors": sum(2 if item.resolved_at else 1 for item in HISTORY.incidents),
        "metrics": len(HISTORY.metrics),
        "incidents": 2 * len(HISTORY.incidents),  # each with its alert
        "log_entries": sum(2 if item.resolved_at else 1 for item in HISTORY.incidents),
    }
    assert sum(found_key[0] != "relation" for found_key in found) == expected[stream]


def test_attempts_and_incidents_come_through_as_they_were(standin: Standin) -> None:
    runs = pulled(sources(standin)["datadog"], "runs", [])
    for attempt in HISTORY.attempts:
        found = runs["run", attempt.run_id]
        assert isinstance(found, Attempt)
        assert [getattr(found, name) for name in Attempt.__slots__ if name != "tags"] == [
            getattr(attempt, name) for name in Attempt.__slots__ if name != "tags"
        ]
    incidents = pulled(sources(standin)["pagerduty"], "incidents", [])
    for incident in HISTORY.incidents:
        found = incidents["incident", incident.incident_id]
        assert isinstance(found, Incident)
        assert [getattr(found, name) for name in Incident.__slots__ if name not in ("url", "status", "number")] == [
            getattr(incident, name) for name in Incident.__slots__ if name not in ("url", "status", "number")
        ]


@pytest.mark.parametrize(("vendor", "stream"), STREAMS)
@settings(max_examples=5, deadline=None)
@given(cuts=st.lists(st.integers(1, 9), max_size=4))
def test_pulls_cut_after_any_page_lose_nothing(standin: Standin, vendor: str, stream: str, cuts: list[int]) -> None:
    source = sources(standin)[vendor]
    assert pulled(source, stream, cuts) == pulled(source, stream, [])


@pytest.mark.parametrize(("vendor", "stream"), STREAMS)
@pytest.mark.parametrize(
    "fault",
    [
        Fault("", status=500, after=3, times=2),
        Fault("", status=429, after=3, times=2),
        Fault("", status=0, after=3, times=2),  # the body is cut in the middle
    ],
    ids=["server errors", "rate limits", "cut bodies"],
)
def test_what_passes_is_waited_out(standin: Standin, vendor: str, stream: str, fault: Fault) -> None:
    source = sources(standin)[vendor]
    whole = pulled(source, stream, [])
    standin.faults.add(Fault(**{name: getattr(fault, name) for name in ("path", "status", "after", "times")}))
    try:
        assert pulled(source, stream, []) == whole
    finally:
        standin.faults.clear()
