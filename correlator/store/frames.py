"""The store as tables in memory, and tables into the store: the one place where rows become columns and back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import pandas as pd
import pyarrow as pa
from sqlalchemy import ColumnElement, Connection, Engine, and_, exists, func, or_, select

from correlator.store import schema
from correlator.store.arrow import fetch_columns
from correlator.store.database import checkpoint, lock_source, reading, writing
from correlator.store.edges import edges_known
from correlator.store.facts import StoredCounts, counted, keep_rejected, store_edge_list
from correlator.store.kinds import KINDS, Kind, Row
from correlator.store.revisions import as_known
from correlator.store.shaping import column_types, shaped
from correlator.store.upserts import upsert
from correlator.tables.frames import NO_TIME, Tables
from correlator.tables.layout import CHANGES, LAYOUTS, Layout
from correlator.tables.layout import Kind as ColumnKind
from correlator.text.times import micros

_DAY: Final = 86_400_000_000
STRADDLE: Final = 7 * _DAY
"""How far before the window the earlier attempts of its logical runs are looked for."""
_ROWS_AT_ONCE: Final = 20_000


# --- in --------------------------------------------------------------------------------------------------------


def store_tables(engine: Engine, source: str, tables: Tables, known_at: datetime) -> StoredCounts:
    """Store all five tables and the list of what could not be used. Raises StoreError.

    Written in parts of some thousand rows, each a transaction: an import that was cut off is simply done again.
    """
    at = micros(known_at)
    total = StoredCounts(repeated=tables.repeated, set_aside=len(tables.rejected))
    for layout in LAYOUTS:
        frame: pd.DataFrame = getattr(tables, layout.name)
        for start in range(0, len(frame), _ROWS_AT_ONCE):
            rows = list(_rows(frame.iloc[start : start + _ROWS_AT_ONCE], KINDS[layout.name], layout))
            total += _stored(engine, source, KINDS[layout.name], rows, at)
    total += store_edge_list(engine, source, tables.dependencies, at, complete=tables.lists_all_edges)
    keep_rejected(engine, source, tables.rejected, known_at)
    checkpoint(engine)
    return total


def _stored(engine: Engine, source: str, kind: Kind, rows: list[Row], at: int) -> StoredCounts:
    with writing(engine) as connection:
        lock_source(connection, source)
        done = upsert(connection, kind, source, rows, at)
    return counted(kind.name, done, max((row[kind.event] for row in rows), default=None) if kind.event else None)


def _rows(frame: pd.DataFrame, kind: Kind, layout: Layout) -> Iterator[Row]:
    times = {column.name for column in layout.columns if column.kind is ColumnKind.TIME}
    names = kind.columns
    columns = [_listed(frame, name, name in times) for name in names]
    for values in zip(*columns, strict=True):
        yield dict(zip(names, values, strict=True))


def _listed(frame: pd.DataFrame, name: str, is_time: bool) -> list[Any]:
    if name not in frame:  # `status` of incidents, `tags` of frames made by hand
        return [""] * len(frame)
    values = frame[name].tolist()
    return [None if value == NO_TIME else value for value in values] if is_time else values


# --- out -------------------------------------------------------------------------------------------------------


def read_window(
    engine: Engine, start: datetime | None, end: datetime | None, known_by: datetime | None = None
) -> Tables:
    """Everything that happened in `[start, end)`, as columns; `None` leaves that side open.

    Attempts before `start` come too where their logical run goes on inside the window, so that runs stay whole.
    With `known_by`, facts as they were known at that moment: one that arrived later is absent, one that was revised
    later stands as it did then. Of one id from two sources the row revised last is taken. Raises StoreError.
    """
    window = (micros(start), micros(end))
    by = micros(known_by)
    with reading(engine) as connection:
        runs, metrics, changes, incidents = (_read(connection, layout, window, by) for layout in LAYOUTS)
        return Tables(runs, metrics, changes, incidents, dependencies=edges_known(connection, by))


_Window = tuple[int | None, int | None]


def read_changes(connection: Connection, start: int) -> pd.DataFrame:
    """The changes from `start` (µs) on."""
    return _read(connection, CHANGES, (start, None), None)


def _read(connection: Connection, layout: Layout, window: _Window, by: int | None) -> pd.DataFrame:
    kind = KINDS[layout.name]
    types = column_types(layout)
    statement = select(*(kind.table.c[name] for name in types)).where(*_conditions(kind, layout, window, by))
    if by is None:
        return shaped(fetch_columns(connection, statement, list(types.values())), layout)
    rows = as_known(connection, kind, list(types), connection.execute(statement).fetchall(), by)
    columns = zip(*rows, strict=True) if rows else [()] * len(types)
    return shaped({n: pa.array(c, types[n]) for n, c in zip(types, columns, strict=True)}, layout)


def _conditions(kind: Kind, layout: Layout, window: _Window, by: int | None) -> list[ColumnElement[bool]]:
    start, end = window
    at = kind.table.c[layout.order]
    found: list[ColumnElement[bool]] = [] if end is None else [at < end]
    if start is not None:
        inside = at >= start
        found.append(or_(inside, _straddling(start, end)) if layout.name == "runs" else inside)
    return found if by is None else [*found, kind.table.c.known_at <= by]


def _straddling(start: int, end: int | None) -> ColumnElement[bool]:
    """Attempts before `start` whose scheduled run has an attempt inside the window."""
    first, later = schema.runs, schema.runs.alias("later")
    same = or_(
        and_(first.c.logical_run_id != "", later.c.logical_run_id == first.c.logical_run_id),
        and_(first.c.logical_run_id == "", later.c.logical_run_id == "", later.c.scheduled_at == first.c.scheduled_at),
    )
    inside = [later.c.started_at >= start] + ([] if end is None else [later.c.started_at < end])
    continues = exists().where(
        later.c.source == first.c.source, later.c.job == first.c.job, later.c.tenant == first.c.tenant, same, *inside
    )
    return and_(first.c.started_at >= start - STRADDLE, first.c.started_at < start, continues)


def stored_until(engine: Engine) -> int | None:
    """The latest event time stored, in microseconds; None when nothing is."""
    columns = (
        *(schema.runs.c[name] for name in ("scheduled_at", "started_at", "finished_at")),
        *(schema.metrics.c.at, schema.changes.c.at, schema.incidents.c.created_at, schema.incidents.c.resolved_at),
    )
    with reading(engine) as connection:
        found = [connection.execute(select(func.max(column))).scalar() for column in columns]
    return max((int(time) for time in found if time is not None), default=None)
