"""Weeks of five-minute ticks in minutes: a platform that goes on, a clock of ours, real clients and a real store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine

from connectors.standin import serve_history
from correlator.model import Attempt, Change, Incident, MetricPoint, Status
from correlator.ports import PullReport, PullWindow
from correlator.pulling.pull import pull_source
from correlator.simulation.history import History
from correlator.text.times import micros
from tests.faults.worlds import START, TICK, Timepiece, build_source, table_rows

VENDORS: Final = ("datadog", "pagerduty")
MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Tick:
    """What the pulls of one tick did."""

    at: datetime
    requests: int
    stored: int
    repeated: int


def going_on(days: float, jobs: int = 4) -> History:
    """Runs every ten minutes of each job, lasting up to forty; deploys and incidents now and then."""
    steps = range(int(days * 144))
    return History(
        attempts=tuple(_attempt(step, job) for step in steps for job in range(jobs)),
        changes=tuple(Change(f"change-{n}", START + n * 7 * 60 * MINUTE, "Deploy", "job-0") for n in steps[:: 6 * 7]),
        incidents=tuple(_incident(n) for n in steps[::60]),
        metrics=tuple(MetricPoint("memory_gib", START + 10 * n * MINUTE, 1.0, "job-0", "tenant-07") for n in steps),
    )


def _attempt(step: int, job: int) -> Attempt:
    at = START + 10 * step * MINUTE
    failed = (step + job) % 50 == 0
    return Attempt(
        run_id=f"run-{step}-{job}",
        job=f"job-{job}",
        started_at=at,
        status=Status.FAILED if failed else Status.SUCCESS,
        tenant="tenant-07",
        attempt=1,
        finished_at=at + (step % 5 * 10 + 1) * MINUTE,
        error="no rows" if failed else None,
        service="exports",
    )


def _incident(number: int) -> Incident:
    opened_at = START + 10 * number * MINUTE
    return Incident(
        f"PINC{number:04d}", opened_at, opened_at + 45 * MINUTE, "Late", "exports", "high", "job-0", "tenant-07"
    )


def ticks(engine: Engine, history: History, days: float) -> Iterator[Tick]:
    """Pull both vendors every five minutes, from a day in to the end."""
    clock = Timepiece((START + timedelta(days=1)).timestamp())
    with serve_history(
        history, clock=clock.moment, datadog_limit=(10**9, 3600), pagerduty_limit=(10**9, 60)
    ) as standin:
        sources = [build_source(standin, vendor, clock) for vendor in VENDORS]
        while clock.moment() <= START + timedelta(days=days):
            now = clock.moment()
            reports = [pull_source(engine, source, PullWindow(until=now), now) for source in sources]
            yield _tick(now, reports)
            clock.seconds += TICK.total_seconds()


def _tick(now: datetime, reports: list[PullReport]) -> Tick:
    errors = [report.error for report in reports if report.error]
    assert not errors, errors
    stored = sum(sum(report.stored.values()) for report in reports)
    return Tick(now, sum(one.requests for one in reports), stored, sum(one.repeated for one in reports))


def missing_runs(engine: Engine, history: History, now: datetime) -> set[str]:
    """Runs that had ended by then and are not stored."""
    there = {key[1] for key in table_rows(engine, "runs")}
    return {one.run_id for one in history.attempts if one.finished_at and one.finished_at < now} - there


def latest_incident_states(engine: Engine) -> dict[str, int | None]:
    return {str(key[1]): row["resolved_at"] for key, row in table_rows(engine, "incidents").items()}


def resolved_as_they_happened(history: History, now: datetime) -> dict[str, int | None]:
    return {
        one.incident_id: micros(one.resolved_at) if one.resolved_at and one.resolved_at < now else None
        for one in history.incidents
        if one.created_at < now
    }
