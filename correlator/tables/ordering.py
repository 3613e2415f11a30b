"""Rows of a table as positions: which to keep of those with the same key, and in which order they stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from correlator.tables import columns as convert
from correlator.tables.hashing import hash_texts, occur_twice
from correlator.tables.layout import Layout

Rows = NDArray[np.int64]
"""Positions of rows. Values are Arrow texts, categoricals, or arrays of numbers."""


def last_of_key(values: Mapping[str, Any], layout: Layout, rows: Rows) -> Rows:
    """Of rows with the same key the last one in `rows`; ascending positions."""
    if not len(rows):
        return rows
    if len(layout.key) > 1:
        return np.sort(rows[convert.last_of_each([_codes(values[name], rows) for name in layout.key])])
    texts = values[layout.key[0]]
    alike = np.flatnonzero(occur_twice(hash_texts(texts)[rows]))
    if not len(alike):
        return np.sort(rows)
    last = alike[convert.last_of_each([_codes(texts, rows[alike])])]
    return np.sort(np.delete(rows, np.setdiff1d(alike, last, assume_unique=True)))


def by_time(values: Mapping[str, Any], layout: Layout, rows: Rows) -> Rows:
    """The rows by time; those of the same moment by key. (Only ties look at texts: sorting those is slow.)"""
    times = values[layout.order][rows]
    order = np.arange(len(times)) if (times[1:] >= times[:-1]).all() else np.argsort(times)
    same = times[order][1:] == times[order][:-1]
    tied = np.flatnonzero(np.append(same, False) | np.insert(same, 0, False)) if len(rows) else order
    members = order[tied]
    ranks = [_ranks(values[name], rows[members]) for name in layout.key]
    order[tied] = members[np.lexsort((*reversed(ranks), times[members]))]
    return rows[order]


def framed(values: Mapping[str, Any], layout: Layout, rows: Rows) -> pd.DataFrame:
    """These rows as the table's frame, with the columns there are. Nothing is copied where all rows stand in order."""
    whole = len(rows) == len(values[layout.order]) and bool((rows == np.arange(len(rows))).all())
    names = [name for name in layout.frame_columns if name in values]
    columns = {name: _taken(values[name], None if whole else rows) for name in names}
    return pd.DataFrame(columns, columns=names, copy=False)


def _codes(values: Any, rows: Rows) -> NDArray[np.int64]:
    """Numbers that are equal where the values are equal."""
    if isinstance(values, pd.Categorical):
        return values.codes[rows].astype(np.int64)
    if isinstance(values, np.ndarray):
        return values[rows].astype(np.int64)
    encoded = values.take(pa.array(rows)).dictionary_encode()
    codes: NDArray[np.int64] = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return codes


def _ranks(values: Any, rows: Rows) -> NDArray[np.int64]:
    """Numbers that sort as the values do."""
    if isinstance(values, pd.Categorical | np.ndarray):
        return _codes(values, rows)
    return convert.labels(values.take(pa.array(rows))).codes.astype(np.int64)


def _taken(values: Any, rows: Rows | None) -> Any:
    """The values of these rows; of all, where `rows` is None."""
    if isinstance(values, pd.Categorical):
        return convert.without_unused(values if rows is None else values.take(rows))
    if isinstance(values, np.ndarray):
        return values if rows is None else values[rows]
    return convert.strings(values if rows is None else values.take(pa.array(rows)))
