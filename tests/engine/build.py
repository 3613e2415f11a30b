"""Histories written down by hand, as the tables the engine reads: `day(...)`, `run(...)`, `tables_of(...)`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from correlator.engine import analyze
from correlator.model import Attempt, Change, Dependency, Finding, Incident, MetricPoint, Status, iso
from correlator.simulation.history import History
from correlator.tables.checking import Checked, check_table
from correlator.tables.frames import Tables
from correlator.tables.layout import LAYOUTS
from correlator.tables.raw import RawTable

MONDAY: Final = datetime(2026, 3, 2, tzinfo=UTC)
_KINDS: Final = {"runs": Attempt, "metrics": MetricPoint, "changes": Change, "incidents": Incident}


def at(text: str, day: int = 0) -> datetime:
    """`at("04:10", 2)`: ten past four on the third day, counted from a Monday."""
    hours, minutes = text.split(":")
    return MONDAY + timedelta(days=day, hours=int(hours), minutes=int(minutes))


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def logical_run(
    job: str, due: datetime, ends: str, tenant: str = "tenant-01", took: float = 10, pause: float = 5, delay: float = 0
) -> list[Attempt]:
    """One logical run, a letter an attempt: `"FTS"` failed, timed out, passed. `took` and `pause` in minutes.

    S success, F failed, T timed out, C cancelled, K skipped, U upstream failed, R running.
    """
    statuses = {"S": "success", "F": "failed", "T": "timed_out", "C": "cancelled", "K": "skipped"}
    statuses |= {"U": "upstream_failed", "R": "running"}
    name, start, made = f"{tenant}/{job}/{due:%dT%H:%M}", due + minutes(delay), []
    for number, letter in enumerate(ends, 1):
        status = Status(statuses[letter])
        made.append(
            Attempt(
                run_id=f"{name}/{number}",
                job=job,
                tenant=tenant,
                started_at=start,
                finished_at=None if status is Status.RUNNING else start + minutes(took),
                scheduled_at=due,
                logical_run_id=name,
                attempt=number,
                status=status,
                error=f"{job} broke" if letter in "FT" else None,
            )
        )
        start += minutes(took + pause)
    return made


def hourly(job: str, ends: Sequence[str], minute: int = 0, **more: Any) -> list[Attempt]:
    """An hourly job from Monday midnight on, one text of `logical_run` an hour."""
    due = [MONDAY + timedelta(hours=hour, minutes=minute) for hour in range(len(ends))]
    return [
        attempt for moment, text in zip(due, ends, strict=True) for attempt in logical_run(job, moment, text, **more)
    ]


def without_ids(attempts: Iterable[Attempt], *names: str) -> list[Attempt]:
    """The same attempts as a source tells them that does not know these fields."""
    nothing: dict[str, Any] = dict.fromkeys(names)
    return [replace(attempt, **nothing) for attempt in attempts]


def tables_of(
    attempts: Iterable[Attempt] = (),
    dependencies: Iterable[Dependency] = (),
    metrics: Iterable[MetricPoint] = (),
    changes: Iterable[Change] = (),
    incidents: Iterable[Incident] = (),
) -> Tables:
    """The facts through the same checks that files go through: repeated rows merged, sorted, typed."""
    rows: dict[str, Sequence[Any]] = {
        "runs": tuple(attempts),
        "metrics": tuple(metrics),
        "changes": tuple(changes),
        "incidents": tuple(incidents),
    }
    checked = {layout.name: _checked(layout.name, rows[layout.name]) for layout in LAYOUTS}
    return Tables(
        runs=checked["runs"].frame,
        metrics=checked["metrics"].frame,
        changes=checked["changes"].frame,
        incidents=checked["incidents"].frame,
        dependencies=tuple(dependencies),
        rejected=tuple(row for table in checked.values() for row in table.rejected),
        repeated=sum(table.repeated for table in checked.values()),
    )


def _checked(name: str, rows: Sequence[Any]) -> Checked:
    layout = next(layout for layout in LAYOUTS if layout.name == name)
    columns = {
        field.name: _column([getattr(row, field.name) for row in rows])
        for field in fields(_KINDS[name])
        if field.name != "tags" and (field.name, name) != ("status", "incidents")
    }
    if not rows:
        columns = {}
    return check_table(RawTable(Path(f"{name}.jsonl"), columns, len(rows), lambda wanted: wanted + 1), layout)


def _column(values: list[Any]) -> Any:
    """As a file would hold them: times as texts, numbers as numbers."""
    if all(value is None for value in values):
        return pa.nulls(len(values))
    if any(isinstance(value, datetime) for value in values):
        values = [None if value is None else iso(value) for value in values]
    kind = pa.float64() if isinstance(values[0], float) else pa.int64() if _whole(values) else pa.large_string()
    return pa.array(values, kind)


def _whole(values: list[Any]) -> bool:
    return all(value is None or isinstance(value, int) for value in values)


def tables_of_history(history: History) -> Tables:
    """What a simulated history tells."""
    return tables_of(history.attempts, history.dependencies, history.metrics, history.changes, history.incidents)


def findings(tables: Tables, as_of: datetime | None = None) -> dict[tuple[str, str], Finding]:
    """The findings by tenant and job."""
    return {(found.tenant, found.job): found for found in analyze(tables, as_of).findings}


def only(tables: Tables, job: str, tenant: str = "tenant-01", as_of: datetime | None = None) -> Finding:
    """The finding about one job."""
    return findings(tables, as_of)[tenant, job]


def cut(history: History, moment: datetime) -> History:
    """The folder as it would have been exported at `moment`: no later rows, and what had not ended runs."""
    return History(
        attempts=tuple(_attempt_at(item, moment) for item in history.attempts if item.started_at <= moment),
        metrics=tuple(item for item in history.metrics if item.at <= moment),
        changes=tuple(item for item in history.changes if item.at <= moment),
        incidents=tuple(_incident_at(item, moment) for item in history.incidents if item.created_at <= moment),
        dependencies=history.dependencies,
    )


def _attempt_at(attempt: Attempt, moment: datetime) -> Attempt:
    if attempt.finished_at is None or attempt.finished_at <= moment:
        return attempt
    return replace(attempt, status=Status.RUNNING, finished_at=None, error=None)


def _incident_at(incident: Incident, moment: datetime) -> Incident:
    if incident.resolved_at is None or incident.resolved_at <= moment:
        return incident
    return replace(incident, resolved_at=None)
