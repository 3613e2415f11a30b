"""The five tables in memory.

Times are int64 microseconds since 1970-01-01 UTC, with `NO_TIME` where there is none: they compare, sort and
subtract as plain integers, and a missing time can never pass for a real one.

- runs: run_id, logical_run_id ("" = none), error ("" = none): str; job, tenant, status, service, host: category of
  str; attempt: int32 (0 = none); scheduled_at, started_at, finished_at, known_at: int64; tags: str (JSON object or "").
- metrics: metric, job, tenant, host, tags: category; at, known_at: int64; value: float64.
- changes: change_id, title, job, service, tenant, tags: str ("" = none); at, known_at: int64.
- incidents: incident_id, title, service, urgency, job, tenant, url, tags: str; created_at, resolved_at,
  known_at: int64.

What `read_folder` and the store give is sorted by time and then by id, and categories are sorted, so the order in
which rows came leaves no trace. `known_at` is when the fact became known to the store; `NO_TIME` for tables read
from a folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from correlator.model import Dependency, Rejected

if TYPE_CHECKING:
    import pandas as pd

NO_TIME: Final = int(np.iinfo(np.int64).min)
MICROSECONDS: Final = 1_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

RUN_COLUMNS: Final = (
    *("run_id", "logical_run_id", "job", "tenant", "status", "attempt", "scheduled_at", "started_at"),
    *("finished_at", "error", "service", "host", "tags", "known_at"),
)
METRIC_COLUMNS: Final = ("metric", "job", "tenant", "host", "at", "value", "tags", "known_at")
CHANGE_COLUMNS: Final = ("change_id", "at", "title", "job", "service", "tenant", "tags", "known_at")
INCIDENT_COLUMNS: Final = (
    *("incident_id", "created_at", "resolved_at", "title", "service"),
    *("urgency", "job", "tenant", "url", "tags", "known_at"),
)


@dataclass(frozen=True)
class Tables:
    """A history: four frames (see the module's table), the dependencies, and what could not be read.

    `repeated` counts the rows that stood for a fact another row gave too, and were merged with it. `lists_all_edges`
    says that the dependencies came as one list: what it leaves out is no edge any more.
    """

    runs: pd.DataFrame
    metrics: pd.DataFrame
    changes: pd.DataFrame
    incidents: pd.DataFrame
    dependencies: tuple[Dependency, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    repeated: int = 0
    lists_all_edges: bool = False


def to_micros(moment: datetime | None) -> int:
    """An aware datetime as microseconds since 1970 UTC; None as `NO_TIME`."""
    if moment is None:
        return NO_TIME
    return (moment - _EPOCH) // timedelta(microseconds=1)


def from_micros(micros: int) -> datetime:
    """The inverse of `to_micros` for a real time."""
    return _EPOCH + timedelta(microseconds=int(micros))
