"""JSON Lines files: one object a line; numbers are accepted where a text is expected, objects and lists are not."""

from __future__ import annotations

import json
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
    if (plain := _plain(data)) is not None:
        columns, problems = _columns(plain, layout)
        return RawTable(file, columns, len(plain), lambda rows: rows + first_line, problems)
    return _line_by_line(file, layout, data, first_line)


def _plain(data: bytes) -> list[dict[str, Any]] | None:
    """The objects of a file with one on every line, read in one go; None where a line may be anything else.

    `}`, line end, `{` cannot stand inside an object. So where it parts all lines, and there are as many objects as
    lines, each line is one object.
    """
    text = data.removesuffix(b"\n")
    lines = text.count(b"\n") + 1
    if not text.startswith(b"{") or text.count(b"}\n{") != lines - 1:
        return None
    try:
        objects: list[dict[str, Any]] = _decoder.decode_lines(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    return objects if len(objects) == lines else None


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
        values = [item.get(name) for item in objects]
        known = layout.column(name)
        numbers = _numbers(values) if known and known.kind in _NUMERIC else None
        columns[name] = _texts(name, values, known is not None, problems) if numbers is None else numbers
    return columns, problems


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
