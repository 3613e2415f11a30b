"""Rows straight into the tables of a large store, indexes afterwards: minutes instead of an hour."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine

from correlator.store import schema

Row = Sequence[Any]


@contextmanager
def loading(engine: Engine) -> Iterator[Any]:
    """A function of table, columns and rows."""
    if engine.dialect.name == "sqlite":
        with sqlite3.connect(str(engine.url.database)) as connection:
            connection.execute("PRAGMA cache_size = -2000000")
            connection.execute("PRAGMA synchronous = OFF")
            yield lambda name, columns, rows: _inserted(connection, name, columns, rows)
        connection.close()
        return
    with engine.begin() as connection_:
        raw: Any = connection_.connection.dbapi_connection
        yield lambda name, columns, rows: _copied(raw, name, columns, rows)


def _inserted(connection: sqlite3.Connection, name: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    marks = ", ".join("?" * len(columns))
    connection.executemany(f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({marks})", rows)


def _copied(connection: Any, name: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {name} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


@contextmanager
def without_indexes(engine: Engine, table: str = "runs") -> Iterator[Any]:
    """Loads a table without its indexes, which are made again afterwards."""
    indexes = sorted(schema.metadata.tables[table].indexes, key=lambda one: str(one.name))
    for index in indexes:
        index.drop(engine)
    with loading(engine) as load:
        yield load
    for index in indexes:
        index.create(engine)
