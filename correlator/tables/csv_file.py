"""CSV files: every field as text, with the true line of every row even where a quoted field holds line ends."""

from __future__ import annotations

import csv
import io
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv as arrow_csv

from correlator.errors import InputError
from correlator.model import Rejected
from correlator.tables.raw import RawTable, check_utf8, read_bytes

_BLOCK = 1 << 24
_CONTENT = re.compile(rb"[^\r\n]")
_LINE_END = re.compile(rb"\r\n|\n|\r")


def read_csv(file: Path) -> RawTable:
    """The file as text columns. Raises InputError for a file without a header or that is not UTF-8 text."""
    return parse_csv(file, read_bytes(file))


def parse_csv(file: Path, data: bytes) -> RawTable:
    """What was read of the file, as text columns. Raises InputError as `read_csv` does."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    check_utf8(file, data)
    names, start, header_lines = _header(file, data)
    if not _CONTENT.search(data, start):
        return RawTable(file, {name: pa.array([], pa.large_string()) for name in names}, 0, lambda rows: rows)
    body = memoryview(data)[start:]
    table, ragged = _parse(file, names, body, quoted=data.find(b'"', start) >= 0)
    lines = _Lines(body, header_lines + 1)
    kept = np.delete(np.arange(table.num_rows + len(ragged)), sorted(ragged))
    unread = tuple(
        Rejected(file.name, int(lines.of(np.array([record]))[0]), f"{found} fields where the header has {len(names)}")
        for record, found in sorted(ragged.items())
    )
    columns = {name: table.column(name).combine_chunks() for name in names}
    return RawTable(file, columns, table.num_rows, lambda rows: lines.of(kept[rows]), unread=unread)


def _header(file: Path, data: bytes) -> tuple[list[str], int, int]:
    """Column names, the offset behind the header, and the number of lines up to there."""
    reader = csv.reader(io.StringIO(data[:_BLOCK].decode("utf-8", errors="ignore"), newline=""), strict=True)
    try:
        names = next((row for row in reader if row), [])
    except csv.Error as error:
        raise InputError(f"{file}, line {reader.line_num}: not a CSV table: {error}") from error
    if not names:
        raise InputError(f"{file}: it is empty", hint="the first line must name the columns")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"{file}, line {reader.line_num}: the column `{twice[0]}` stands twice")
    return names, _offset(data, reader.line_num), reader.line_num


def _offset(data: bytes, lines: int) -> int:
    position = 0
    for _ in range(lines):
        match = _LINE_END.search(data, position)
        if match is None:
            return len(data)
        position = match.end()
    return position


def _parse(file: Path, names: list[str], body: memoryview, *, quoted: bool) -> tuple[Any, dict[int, int]]:
    """The rows that have one field a column, and of the others {index of the record: fields found}."""
    try:
        return _arrow(names, body, _BLOCK, quoted)
    except pa.ArrowInvalid as error:
        if "straddl" not in str(error):
            raise InputError(f"{file}: not a CSV table: {error}") from error
    try:
        return _arrow(names, body, len(body) + 1, quoted)
    except pa.ArrowInvalid as error:
        raise InputError(f"{file}: not a CSV table: {error}", hint="is a quoted field left open?") from error


def _arrow(names: list[str], body: memoryview, block: int, quoted: bool) -> tuple[Any, dict[int, int]]:
    ragged: dict[int, int] = {}

    def note(row: Any) -> str:
        ragged[row.number - 1] = row.actual_columns
        return "skip"

    table = arrow_csv.read_csv(
        pa.BufferReader(pa.py_buffer(body)),
        read_options=arrow_csv.ReadOptions(column_names=names, use_threads=False, block_size=block),
        parse_options=arrow_csv.ParseOptions(newlines_in_values=quoted, invalid_row_handler=note),
        convert_options=arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.large_string())),
    )
    return table, ragged


class _Lines:
    """Where each record starts, worked out only when somebody asks."""

    def __init__(self, body: memoryview, first: int) -> None:
        self._body, self._first = body, first
        self._starts: NDArray[np.int64] | None = None

    def of(self, records: NDArray[np.int64]) -> NDArray[np.int64]:
        if self._starts is None:
            body = bytes(self._body)
            self._starts = _quoted_starts(body) if b'"' in body else _plain_starts(body)
        return self._starts[records] + self._first


def _plain_starts(body: bytes) -> NDArray[np.int64]:
    """Without quotes a record is a line that is not blank."""
    lines = _LINE_END.split(body) if b"\r" in body else body.split(b"\n")
    return np.flatnonzero(np.fromiter((bool(line) for line in lines), dtype=bool, count=len(lines)))


def _quoted_starts(body: bytes) -> NDArray[np.int64]:
    csv.field_size_limit(sys.maxsize)
    reader = csv.reader(io.StringIO(body.decode("utf-8"), newline=""))
    starts, line = [], 0
    for row in reader:
        if row:
            starts.append(line)
        line = reader.line_num
    return np.array(starts, dtype=np.int64)
