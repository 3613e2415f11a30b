"""Where the rows of every tenant are kept between looks: in a folder, or in memory for one look alone.

A file is never changed. New ones get new names, the index that names them is replaced as a whole, and files that no
index names are deleted: a look that is cut off leaves the folder as the last whole look left it. A file's name is its
digest, and it is checked whenever it is read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

import pyarrow as pa

from correlator.engine.platform import Starts
from correlator.errors import CorrelatorError
from correlator.incremental.rows import METRIC_SCHEMA, RUN_SCHEMA, Rows, numbers

_STARTS: Final = pa.schema([(name, pa.int64()) for name in ("bins", "runs", "failed")])
_OPTIONS: Final = pa.ipc.IpcWriteOptions(compression="lz4")


class DamagedStateError(CorrelatorError):
    """A kept file is missing or is not what was written."""


class RowCache(Protocol):
    """Arrow tables by the name that `put` gives them."""

    def put(self, tables: Sequence[Any]) -> str: ...

    def get(self, name: str) -> list[Any]: ...


@dataclass
class InMemory:
    """Nothing outlives the look."""

    kept: list[list[Any]] = field(default_factory=list)

    def put(self, tables: Sequence[Any]) -> str:
        self.kept.append(list(tables))
        return str(len(self.kept) - 1)

    def get(self, name: str) -> list[Any]:
        return self.kept[int(name)]


@dataclass(frozen=True)
class InFolder:
    """A file for each call of `put`."""

    folder: Path

    def put(self, tables: Sequence[Any]) -> str:
        data = _packed(tables)
        name = hashlib.blake2b(data, digest_size=16).hexdigest()
        path = self._path(name)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            half = path.with_suffix(".half")
            half.write_bytes(data)
            half.replace(path)
        return name

    def get(self, name: str) -> list[Any]:
        try:
            data = self._path(name).read_bytes()
        except OSError as error:
            raise DamagedStateError(f"{self._path(name)} cannot be read: {error.strerror}") from error
        if hashlib.blake2b(data, digest_size=16).hexdigest() != name:
            raise DamagedStateError(f"{self._path(name)} is not what was written there")
        return _unpacked(data)

    def keep_only(self, names: Collection[str]) -> None:
        """Delete every other file."""
        wanted = {self._path(name) for name in names}
        for path in self.folder.glob("??/*"):
            if path not in wanted:
                path.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self.folder / name[:2] / f"{name}.arrows"


def put_rows(row_cache: RowCache, rows: Rows) -> str:
    return row_cache.put((rows.runs, rows.metrics))


def get_rows(row_cache: RowCache, name: str) -> Rows:
    """Raises DamagedStateError."""
    tables = row_cache.get(name)
    if [table.schema for table in tables] != [RUN_SCHEMA, METRIC_SCHEMA]:
        raise DamagedStateError("a kept file has other columns than this program writes")
    return Rows(*tables)


def put_starts(row_cache: RowCache, starts: Starts) -> str:
    return row_cache.put([pa.table([starts.bins, starts.runs, starts.failed], schema=_STARTS)])


def get_starts(row_cache: RowCache, name: str) -> Starts:
    """Raises DamagedStateError."""
    (table,) = row_cache.get(name)
    return Starts(*(numbers(table, column) for column in _STARTS.names))


def _packed(tables: Sequence[Any]) -> bytes:
    sink = pa.BufferOutputStream()
    for table in tables:
        with pa.ipc.new_stream(sink, table.schema, options=_OPTIONS) as writer:
            writer.write_table(table.combine_chunks())
    data: bytes = sink.getvalue().to_pybytes()
    return data


def _unpacked(data: bytes) -> list[Any]:
    source, tables = pa.BufferReader(data), []
    while source.tell() < len(data):
        tables.append(pa.ipc.open_stream(source).read_all())
    return tables
