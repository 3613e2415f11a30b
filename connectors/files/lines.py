"""JSON Lines that grow: what was appended since the last look, in pieces of whole lines.

The state of such a file says how many bytes and lines were read, with hashes of the beginning and of the end of
them: while both are found again, the file has only grown. Otherwise it is another file, and read from its start.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, Final

from connectors.files.client import opened, unreadable

PIECE: Final = 4 << 20
_PROVEN: Final = 64 << 10
_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Read:
    """How far a file was read: the first `size` bytes, which are `lines` lines."""

    size: int = 0
    lines: int = 0
    head: str = ""
    tail: str = ""

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Read:
        return cls(state.get("read", 0), state.get("lines", 0), state.get("head", ""), state.get("tail", ""))

    def to_json(self) -> dict[str, Any]:
        return {"read": self.size, "lines": self.lines, "head": self.head, "tail": self.tail}


@dataclass(frozen=True, slots=True)
class Piece:
    """Whole lines, the first of which is number `first_line`; `read` is how far the file is read behind them.

    `open_end` is a last line without an end that is no JSON object (yet): it is not among the data.
    """

    data: bytes
    first_line: int
    read: Read
    open_end: bytes = b""


def pieces(file: Path, read: Read, length: int = PIECE) -> Iterator[Piece]:
    """What stands behind `read`, or the whole file where it is another one now. Raises SourceError."""
    with opened(file) as stream:
        try:
            at = read if _goes_on(stream, read) else Read()
            while (piece := _piece(stream, at, length)) is not None:
                yield piece
                at = piece.read
                if piece.open_end:
                    return
        except OSError as error:
            raise unreadable(file, error) from None


def _goes_on(stream: BinaryIO, read: Read) -> bool:
    return read.size > 0 and _proofs(stream, read.size) == (read.head, read.tail)


def _proofs(stream: BinaryIO, size: int) -> tuple[str, str]:
    """Hashes of the beginning and of the end of the first `size` bytes; of a shorter file they are other ones."""
    length = min(size, _PROVEN)
    stream.seek(0)
    head = stream.read(length)
    stream.seek(size - length)
    tail = stream.read(length)
    return hashlib.sha256(head).hexdigest(), hashlib.sha256(tail).hexdigest()


def _piece(stream: BinaryIO, at: Read, length: int) -> Piece | None:
    """The next whole lines; None at the end of the file."""
    stream.seek(at.size)
    data = stream.read(length)
    if len(data) == length and b"\n" not in data:  # a line longer than a piece
        data += stream.readline()
    if not data:
        return None
    data, open_end = _whole(data, last=not stream.read(1))
    read = Read(at.size + len(data), at.lines + data.count(b"\n"))
    head, tail = _proofs(stream, read.size) if read.size else ("", "")
    if at.size == 0:
        data = data.removeprefix(_BOM)
    return Piece(data, at.lines + 1, replace(read, head=head, tail=tail), open_end)


def _whole(data: bytes, *, last: bool) -> tuple[bytes, bytes]:
    """The whole lines of the data, and what of the last line stands there at the end of the file.

    A last line without an end is whole when it is a JSON object: no line that goes on begins with one.
    """
    end = data.rfind(b"\n") + 1
    rest = data[end:]
    if not last:
        return data[:end] or data, b""
    return (data, b"") if not rest.strip() or _is_object(rest) else (data[:end], rest)


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
