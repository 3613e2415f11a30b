"""A folder in the tables contract as a history the stand-in can serve."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from correlator.model import Attempt, Change, Incident, MetricPoint, Status
from correlator.simulation.history import History
from correlator.tables.frames import NO_TIME, Tables, from_micros


def read_history(folder: Path) -> History:
    """Raises InputError when the folder cannot be read; rows that cannot be read are left out, as on import."""
    from correlator.tables.reading import read_folder

    return history_of(read_folder(folder))


def history_of(tables: Tables) -> History:
    """The frames as facts."""
    return History(
        attempts=tuple(_attempt(row) for row in _rows(tables.runs)),
        metrics=tuple(_point(row) for row in _rows(tables.metrics)),
        changes=tuple(_change(row) for row in _rows(tables.changes)),
        incidents=tuple(_incident(row) for row in _rows(tables.incidents)),
        dependencies=tables.dependencies,
    )


def _rows(frame: Any) -> Iterator[dict[str, Any]]:
    names = list(frame.columns)
    for values in frame.itertuples(index=False, name=None):
        yield dict(zip(names, values, strict=True))


def _time(micros: int) -> datetime | None:
    return None if micros == NO_TIME else from_micros(micros)


def _attempt(row: dict[str, Any]) -> Attempt:
    return Attempt(
        run_id=row["run_id"],
        job=row["job"],
        tenant=row["tenant"],
        status=Status(row["status"]),
        started_at=from_micros(row["started_at"]),
        finished_at=_time(row["finished_at"]),
        scheduled_at=_time(row["scheduled_at"]),
        logical_run_id=row["logical_run_id"] or None,
        attempt=int(row["attempt"]) or None,
        error=row["error"] or None,
        service=row["service"] or None,
        host=row["host"] or None,
        tags=json.loads(row["tags"]) if row["tags"] else {},
    )


def _point(row: dict[str, Any]) -> MetricPoint:
    return MetricPoint(
        metric=row["metric"],
        at=from_micros(row["at"]),
        value=float(row["value"]),
        job=row["job"] or None,
        tenant=row["tenant"],
        host=row["host"] or None,
    )


def _change(row: dict[str, Any]) -> Change:
    return Change(
        change_id=row["change_id"],
        at=from_micros(row["at"]),
        title=row["title"] or row["change_id"],
        job=row["job"] or None,
        service=row["service"] or None,
        tenant=row["tenant"],
    )


def _incident(row: dict[str, Any]) -> Incident:
    return Incident(
        incident_id=row["incident_id"],
        created_at=from_micros(row["created_at"]),
        resolved_at=_time(row["resolved_at"]),
        title=row["title"] or None,
        service=row["service"] or None,
        urgency=row["urgency"] or None,
        job=row["job"] or None,
        tenant=row["tenant"],
    )
