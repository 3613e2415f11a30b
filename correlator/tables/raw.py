"""A table file as it stands: columns of Arrow arrays, before anybody asked what they mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from correlator.errors import InputError
from correlator.model import Rejected


@dataclass(frozen=True)
class RawTable:
    """`columns`: name to Arrow array, all of one length, in the order of the file.

    `lines_of(rows)` gives the 1-based line of each row (for Parquet, which has no lines, the row's number); it is
    asked for rejected rows alone. `problems` are rows found unusable while parsing; `unread` are lines that did not
    become a row at all.
    """

    file: Path
    columns: Mapping[str, Any]
    rows: int
    lines_of: Callable[[NDArray[np.int64]], NDArray[np.int64]]
    problems: Mapping[int, str] = field(default_factory=dict)
    unread: tuple[Rejected, ...] = ()


def read_bytes(file: Path) -> bytes:
    """The file's bytes. Raises InputError when it cannot be opened."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror or error}") from error


def check_utf8(file: Path, data: bytes) -> None:
    """Raise InputError with the line of the first byte that is not UTF-8."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"{file}, line {line}: not UTF-8 text", hint="save the file as UTF-8") from error
