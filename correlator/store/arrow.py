"""The answer of a SELECT as Arrow columns, some thousand rows at a time: nothing is kept as Python objects.

SQLite's rows are fetched in small parts and packed at once. PostgreSQL writes CSV with COPY, which Arrow reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import pyarrow as pa
from pyarrow import csv
from sqlalchemy import Connection, Select

ROWS_AT_ONCE: Final = 1000
"""Few enough that the rows of one part are still in the processor's cache when they are packed."""
_BLOCK: Final = 1 << 22


def fetch_columns(connection: Connection, statement: Select[Any], types: Sequence[Any]) -> dict[str, Any]:
    """Each selected column by its name, as one Arrow array of the type given for it.

    Conditions may hold numbers and texts, no other values: they are written into the statement.
    """
    names = [column.name for column in statement.selected_columns]
    schema = pa.schema(list(zip(names, types, strict=True)))
    text = str(statement.compile(connection.engine, compile_kwargs={"literal_binds": True}))
    raw: Any = connection.connection.dbapi_connection
    fetch = _copied if connection.dialect.name == "postgresql" else _fetched
    table = pa.Table.from_batches(fetch(raw, text, schema), schema)
    return {name: _whole(table.column(name), kind) for name, kind in zip(names, types, strict=True)}


def _whole(column: Any, kind: Any) -> Any:
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], kind)


def _fetched(raw: Any, text: str, schema: Any) -> Iterator[Any]:
    """Batches of a SQLite cursor."""
    cursor = raw.execute(text)
    while rows := cursor.fetchmany(ROWS_AT_ONCE):
        columns = zip(zip(*rows, strict=True), schema.types, strict=True)
        yield pa.RecordBatch.from_arrays([pa.array(column, kind) for column, kind in columns], schema=schema)
    cursor.close()


def _copied(raw: Any, text: str, schema: Any) -> Iterator[Any]:
    """Batches of what PostgreSQL copies out. NULL is an empty field, an empty text is a quoted one."""
    text = text.replace("%%", "%")  # doubled for statements with parameters, of which COPY has none
    with raw.cursor() as cursor, cursor.copy(f"COPY ({text}) TO STDOUT (FORMAT csv)") as copy:
        stream = _Stream(copy)
        if not stream.fill():
            return
        yield from csv.open_csv(
            pa.PythonFile(stream, "r"),
            read_options=csv.ReadOptions(column_names=schema.names, use_threads=False, block_size=_BLOCK),
            parse_options=csv.ParseOptions(newlines_in_values=True),
            convert_options=csv.ConvertOptions(column_types=schema, strings_can_be_null=False),
        )


class _Stream:
    """A copy as a file that is read from its beginning to its end."""

    closed = False

    def __init__(self, copy: Any) -> None:
        self._parts: Iterator[Any] = iter(copy)
        self._left = b""

    def fill(self) -> bool:
        """Whether there is anything (more) to read."""
        while not self._left:
            part = next(self._parts, None)
            if part is None:
                return False
            self._left = bytes(part)
        return True

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none at the end."""
        found, length = [], 0
        while length < size and self.fill():
            part, self._left = self._left[: size - length], self._left[size - length :]
            found.append(part)
            length += len(part)
        return b"".join(found)

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self.closed = True
