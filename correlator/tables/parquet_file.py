"""Parquet files: typed columns as they are; a row's "line" is its number, from 1."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from correlator.errors import InputError
from correlator.tables.raw import RawTable


def read_parquet(file: Path) -> RawTable:
    """The file's columns. Raises InputError when it is damaged or not Parquet."""
    try:
        table = parquet.ParquetFile(file).read()
    except (pa.ArrowException, OSError) as error:
        first = str(error).splitlines()[0]
        raise InputError(f"{file}: cannot be read as Parquet: {first}", hint="write the file again") from error
    names = table.column_names
    if len(set(names)) < len(names):
        raise InputError(f"{file}: a column stands twice")
    columns = {name: _whole(table.column(name)) for name in names}
    return RawTable(file, columns, table.num_rows, lambda rows: rows + 1)


def _whole(column: Any) -> Any:
    """One array out of chunks, dictionaries unpacked, texts with 64-bit offsets."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_string(kind) or str(kind) == "string_view":
        kind = pa.large_string()
    if kind != column.type:
        column = column.cast(kind)
    whole = column.combine_chunks()
    return pa.concat_arrays(whole.chunks) if isinstance(whole, pa.ChunkedArray) else whole
