"""Rows of a table as facts. Pure. Columns of one's own become tags of runs; other facts have no place for them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from correlator.model import Attempt, Change, Incident, MetricPoint, Status
from correlator.tables.frames import NO_TIME, from_micros

if TYPE_CHECKING:
    import pandas as pd

    from correlator.ports import Fact

Row = Mapping[str, Any]


def facts_of(table: str, frame: pd.DataFrame) -> Iterator[Fact]:
    """One fact a row of a checked frame of `runs`, `metrics`, `changes` or `incidents`."""
    make, names = _MAKERS[table], list(frame.columns)
    columns = [frame[name].tolist() for name in names]
    for values in zip(*columns, strict=True):
        yield make(dict(zip(names, values, strict=True)))


def _run(row: Row) -> Attempt:
    return Attempt(
        run_id=row["run_id"],
        job=row["job"],
        started_at=from_micros(row["started_at"]),
        status=Status(row["status"]),
        tenant=row["tenant"],
        logical_run_id=row["logical_run_id"] or None,
        attempt=row["attempt"] or None,
        scheduled_at=_time(row["scheduled_at"]),
        finished_at=_time(row["finished_at"]),
        error=row["error"] or None,
        service=row["service"] or None,
        host=row["host"] or None,
        tags=_tags(row["tags"]),
    )


def _metric(row: Row) -> MetricPoint:
    return MetricPoint(
        metric=row["metric"],
        at=from_micros(row["at"]),
        value=row["value"],
        job=row["job"] or None,
        tenant=row["tenant"],
        host=row["host"] or None,
    )


def _change(row: Row) -> Change:
    return Change(
        change_id=row["change_id"],
        at=from_micros(row["at"]),
        title=row["title"],
        job=row["job"] or None,
        service=row["service"] or None,
        tenant=row["tenant"],
    )


def _incident(row: Row) -> Incident:
    texts = {name: row[name] or None for name in ("title", "service", "urgency", "job", "url")}
    return Incident(
        incident_id=row["incident_id"],
        created_at=from_micros(row["created_at"]),
        resolved_at=_time(row["resolved_at"]),
        tenant=row["tenant"],
        **texts,
    )


def _time(micros: int) -> datetime | None:
    return None if micros == NO_TIME else from_micros(micros)


@lru_cache(maxsize=4096)
def _tags(text: str) -> Mapping[str, str]:
    """The tags; of many rows they are the same."""
    return json.loads(text) if text else {}


_MAKERS: Final[Mapping[str, Callable[[Row], Fact]]] = {
    "runs": _run,
    "metrics": _metric,
    "changes": _change,
    "incidents": _incident,
}
