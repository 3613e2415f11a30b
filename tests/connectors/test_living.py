"""A platform that goes on while it is pulled: what ends late is still found, what changes is seen again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.datadog import source as datadog
from connectors.pagerduty import source as pagerduty
from connectors.standin import serve_history
from correlator.model import Attempt, Change, Incident, MetricPoint, Status
from correlator.ports import Fact, IncidentRelation, Interest, PullWindow, Source
from correlator.settings import load_settings
from correlator.simulation.history import History
from tests.connectors.scripted import Slept

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
END = START + 30 * HOUR


def attempt(number: int) -> Attempt:
    """Every half hour one, going on for half a minute to three and a half hours."""
    started_at = START + number * HOUR / 2
    finished_at = started_at + timedelta(minutes=30 * (number % 8), seconds=30)
    return Attempt(f"run-{number}", "export_ads", started_at, Status.SUCCESS, "tenant-07", finished_at=finished_at)


def incident(number: int) -> Incident:
    opened_at = START + number * HOUR
    return Incident(
        f"PINC{number:02d}", opened_at, opened_at + number * HOUR / 2, "Late", "exports", "high", "export_ads"
    )


HISTORY = History(
    attempts=tuple(attempt(number) for number in range(40)),
    changes=tuple(Change(f"change-{number}", START + 5 * number * HOUR, "Deploy") for number in range(5)),
    incidents=tuple(incident(number) for number in range(1, 19)),
    metrics=tuple(
        MetricPoint("memory_gib", START + number * HOUR / 12, float(number), "ingest") for number in range(300)
    ),
)

INTERESTS = (Interest("", "ingest", START, END),)


def test_pulls_every_forty_minutes_end_with_all_that_happened() -> None:
    now = [START]
    stored: dict[Any, Fact] = {}
    positions: dict[tuple[str, str], dict[str, Any]] = {}
    with serve_history(
        HISTORY, clock=lambda: now[0], datadog_limit=(10**6, 3600), pagerduty_limit=(10**6, 60)
    ) as running:
        values = {
            "DD_API_KEY": "test-api-key",
            "DD_APP_KEY": "test-app-key",
            "PAGERDUTY_API_KEY": "test-rest-key",
            "CORRELATOR_DATADOG_HOST": running.datadog_url,
            "CORRELATOR_PAGERDUTY_URL": running.pagerduty_url,
            "CORRELATOR_DATADOG_METRICS": "memory_gib",
        }
        settings, patience = load_settings(environment=values), Slept().patience()
        sources: list[Source] = [datadog.build(settings, patience), pagerduty.build(settings, patience)]
        while now[0] < END:
            now[0] += 2 * HOUR / 3
            for source in sources:
                pull(source, positions, stored, now[0])
    kept = [replace(fact, tags={}) for fact in stored.values() if isinstance(fact, Attempt)]
    assert sorted(kept, key=lambda one: one.started_at) == list(HISTORY.attempts)
    incidents = {fact.incident_id: fact.resolved_at for fact in stored.values() if isinstance(fact, Incident)}
    assert incidents == {one.incident_id: one.resolved_at for one in HISTORY.incidents}
    assert {fact for fact in stored.values() if isinstance(fact, Change)} == set(HISTORY.changes)
    assert {fact for fact in stored.values() if isinstance(fact, MetricPoint)} == set(HISTORY.metrics)


def pull(
    source: Source, positions: dict[tuple[str, str], dict[str, Any]], stored: dict[Any, Fact], now: datetime
) -> None:
    for stream in source.streams:
        for page in source.pages(
            stream, positions.get((source.name, stream)), PullWindow(until=now, interests=INTERESTS)
        ):
            positions[source.name, stream] = page.position
            stored.update({_key(fact): fact for fact in page.facts})


def _key(fact: Fact) -> tuple[str, Any]:
    if isinstance(fact, MetricPoint):
        return "point", fact.at
    if isinstance(fact, IncidentRelation):
        return fact.kind, (fact.incident_id, fact.other_id)
    names = ("run_id", "change_id", "event_id", "entry_id", "incident_id", "service_id")
    return type(fact).__name__, next(getattr(fact, name) for name in names if hasattr(fact, name))
