"""Rows into fact tables: by (source, id), idempotent, and what stood there before is kept as a revision."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Connection, Table, and_, bindparam, insert, select, tuple_, update

from correlator.store.kinds import Kind, Row
from correlator.store.known_jobs import note_runs
from correlator.store.known_metrics import note_metrics
from correlator.store.schema import fact_revisions, metrics, runs, write_numbers

_KEYS_AT_ONCE: Final = 4000
_PARAMETERS: Final = 20_000
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Upserted:
    """New rows, rows whose content changed, and rows that said nothing new."""

    new: int = 0
    changed: int = 0
    repeated: int = 0

    def __add__(self, other: Upserted) -> Upserted:
        return Upserted(self.new + other.new, self.changed + other.changed, self.repeated + other.repeated)


def upsert(connection: Connection, kind: Kind, source: str, rows: Iterable[Row], known_at: int) -> Upserted:
    """Store rows of one kind; of rows with the same key the later one counts."""
    every = [cleaned(row) for row in rows]
    latest = {tuple(row[name] for name in kind.key): row for row in every}
    keys = list(latest)
    size = min(_KEYS_AT_ONCE, _PARAMETERS // len(kind.key))
    total = Upserted(repeated=len(every) - len(keys))
    for start in range(0, len(keys), size):
        part = {key: latest[key] for key in keys[start : start + size]}
        total += _part(connection, kind, source, part, known_at)
    return total


def _part(connection: Connection, kind: Kind, source: str, rows: dict[Key, Row], known_at: int) -> Upserted:
    stored = stored_rows(connection, kind, source, list(rows))
    new = [row for key, row in rows.items() if key not in stored]
    changed = [(stored[key], row) for key, row in rows.items() if key in stored and _differs(kind, stored[key], row)]
    number = write_number(connection, kind, source) if new or changed else {}
    if new:
        added = {"source": source, "known_at": known_at, "revised_at": known_at} | number
        for row in new:
            row.update(added)
        insert_rows(connection, kind.table, new)
    if changed:
        _revise(connection, kind, source, [(old, row | number) for old, row in changed], known_at)
    if kind.table is runs:
        note_runs(connection, source, new, changed, known_at)
    if kind.table is metrics and new:
        note_metrics(connection, source, new)
    return Upserted(len(new), len(changed), len(rows) - len(new) - len(changed))


def stored_rows(connection: Connection, kind: Kind, source: str, keys: Sequence[Key]) -> dict[Key, Row]:
    """The source's rows with these keys (some thousand at most), as they stand."""
    columns = [kind.table.c[name] for name in kind.key]
    wanted = columns[0].in_([key[0] for key in keys]) if len(columns) == 1 else tuple_(*columns).in_(list(keys))
    found = connection.execute(select(kind.table).where(kind.table.c.source == source, wanted))
    return {tuple(row[name] for name in kind.key): dict(row) for row in found.mappings()}


def _differs(kind: Kind, stored: Row, row: Row) -> bool:
    return any(stored[name] != row[name] for name in kind.columns)


def write_number(connection: Connection, kind: Kind, source: str) -> Row:
    """The number of this write as a column, for kinds that keep it.

    Numbers of a source are given in the order of commits: its row is locked until the transaction ends.
    """
    if "written" not in kind.table.c:
        return {}
    mine = write_numbers.c.source == source
    if not connection.execute(update(write_numbers).where(mine).values(last=write_numbers.c.last + 1)).rowcount:
        connection.execute(insert(write_numbers).values(source=source, last=1))
    return {"written": connection.execute(select(write_numbers.c.last).where(mine)).scalar_one()}


def _revise(connection: Connection, kind: Kind, source: str, changed: Sequence[tuple[Row, Row]], known_at: int) -> None:
    """Keep what stood there, then put the new content in its place. (A clock set back never makes time run back.)"""
    moments = [max(known_at, old["revised_at"] + 1) for old, _ in changed]
    connection.execute(
        insert(fact_revisions),
        [_revision(kind, source, old, moment) for (old, _), moment in zip(changed, moments, strict=True)],
    )
    table = kind.table
    ours = [name for name in ("revised_at", "written") if name in table.c]
    content = [name for name in (*kind.columns, *ours) if name not in kind.key]
    statement = (
        update(table)
        .where(and_(table.c.source == source, *(table.c[name] == bindparam(f"key_{name}") for name in kind.key)))
        .values({name: bindparam(f"new_{name}") for name in content})
    )
    connection.execute(
        statement,
        [_parameters(kind, content, row | {"revised_at": at}) for (_, row), at in zip(changed, moments, strict=True)],
    )


def _parameters(kind: Kind, content: Iterable[str], row: Row) -> Row:
    return {f"key_{name}": row[name] for name in kind.key} | {f"new_{name}": row[name] for name in content}


def _revision(kind: Kind, source: str, old: Row, superseded_at: int) -> Row:
    return {
        "kind": kind.name,
        "source": source,
        "fact_id": fact_id(kind, old),
        "known_at": old["revised_at"],
        "superseded_at": superseded_at,
        "content": json.dumps({name: old[name] for name in kind.columns}, ensure_ascii=True),
    }


def fact_id(kind: Kind, row: Row) -> str:
    """The key as one text: the id itself, or the JSON list of the key's parts."""
    if len(kind.key) == 1:
        return str(row[kind.key[0]])
    return json.dumps([row[name] for name in kind.key], separators=(",", ":"))


def cleaned(row: Row) -> Row:
    """Texts as every database takes them: without NUL and lone surrogates."""
    for name, value in row.items():
        if type(value) is str and (not value.isascii() or "\x00" in value):
            row[name] = value.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\ufffd")
    return row


def insert_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """New rows, each with every column that `rows[0]` has.

    The statement is compiled once and the rows go to the driver as they are: SQLAlchemy's own way spends more time on
    each row's parameters than SQLite on storing it. All columns are texts and numbers, which drivers take as such.
    """
    compiled = insert(table).compile(dialect=connection.dialect, column_keys=list(rows[0]))
    names = compiled.positiontup
    values: Any = list(map(itemgetter(*names), rows)) if names else list(rows)
    connection.exec_driver_sql(str(compiled), values)
