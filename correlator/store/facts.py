"""Facts into the store: a page of a pull in one transaction, with the raw answers and where to go on from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, Table, select

from correlator.model import Dependency, Rejected
from correlator.ports import Fact, Page, RawAnswer
from correlator.store.database import lock_source, reading, writing
from correlator.store.edges import end_others, store_edges
from correlator.store.inserting import insert_into
from correlator.store.kinds import DEPENDENCIES, KINDS, Kind, Row, dependency_row, row_of
from correlator.store.schema import raw_answers, set_aside, watermarks
from correlator.store.upserts import Upserted, upsert
from correlator.text.times import micros

_AS_JSON: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=str).encode


@dataclass(frozen=True)
class StoredCounts:
    """What storing did. `stored`: rows of each kind that are new or changed; `repeated` said nothing new."""

    stored: Mapping[str, int] = field(default_factory=dict)
    repeated: int = 0
    set_aside: int = 0
    newest_event_at: int | None = None

    def __add__(self, other: StoredCounts) -> StoredCounts:
        kinds = sorted({*self.stored, *other.stored})
        newest = [at for at in (self.newest_event_at, other.newest_event_at) if at is not None]
        return StoredCounts(
            {kind: self.stored.get(kind, 0) + other.stored.get(kind, 0) for kind in kinds},
            self.repeated + other.repeated,
            self.set_aside + other.set_aside,
            max(newest, default=None),
        )


def store_page(engine: Engine, source: str, page: Page, known_at: datetime) -> StoredCounts:
    """Facts, raw answers, items set aside and the stream's position, all or nothing. Raises StoreError."""
    at = micros(known_at)
    with writing(engine) as connection:
        counts = put_page(connection, source, page, at)
        _move(connection, source, page.stream, page.position, at)
    return counts


def put_page(connection: Connection, source: str, page: Page, at: int) -> StoredCounts:
    """All of a page but its position, in the caller's transaction."""
    lock_source(connection, source)
    counts = store_facts(connection, source, page.facts, at)
    if page.lists_all_edges:
        edges = [dependency_row(fact) for fact in page.facts if isinstance(fact, Dependency)]
        counts += counted(DEPENDENCIES.name, Upserted(changed=end_others(connection, source, edges, at)), None)
    keep_answers(connection, source, page.raw, at)
    items = [(item.item_id, item.reason, dumped(item.payload)) for item in page.set_aside]
    keep_set_aside(connection, source, items, at)
    return counts + StoredCounts(set_aside=len(page.set_aside))


def store_facts(connection: Connection, source: str, facts: Sequence[Fact], known_at: int) -> StoredCounts:
    """Facts of any kinds, in the caller's transaction."""
    rows: dict[str, list[Row]] = {}
    for fact in facts:
        kind, row = row_of(fact)
        rows.setdefault(kind.name, []).append(row)
    total = StoredCounts()
    for name in sorted(rows):
        done = _put_kind(connection, KINDS[name], source, rows[name], known_at)
        event = KINDS[name].event
        total += counted(name, done, max(row[event] for row in rows[name]) if event else None)
    return total


def _put_kind(connection: Connection, kind: Kind, source: str, rows: Sequence[Row], known_at: int) -> Upserted:
    if kind is DEPENDENCIES:
        return store_edges(connection, source, rows, known_at)
    return upsert(connection, kind, source, rows, known_at)


def store_edge_list(
    engine: Engine, source: str, edges: Sequence[Dependency], known_at: int, *, complete: bool
) -> StoredCounts:
    """The edges a source lists; those it listed before and no longer does end, where the list is complete."""
    rows = [dependency_row(edge) for edge in edges]
    with writing(engine) as connection:
        lock_source(connection, source)
        done = store_edges(connection, source, rows, known_at)
        ended = end_others(connection, source, rows, known_at) if complete else 0
    return counted(DEPENDENCIES.name, done + Upserted(changed=ended), None)


def counted(kind: str, done: Upserted, newest: int | None) -> StoredCounts:
    return StoredCounts({kind: done.new + done.changed}, done.repeated, newest_event_at=newest)


def position(engine: Engine, source: str, stream: str) -> dict[str, Any] | None:
    """Where the stream's watermark stands; None before its first stored page."""
    statement = select(watermarks.c.position).where(watermarks.c.source == source, watermarks.c.stream == stream)
    with reading(engine) as connection:
        found = connection.execute(statement).scalar()
    return None if found is None else dict(json.loads(found))


def keep_rejected(engine: Engine, source: str, rejected: Sequence[Rejected], known_at: datetime) -> None:
    """List rows of an imported folder that could not be used."""
    with writing(engine) as connection:
        items = [(f"{row.file}:{row.line or 0}:{row.reason}", row.reason, "") for row in rejected]
        keep_set_aside(connection, source, items, micros(known_at))


def keep_set_aside(connection: Connection, source: str, items: Sequence[tuple[str, str, str]], at: int) -> None:
    """Items as (id, reason, payload); one seen before keeps the time it was first seen."""
    rows = [
        {"source": source, "item_id": item, "reason": reason, "payload": payload, "first_at": at, "last_at": at}
        for item, reason, payload in {item[0]: item for item in items}.values()
    ]
    put(connection, set_aside, rows, keys=("source", "item_id"), keep=("first_at",))


def keep_answers(connection: Connection, source: str, answers: Sequence[RawAnswer], at: int) -> None:
    """Each answer as it came; one that comes again word for word is kept once, with the time it first came."""
    rows = [
        {"source": source, "fact_id": answer.fact_id, "request": answer.request, "body": body, "fetched_at": at}
        | {"sha256": hashlib.sha256(body.encode()).hexdigest()}
        for answer in answers
        for body in (dumped(answer.body),)
    ]
    unique = list({(row["fact_id"], row["sha256"]): row for row in rows}.values())
    put(connection, raw_answers, unique, keys=("source", "fact_id", "sha256"), keep=("fetched_at", "request", "body"))


def _move(connection: Connection, source: str, stream: str, to: Mapping[str, Any], at: int) -> None:
    row = {"source": source, "stream": stream, "position": dumped(to), "updated_at": at}
    put(connection, watermarks, [row], keys=("source", "stream"))


def dumped(value: Any) -> str:
    """JSON with sorted keys: the same value gives the same text. ASCII, so that every database takes it."""
    return _AS_JSON(value)


def put(
    connection: Connection, table: Table, rows: Sequence[Row], *, keys: Sequence[str], keep: Sequence[str] = ()
) -> None:
    """Insert rows, or overwrite those with the same keys, except for the columns of `keep`."""
    if not rows:
        return
    statement = insert_into(connection, table)
    columns = [name for name in rows[0] if name not in (*keys, *keep)]
    if columns:
        changes = {name: statement.excluded[name] for name in columns}
        statement = statement.on_conflict_do_update(index_elements=list(keys), set_=changes)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=list(keys))
    connection.execute(statement, list(rows))
