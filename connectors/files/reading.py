"""A file of the folder as parts: facts, what had to be set aside, and the state of the file once they are stored."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from connectors.files.client import Standing, opened, sha256_of, unreadable
from connectors.files.lines import Piece, Read, pieces
from connectors.files.mapping import facts_of
from correlator.errors import InputError
from correlator.model import Rejected
from correlator.ports import Fact, SetAside
from correlator.tables.checking import Checked, check_table
from correlator.tables.csv_file import parse_csv
from correlator.tables.edges import read_edges
from correlator.tables.jsonl_file import parse_jsonl
from correlator.tables.layout import LAYOUTS, Layout
from correlator.tables.parquet_file import read_parquet
from correlator.tables.raw import RawTable
from correlator.tables.reading import EDGE_FILES

_LAYOUTS: Final = {layout.name: layout for layout in LAYOUTS}
_LINE_END: Final = re.compile(rb"\r\n|\n|\r")
_LONGEST_TEXT: Final = 2000


@dataclass(frozen=True, slots=True)
class Part:
    """What one step of reading a file gave. `state` is how its reader finds its way once the facts are stored."""

    facts: Iterable[Fact]
    state: dict[str, Any]
    set_aside: tuple[SetAside, ...] = ()
    lists_all_edges: bool = False


def parts_of(file: Path, before: dict[str, Any], standing: Standing) -> Iterator[Part]:
    """The parts of a file that looks other than before. Raises InputError when it is no table, SourceError when it
    cannot be read. A last line that somebody may still be writing waits."""
    if file.suffix == ".jsonl":
        yield from _grown(file, Read.from_json(before), standing)
        return
    digest = sha256_of(file, standing.size)
    if before.get("sha256") == digest:
        yield Part((), {"sha256": digest})
    elif file.name in EDGE_FILES:
        edges = read_edges(file)
        aside = tuple(_set_aside(row, b"") for row in edges.rejected)
        yield Part(edges.dependencies, {"sha256": digest}, aside, lists_all_edges=True)
    elif file.suffix == ".parquet":
        yield _part(check_table(read_parquet(file, _layout(file)), _layout(file)), file, b"", {"sha256": digest})
    else:
        yield from _csv(file, digest, standing)


def _csv(file: Path, digest: str, standing: Standing) -> Iterator[Part]:
    """The whole of a CSV file; without its last line while that has no end and the file is being written."""
    data = _bytes(file)
    whole = data if standing.settled else data[: data.rfind(b"\n") + 1]
    if whole or standing.settled:
        state = {"sha256": digest if len(whole) == standing.size else ""}
        yield _part(check_table(parse_csv(file, whole), _layout(file)), file, whole, state)


def _grown(file: Path, read: Read, standing: Standing) -> Iterator[Part]:
    """JSON Lines from where they were read to."""
    for piece in pieces(file, read):
        aside = _unfinished(file, piece) if piece.open_end and standing.settled else ()
        part = _piece_part(file, piece)
        yield replace(part, set_aside=(*part.set_aside, *aside))
        read = piece.read
    yield Part((), read.to_json())


def _piece_part(file: Path, piece: Piece) -> Part:
    data, garbled = _utf8(file, piece)
    raw = parse_jsonl(file, _layout(file), data, piece.first_line)
    if piece.first_line > 1:
        raw = _with_required(raw, _layout(file))
    elif raw.unread and not raw.rows:
        first = raw.unread[0]
        raise InputError(f"{file}, line {first.line}: {first.reason}", hint="one JSON object a line")
    part = _part(check_table(raw, _layout(file)), file, data, piece.read.to_json(), piece.first_line)
    return replace(part, set_aside=(*garbled, *part.set_aside))


def _utf8(file: Path, piece: Piece) -> tuple[bytes, tuple[SetAside, ...]]:
    """The piece without its lines that are not UTF-8; one such line is no reason to stop at it for ever."""
    try:
        piece.data.decode("utf-8")
    except UnicodeDecodeError:
        lines = piece.data.split(b"\n")
        bad = [number for number, line in enumerate(lines) if not _decodes(line)]
        rows = [Rejected(file.name, piece.first_line + number, "not UTF-8 text") for number in bad]
        aside = tuple(_set_aside(row, lines[number]) for row, number in zip(rows, bad, strict=True))
        return b"\n".join(b"" if number in set(bad) else line for number, line in enumerate(lines)), aside
    return piece.data, ()


def _decodes(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _with_required(raw: RawTable, layout: Layout) -> RawTable:
    """With empty required columns where these lines have none: the rows are set aside then, not the whole file."""
    missing = [column.name for column in layout.columns if column.required and column.name not in raw.columns]
    empty = pa.nulls(raw.rows, pa.large_string())
    return replace(raw, columns={**raw.columns, **dict.fromkeys(missing, empty)})


def _unfinished(file: Path, piece: Piece) -> tuple[SetAside, ...]:
    """The last line of a file nobody writes to any more."""
    line = piece.read.lines + 1
    return (_set_aside(Rejected(file.name, line, "the last line has no end and is no JSON object"), piece.open_end),)


def _part(checked: Checked, file: Path, data: bytes, state: dict[str, Any], first_line: int = 1) -> Part:
    lines = _LINE_END.split(data) if checked.rejected and data else []
    aside = tuple(
        _set_aside(row, lines[row.line - first_line] if lines and row.line else b"") for row in checked.rejected
    )
    return Part(facts_of(_layout(file).name, checked.frame), state, aside)


def _set_aside(row: Rejected, text: bytes) -> SetAside:
    """A row under the same id as an import gives it, with its text where the file has lines."""
    payload: dict[str, Any] = {"file": row.file, "line": row.line}
    if text:
        payload["text"] = text.decode("utf-8", "replace")[:_LONGEST_TEXT]
    return SetAside(f"{row.file}:{row.line or 0}:{row.reason}", row.reason, payload)


def _layout(file: Path) -> Layout:
    return _LAYOUTS[file.stem]


def _bytes(file: Path) -> bytes:
    with opened(file) as stream:
        try:
            return stream.read()
        except OSError as error:
            raise unreadable(file, error) from None
