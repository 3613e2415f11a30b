"""The store as tables in memory, and tables into the store: the one place where rows become columns and back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import numpy as np
import pandas as pd
from sqlalchemy import ColumnElement, Connection, Engine, and_, exists, func, or_, select

from correlator.model import Dependency
from correlator.store import schema
from correlator.store.database import checkpoint, lock_source, reading, writing
from correlator.store.facts import StoredCounts, counted, keep_rejected
from correlator.store.kinds import DEPENDENCIES, KINDS, Kind, Row, dependency_row
from correlator.store.times import micros
from correlator.store.upserts import fact_id, upsert
from correlator.tables.edges import sort_key, split_circles
from correlator.tables.frames import NO_TIME, Tables
from correlator.tables.layout import LAYOUTS, Column, Layout
from correlator.tables.layout import Kind as ColumnKind

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
    edges = [dependency_row(edge) for edge in tables.dependencies]
    total += _stored(engine, source, DEPENDENCIES, edges, at)
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
        return Tables(runs, metrics, changes, incidents, dependencies=_edges(connection, by))


_Window = tuple[int | None, int | None]


def _read(connection: Connection, layout: Layout, window: _Window, by: int | None) -> pd.DataFrame:
    kind = KINDS[layout.name]
    wanted = [*(name for name in layout.frame_columns), "revised_at", "source"]
    statement = select(*(kind.table.c[name] for name in wanted)).where(*_conditions(kind, layout, window, by))
    rows: Sequence[Sequence[Any]] = connection.execute(statement).fetchall()
    if by is not None:
        rows = _as_known(connection, kind, wanted, rows, by)
    columns = dict(zip(wanted, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(wanted, ())
    return _frame(columns, layout)


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


def _as_known(
    connection: Connection, kind: Kind, wanted: list[str], rows: Sequence[Sequence[Any]], by: int
) -> list[Sequence[Any]]:
    """Rows revised after `by` replaced by what stood there at `by`."""
    table = schema.fact_revisions
    then = connection.execute(
        select(table.c.source, table.c.fact_id, table.c.content).where(
            table.c.kind == kind.name, table.c.known_at <= by, table.c.superseded_at > by
        )
    )
    before = {(row.source, row.fact_id): json.loads(row.content) for row in then}
    revised, source = wanted.index("revised_at"), wanted.index("source")
    answer: list[Sequence[Any]] = []
    for row in rows:
        if row[revised] > by:
            now = dict(zip(wanted, row, strict=True))
            row = [(now | before[(row[source], fact_id(kind, now))])[name] for name in wanted]
        answer.append(row)
    return answer


def _frame(columns: Mapping[str, Sequence[Any]], layout: Layout) -> pd.DataFrame:
    frame = pd.DataFrame({column.name: _typed(columns[column.name], column) for column in layout.columns})
    kind = ColumnKind.LABEL if layout.tags_kind is ColumnKind.LABEL else ColumnKind.TEXT
    frame["tags"] = _typed(columns["tags"], Column("tags", kind))
    frame["known_at"] = np.array(columns["known_at"], dtype=np.int64)
    frame["revised_at"] = np.array(columns["revised_at"], dtype=np.int64)
    frame["source"] = np.array(columns["source"], dtype=object)
    frame = frame.sort_values([*layout.key, "revised_at", "source"], kind="stable", key=_sortable)
    frame = frame.drop_duplicates(list(layout.key), keep="last")
    frame = frame.sort_values([layout.order, *layout.key], kind="stable", key=_sortable)
    return frame[list(layout.frame_columns)].reset_index(drop=True)


def _sortable(column: pd.Series[Any]) -> pd.Series[Any]:
    return column.cat.codes if isinstance(column.dtype, pd.CategoricalDtype) else column


def _typed(values: Sequence[Any], column: Column) -> Any:
    if column.kind is ColumnKind.TIME:
        return np.array([NO_TIME if value is None else value for value in values], dtype=np.int64)
    if column.kind is ColumnKind.COUNT:
        return np.array(values, dtype=np.int32)
    if column.kind is ColumnKind.NUMBER:
        return np.array(values, dtype=np.float64)
    texts = pd.array(list(values), dtype="str")
    return pd.Categorical(texts, categories=_categories(values)) if column.kind is ColumnKind.LABEL else texts


def _categories(values: Sequence[str]) -> Any:
    return pd.Index(sorted(set(values)), dtype="str")


def _edges(connection: Connection, by: int | None) -> tuple[Dependency, ...]:
    """All edges known then, of all sources; circles that only several sources together make are left out."""
    table = schema.dependencies
    wanted = [column.name for column in table.columns]
    statement = select(table).order_by(table.c.revised_at, table.c.source)
    rows: Sequence[Sequence[Any]] = connection.execute(
        statement if by is None else statement.where(table.c.known_at <= by)
    ).fetchall()
    if by is not None:
        rows = _as_known(connection, DEPENDENCIES, wanted, rows, by)
    found = {(edge.upstream, edge.downstream, edge.tenant): edge for edge in (_edge(wanted, row) for row in rows)}
    kept, _ = split_circles([(0, edge) for edge in found.values() if edge.upstream != edge.downstream])
    return tuple(sorted((edge for _, edge in kept), key=sort_key))


def _edge(wanted: list[str], row: Sequence[Any]) -> Dependency:
    at = dict(zip(wanted, row, strict=True))
    tenant = None if at["every_tenant"] else at["tenant"]
    return Dependency(at["upstream"], at["downstream"], tenant, at["max_lag_seconds"])


def stored_until(engine: Engine) -> int | None:
    """The latest event time stored, in microseconds; None when nothing is."""
    columns = (
        *(schema.runs.c[name] for name in ("scheduled_at", "started_at", "finished_at")),
        *(schema.metrics.c.at, schema.changes.c.at, schema.incidents.c.created_at, schema.incidents.c.resolved_at),
    )
    with reading(engine) as connection:
        found = [connection.execute(select(func.max(column))).scalar() for column in columns]
    return max((int(time) for time in found if time is not None), default=None)
