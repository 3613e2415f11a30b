"""JSON Lines files: one object a line; numbers are accepted where a text is expected, objects and lists are not."""

from __future__ import annotations

import json
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from correlator.errors import InputError
from correlator.model import Rejected
from correlator.tables.layout import Kind, Layout
from correlator.tables.raw import RawTable, check_utf8, read_bytes

_decoder: Final = msgspec.json.Decoder()
_NUMERIC: Final = (Kind.NUMBER, Kind.COUNT)
_MOST_NAMES: Final = 500


def read_jsonl(file: Path, layout: Layout) -> RawTable:
    """The file as text columns. Raises InputError when no line of it is a JSON object."""
    data = read_bytes(file).removeprefix(b"\xef\xbb\xbf")
    check_utf8(file, data)
    table = parse_jsonl(file, layout, data)
    if table.unread and not table.rows:
        first = table.unread[0]
        raise InputError(f"{file}, line {first.line}: {first.reason}", hint="one JSON object a line")
    return table


def parse_jsonl(file: Path, layout: Layout, data: bytes, first_line: int = 1) -> RawTable:
    """Lines of the file, of which the first is number `first_line`; UTF-8."""
    table = _in_one_go(file, layout, data, first_line)
    return _line_by_line(file, layout, data, first_line) if table is None else table


def _in_one_go(file: Path, layout: Layout, data: bytes, first_line: int) -> RawTable | None:
    """The table where nothing is wrong with it: every line one object, of columns known or in the first line, none of
    them a list or an object. Else None, and the patient way says what is wrong. A third of its time."""
    text = data.removesuffix(b"\n")
    columns = _plain_columns(text, layout) if _one_object_a_line(text) else None
    if columns is None or any(column.required and column.name not in columns for column in layout.columns):
        return None
    rows = text.count(b"\n") + 1
    return RawTable(file, columns, rows, lambda asked: asked + first_line) if _of_length(columns, rows) else None


def _one_object_a_line(text: bytes) -> bool:
    """Whether each line is one object or more: `}`, line end, `{` cannot stand inside an object."""
    return text.startswith(b"{") and text.count(b"}\n{") == text.count(b"\n")


def _of_length(columns: dict[str, Any], rows: int) -> bool:
    """With as many objects as lines, no line holds two."""
    return all(len(column) == rows for column in columns.values())


def _plain_columns(text: bytes, layout: Layout) -> dict[str, Any] | None:
    """The columns that hold anything; None where a line has another column, or a value that is no text or number."""
    try:
        names = dict.fromkeys([*(column.name for column in layout.columns), *_decoder.decode(text.partition(b"\n")[0])])
        rows = msgspec.json.Decoder(_row_type(list(names))).decode_lines(text)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return None
    problems: dict[int, str] = {}
    columns = {
        name: _column(name, list(map(attrgetter(f"c{place}"), rows)), layout, problems)
        for place, name in enumerate(names)
    }
    return None if problems else {name: one for name, one in columns.items() if one.null_count < len(one)}


def _row_type(names: list[str]) -> type[msgspec.Struct]:
    """What a line is decoded into: a cell a name, None where the line has none; no other names. Kept away from the
    garbage collector, which would look at every row again and again. Raises ValueError for more names than a plain
    table has."""
    if len(names) > _MOST_NAMES:
        raise ValueError(f"{len(names)} columns")
    fields: list[tuple[str, Any, Any]] = [(f"c{place}", Any, None) for place in range(len(names))]
    renamed = {f"c{place}": name for place, name in enumerate(names)}
    return msgspec.defstruct("Row", fields, rename=renamed, gc=False, forbid_unknown_fields=True)


def _line_by_line(file: Path, layout: Layout, data: bytes, first_line: int) -> RawTable:
    objects: list[dict[str, Any]] = []
    lines: list[int] = []
    unread: list[Rejected] = []
    for number, line in enumerate(data.split(b"\n"), start=first_line):
        if line.strip():
            value = _object(line)
            if isinstance(value, str):
                unread.append(Rejected(file.name, number, value))
            else:
                objects.append(value)
                lines.append(number)
    columns, problems = _columns(objects, layout)
    at = np.array(lines, dtype=np.int64)
    return RawTable(file, columns, len(objects), lambda rows: at[rows], problems, tuple(unread))


def _object(line: bytes) -> dict[str, Any] | str:
    """The line's object, or why there is none. What the fast reader refuses, the patient one reads or words."""
    try:
        value = _decoder.decode(line)
    except (msgspec.DecodeError, RecursionError):
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            return f"not JSON: {error}"
    return value if isinstance(value, dict) else "not a JSON object"


def _columns(objects: list[dict[str, Any]], layout: Layout) -> tuple[dict[str, Any], dict[int, str]]:
    names = dict.fromkeys(name for item in objects for name in item)
    problems: dict[int, str] = {}
    columns = {}
    for name in names:
        columns[name] = _column(name, [item.get(name) for item in objects], layout, problems)
    return columns, problems


def _column(name: str, values: list[Any], layout: Layout, problems: dict[int, str]) -> Any:
    known = layout.column(name)
    numbers = _numbers(values) if known and known.kind in _NUMERIC else None
    return _texts(name, values, known is not None, problems) if numbers is None else numbers


def _numbers(values: list[Any]) -> Any:
    """A column of nothing but numbers as such; None for any other."""
    if not {type(value) for value in values} <= {int, float, type(None)}:
        return None
    try:
        return pa.array(values, pa.float64())
    except pa.ArrowInvalid:  # a whole number too large for it to be exact
        return None


def _texts(name: str, values: list[Any], known: bool, problems: dict[int, str]) -> Any:
    """One column as text. A known column refuses what is not a text or a number; a tag keeps it as JSON."""
    try:
        return pa.array(values, pa.large_string())
    except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError, UnicodeEncodeError):
        texts: list[str | None] = []
        for row, value in enumerate(values):
            text = _text(value)
            if known and isinstance(value, bool | list | dict):
                problems.setdefault(row, f"{name} is {text}, not a text or a number")
            elif text is not None and not _encodable(text):
                problems.setdefault(row, f"{name} is not valid Unicode")
                text = None
            texts.append(text)
        return pa.array(texts, pa.large_string())


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
