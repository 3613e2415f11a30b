"""JSON Lines that grow: what was appended since the last look, in pieces of whole lines.

The state of such a file says how many bytes and lines were read, with their hash: while that is found again, the file
has only grown. Otherwise somebody changed what was read, or it is another file: it is read from its start.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from connectors.files.client import opened, unreadable

PIECE: Final = 4 << 20
_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Read:
    """How far a file was read: the first `size` bytes, which are `lines` lines and have this hash."""

    size: int = 0
    lines: int = 0
    sha256: str = ""

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Read:
        return cls(state.get("read", 0), state.get("lines", 0), state.get("sha256", ""))

    def to_json(self) -> dict[str, Any]:
        return {"read": self.size, "lines": self.lines, "sha256": self.sha256}


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
            digest = _digest(stream, read.size)
            goes_on = digest.hexdigest() == read.sha256
            at, digest = (read, digest) if goes_on else (Read(), hashlib.sha256())
            while (piece := _piece(stream, at, length, digest)) is not None:
                yield piece
                at = piece.read
                if piece.open_end:
                    return
        except OSError as error:
            raise unreadable(file, error) from None


def _digest(stream: BinaryIO, size: int) -> Any:
    """The hash of the first `size` bytes, to be gone on with; of a shorter file it is another one."""
    digest = hashlib.sha256()
    while size > 0 and (some := stream.read(min(size, PIECE))):
        digest.update(some)
        size -= len(some)
    return digest


def _piece(stream: BinaryIO, at: Read, length: int, digest: Any) -> Piece | None:
    """The next whole lines; None at the end of the file."""
    stream.seek(at.size)
    data = stream.read(length)
    if len(data) == length and b"\n" not in data:  # a line longer than a piece
        data += stream.readline()
    if not data:
        return None
    data, open_end = _whole(data, last=not stream.read(1))
    digest.update(data)
    read = Read(at.size + len(data), at.lines + data.count(b"\n"), digest.hexdigest())
    return Piece(data if at.size else data.removeprefix(_BOM), at.lines + 1, read, open_end)


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
