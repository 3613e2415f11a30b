"""Parquet files: typed columns as they are; a row's "line" is its number, from 1."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from correlator.errors import InputError
from correlator.tables.layout import Kind, Layout
from correlator.tables.raw import RawTable


def read_parquet(file: Path, layout: Layout) -> RawTable:
    """The file's columns. Raises InputError when it is damaged or not Parquet.

    Columns that `layout` calls labels stay dictionaries where the file has them so: their texts are never written out.
    """
    labels = {column.name for column in layout.columns if column.kind is Kind.LABEL}
    try:
        table = _read(file, labels)
    except (pa.ArrowException, OSError) as error:
        first = str(error).splitlines()[0]
        raise InputError(f"{file}: cannot be read as Parquet: {first}", hint="write the file again") from error
    names = table.column_names
    if len(set(names)) < len(names):
        raise InputError(f"{file}: a column stands twice")
    columns = {name: _whole(table.column(name), keep_dictionary=name in labels) for name in names}
    return RawTable(file, columns, table.num_rows, lambda rows: rows + 1)


def _read(file: Path, labels: set[str]) -> Any:
    schema = parquet.read_schema(file)
    texts = {field.name for field in schema if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)}
    return parquet.ParquetFile(file, read_dictionary=sorted(labels & texts)).read()


def _whole(column: Any, *, keep_dictionary: bool) -> Any:
    """One array out of chunks, texts with 64-bit offsets; dictionaries unpacked unless they are to be kept."""
    kind = column.type
    if pa.types.is_dictionary(kind) and keep_dictionary and pa.types.is_string(kind.value_type):
        return _joined(column.unify_dictionaries())
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_string(kind) or str(kind) == "string_view":
        kind = pa.large_string()
    if kind != column.type:
        column = column.cast(kind)
    return _joined(column)


def _joined(column: Any) -> Any:
    """One array; nothing is copied where there is but one chunk."""
    if column.num_chunks == 1:
        return column.chunk(0)
    whole = column.combine_chunks()
    return pa.concat_arrays(whole.chunks) if isinstance(whole, pa.ChunkedArray) else whole
