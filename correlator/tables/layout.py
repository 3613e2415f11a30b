"""Which columns each table has, and of what kind: the tables contract as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from correlator.model import Status
from correlator.tables.frames import CHANGE_COLUMNS, INCIDENT_COLUMNS, METRIC_COLUMNS, RUN_COLUMNS


class Kind(Enum):
    """What a column holds. A label is a text of which a table has few different ones."""

    TEXT = "text"
    LABEL = "label"
    TIME = "time"
    COUNT = "whole number"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    kind: Kind
    required: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """One table. Two rows with the same `key` are one fact; rows are sorted by `order`, then by the key."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    order: str
    frame_columns: tuple[str, ...]
    tags_kind: Kind = Kind.TEXT

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)


def _columns(kind: Kind, names: str) -> tuple[Column, ...]:
    """Columns of one kind; a star marks the required ones."""
    return tuple(Column(name.rstrip("*"), kind, name.endswith("*")) for name in names.split())


RUNS: Final = Layout(
    "runs",
    (
        *_columns(Kind.TEXT, "run_id*"),
        *_columns(Kind.LABEL, "job*"),
        *_columns(Kind.TIME, "started_at*"),
        *_columns(Kind.LABEL, "status* tenant service host"),
        *_columns(Kind.TEXT, "logical_run_id error"),
        *_columns(Kind.COUNT, "attempt"),
        *_columns(Kind.TIME, "scheduled_at finished_at"),
    ),
    key=("run_id",),
    order="started_at",
    frame_columns=RUN_COLUMNS,
)
METRICS: Final = Layout(
    "metrics",
    (
        *_columns(Kind.LABEL, "metric*"),
        *_columns(Kind.TIME, "at*"),
        *_columns(Kind.NUMBER, "value*"),
        *_columns(Kind.LABEL, "job tenant host"),
    ),
    key=("metric", "job", "tenant", "host", "at"),
    order="at",
    frame_columns=METRIC_COLUMNS,
    tags_kind=Kind.LABEL,
)
CHANGES: Final = Layout(
    "changes",
    (
        *_columns(Kind.TEXT, "change_id*"),
        *_columns(Kind.TIME, "at*"),
        *_columns(Kind.TEXT, "title job service tenant"),
    ),
    key=("change_id",),
    order="at",
    frame_columns=CHANGE_COLUMNS,
)
INCIDENTS: Final = Layout(
    "incidents",
    (
        *_columns(Kind.TEXT, "incident_id*"),
        *_columns(Kind.TIME, "created_at* resolved_at"),
        *_columns(Kind.TEXT, "title service urgency job tenant url"),
    ),
    key=("incident_id",),
    order="created_at",
    frame_columns=INCIDENT_COLUMNS,
)
LAYOUTS: Final = (RUNS, METRICS, CHANGES, INCIDENTS)
STATUSES: Final = tuple(status.value for status in Status)
