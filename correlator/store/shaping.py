"""Columns as the store gives them, made into the frames of `correlator.tables.frames`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from correlator.tables import columns as convert
from correlator.tables.frames import NO_TIME
from correlator.tables.layout import Kind, Layout
from correlator.tables.ordering import Rows, by_time, framed, last_of_key

_TEXT: Final = pa.large_string()
_TYPES: Final = {Kind.TIME: pa.int64(), Kind.COUNT: pa.int64(), Kind.NUMBER: pa.float64()}


def column_types(layout: Layout) -> dict[str, Any]:
    """The columns to select for a table, with their Arrow types: those of its frame, and who said so when."""
    kinds = {column.name: column.kind for column in layout.columns} | {"known_at": Kind.TIME}
    types = {name: _TYPES.get(kinds.get(name, Kind.TEXT), _TEXT) for name in layout.frame_columns}
    return types | {"revised_at": pa.int64(), "source": _TEXT}


def shaped(columns: Mapping[str, Any], layout: Layout) -> pd.DataFrame:
    """The frame: of one fact that several sources told the row revised last; by time, then by key.

    Columns that are not given are not in the frame.
    """
    kinds = {column.name: column.kind for column in layout.columns} | {"known_at": Kind.TIME, "tags": layout.tags_kind}
    values = {name: _values(columns[name], kinds[name]) for name in layout.frame_columns if name in columns}
    return framed(values, layout, by_time(values, layout, _latest(columns, values, layout)))


def _latest(columns: Mapping[str, Any], values: Mapping[str, Any], layout: Layout) -> Rows:
    """One row for each key. A source has every key once, so where there is one source there is nothing to do."""
    source = convert.labels(columns["source"])
    if len(source.categories) < 2:
        return np.arange(len(source))
    revised = columns["revised_at"].to_numpy(zero_copy_only=False)
    return last_of_key(values, layout, np.lexsort((source.codes, revised)))


def _values(column: Any, kind: Kind) -> Any:
    if kind is Kind.TEXT:
        return column
    if kind is Kind.LABEL:
        return convert.labels(column)
    filled = pc.fill_null(column, NO_TIME) if column.null_count else column
    return np.array(filled.to_numpy(zero_copy_only=False), np.int32 if kind is Kind.COUNT else None)
