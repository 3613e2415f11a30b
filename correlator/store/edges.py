"""Edges in the store: since when and until when each of them holds, and those known at some moment.

An edge holds from the moment its source first gave it until that source no longer does: a declared one until a newer
`dependencies.yaml` leaves it out, any other until it has not been seen for some days while its source went on
giving edges. An edge that has ended stays in the store, and holds again when it is given again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, bindparam, func, select, update

from correlator.model import Dependency, Origin
from correlator.store.database import lock_source, reading, writing
from correlator.store.kinds import DEPENDENCIES, Row
from correlator.store.revisions import as_known
from correlator.store.schema import dependencies
from correlator.store.upserts import Key, Upserted, cleaned, stored_rows, upsert
from correlator.tables.circles import split_circles, strongest
from correlator.tables.edges import sort_key
from correlator.text.times import micros, moment

_KEYS_AT_ONCE: Final = 2000
_LISTED_WHOLE: Final = (Origin.DECLARED.value, Origin.INFERRED.value)
"""Origins whose edges end when a newer list leaves them out, not by going unseen."""

_SEEN: Final = (
    update(dependencies)
    .where(*(dependencies.c[name] == bindparam(f"old_{name}") for name in ("source", *DEPENDENCIES.key)))
    .where(dependencies.c.seen_at < bindparam("old_seen_at"))
    .values(seen_at=bindparam("old_seen_at"))
)


@dataclass(frozen=True, slots=True)
class StoredEdge:
    """An edge as one source gives it; it holds in `[since, ended)`."""

    source: str
    edge: Dependency
    since: datetime
    seen: datetime
    ended: datetime | None


# --- in --------------------------------------------------------------------------------------------------------


def store_edges(connection: Connection, source: str, rows: Sequence[Row], at: int) -> Upserted:
    """Edges that hold at `at` (µs): new ones and ended ones begin then, the others are seen again.

    A row may carry its own `seen_at`, where it is known to be older.
    """
    total, rows = Upserted(), [cleaned(row) for row in rows]
    for start in range(0, len(rows), _KEYS_AT_ONCE):
        total += _stored(connection, source, rows[start : start + _KEYS_AT_ONCE], at)
    return total


def end_others(connection: Connection, source: str, rows: Sequence[Row], at: int) -> int:
    """End the edges of this source that are not among the rows: the rows are all it has. Gives how many ended."""
    given = {_key(cleaned(row)) for row in rows}
    return _end(connection, [row for row in _holding(connection, source) if _key(row) not in given], at)


def end_unseen(engine: Engine, days: int, now: datetime) -> int:
    """End observed edges not seen for so many days before the source was last heard of. Gives how many ended.

    A source that was down ends nothing: what counts is the time in which it gave other edges and not this one.
    """
    patience, ended = timedelta(days=days) // timedelta(microseconds=1), 0
    for source, last in _last_seen(engine):
        with writing(engine) as connection:
            lock_source(connection, source)
            gone = [row for row in _holding(connection, source) if _observed(row) and row["seen_at"] < last - patience]
            ended += _end(connection, gone, micros(now))
    return ended


def _stored(connection: Connection, source: str, rows: Sequence[Row], at: int) -> Upserted:
    before = stored_rows(connection, DEPENDENCIES, source, [_key(row) for row in rows])
    held = [_held(row, before.get(_key(row)), at) for row in rows]
    done = upsert(connection, DEPENDENCIES, source, held, at)
    if held:
        seen = [{f"old_{name}": row[name] for name in (*DEPENDENCIES.key, "seen_at")} for row in held]
        connection.execute(_SEEN, [one | {"old_source": source} for one in seen])
    return done


def _held(row: Row, before: Row | None, at: int) -> Row:
    goes_on = before is not None and before["ended_at"] is None
    since = before["since_at"] if before and goes_on else at
    return {"seen_at": at} | row | {"since_at": since, "ended_at": None}


def _key(row: Row) -> Key:
    return tuple(row[name] for name in DEPENDENCIES.key)


def _holding(connection: Connection, source: str) -> list[Row]:
    table = dependencies
    found = connection.execute(select(table).where(table.c.source == source, table.c.ended_at.is_(None)))
    return [dict(row) for row in found.mappings()]


def _observed(row: Row) -> bool:
    return row["origin"] not in _LISTED_WHOLE


def _last_seen(engine: Engine) -> list[tuple[str, int]]:
    table = dependencies
    statement = select(table.c.source, func.max(table.c.seen_at)).group_by(table.c.source).order_by(table.c.source)
    with reading(engine) as connection:
        return [(source, int(last)) for source, last in connection.execute(statement)]


def _end(connection: Connection, rows: Sequence[Row], at: int) -> int:
    for source in sorted({row["source"] for row in rows}):
        ended = [_content(row) | {"ended_at": at} for row in rows if row["source"] == source]
        upsert(connection, DEPENDENCIES, source, ended, at)
    return len(rows)


def _content(row: Row) -> Row:
    return {name: row[name] for name in DEPENDENCIES.columns}


# --- out -------------------------------------------------------------------------------------------------------


def edges_known(connection: Connection, by: int | None) -> tuple[Dependency, ...]:
    """The edges that hold, of all sources: now, or as was known by then (µs).

    Of one edge the strongest origin counts; circles that only several sources together make are left out.
    """
    table = dependencies
    wanted = [column.name for column in table.columns]
    statement = select(table).order_by(table.c.revised_at, table.c.source)
    rows: Sequence[Sequence[Any]] = connection.execute(
        statement if by is None else statement.where(table.c.known_at <= by)
    ).fetchall()
    if by is not None:
        rows = as_known(connection, DEPENDENCIES, wanted, rows, by)
    found = [_edge(row) for row in (dict(zip(wanted, row, strict=True)) for row in rows) if _holds(row, by)]
    kept, _ = split_circles(strongest((0, edge) for edge in found if edge.upstream != edge.downstream))
    return tuple(sorted((edge for _, edge in kept), key=sort_key))


def any_edge(engine: Engine) -> bool:
    """Whether any edge holds: without one no cause upstream can be found."""
    held = select(dependencies.c.source).where(dependencies.c.ended_at.is_(None)).limit(1)
    with reading(engine) as connection:
        return connection.execute(held).first() is not None


def list_edges(engine: Engine, *, ended: bool = False) -> list[StoredEdge]:
    """Every source's edges that hold, and with `ended` those that once did; sorted by downstream and upstream."""
    table = dependencies
    wanted: list[ColumnElement[bool]] = [] if ended else [table.c.ended_at.is_(None)]
    order = (table.c.downstream, table.c.upstream, table.c.every_tenant.desc(), table.c.tenant, table.c.source)
    with reading(engine) as connection:
        found = connection.execute(select(table).where(*wanted).order_by(*order))
        return list(_listed(dict(row) for row in found.mappings()))


def _listed(rows: Iterator[Row]) -> Iterator[StoredEdge]:
    for row in rows:
        times = (moment(row["since_at"]), moment(row["seen_at"]), moment(row["ended_at"]))
        yield StoredEdge(row["source"], _edge(row), *times)


def _holds(row: Row, by: int | None) -> bool:
    return row["ended_at"] is None or (by is not None and row["ended_at"] > by)


def _edge(row: Row) -> Dependency:
    tenant = None if row["every_tenant"] else row["tenant"]
    return Dependency(row["upstream"], row["downstream"], tenant, row["max_lag_seconds"], Origin(row["origin"]))
