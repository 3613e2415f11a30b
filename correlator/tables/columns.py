"""Arrow columns as the frames' columns: texts, labels, counts, numbers, and the tags of what is left over."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_TEXT: Final = pa.large_string()
_MOST_ATTEMPTS: Final = 1_000_000


def texts_of(column: Any) -> tuple[Any, dict[int, str]]:
    """The column as Arrow text without nulls ("" = none), and {row: problem} for what is not a text or a number."""
    kind = column.type
    if pa.types.is_large_string(kind):
        return (pc.fill_null(column, "") if column.null_count else column), {}
    if pa.types.is_integer(kind) or pa.types.is_string(kind):
        return pc.fill_null(column.cast(_TEXT), ""), {}
    if pa.types.is_null(kind):
        return pa.array([""] * len(column), _TEXT), {}
    if pa.types.is_floating(kind):
        return pa.array([_shown(value) for value in column.to_pylist()], _TEXT), {}
    rows = np.flatnonzero(pc.is_valid(column).to_numpy(zero_copy_only=False))
    return pa.array([""] * len(column), _TEXT), {int(row): f"is a {kind}, not a text" for row in rows}


def counts_of(column: Any) -> tuple[NDArray[np.int32], dict[int, str]]:
    """Attempt numbers as int32 (0 = none), and {row: problem}."""
    numbers, problems = numbers_of(column)
    there = ~np.isnan(numbers)
    with np.errstate(invalid="ignore"):
        good = there & (numbers >= 1) & (numbers <= _MOST_ATTEMPTS) & (numbers == np.floor(numbers))
    for row in np.flatnonzero(there & ~good):
        problems[int(row)] = f"{_shown(numbers[row])} is not 1, 2, 3, …"
    return np.where(good, numbers, 0).astype(np.int32), problems


def numbers_of(column: Any) -> tuple[NDArray[np.float64], dict[int, str]]:
    """Finite numbers as float64 (NaN = none), and {row: problem}."""
    if pa.types.is_floating(column.type) or pa.types.is_integer(column.type) or pa.types.is_decimal(column.type):
        numbers = column.cast(pa.float64(), safe=False)
        problems: dict[int, str] = {}
    elif pa.types.is_large_string(column.type) or pa.types.is_string(column.type):
        numbers, problems = _parsed(column)
    else:
        there = np.flatnonzero(pc.is_valid(column).to_numpy(zero_copy_only=False))
        return np.full(len(column), np.nan), {int(row): f"is a {column.type}, not a number" for row in there}
    values = np.array(pc.fill_null(numbers, np.nan).to_numpy(zero_copy_only=False), dtype=np.float64)
    nonsense = np.flatnonzero(np.isinf(values) | (np.isnan(values) & _valid(numbers)))
    problems |= {int(row): f"{_shown(values[row])} is not a finite number" for row in nonsense}
    values[nonsense] = np.nan
    return values, problems


def _parsed(column: Any) -> tuple[Any, dict[int, str]]:
    column = pc.if_else(pc.equal(column, ""), pa.scalar(None, column.type), column)
    try:
        return column.cast(pa.float64()), {}
    except pa.ArrowInvalid:
        values, problems = [], {}
        for row, text in enumerate(column.to_pylist()):
            value = None if text is None else _number(text)
            if text is not None and value is None and text.strip():
                problems[row] = f"{text[:40]!r} is not a number"
            values.append(value)
        return pa.array(values, pa.float64()), problems


def _number(text: str) -> float | None:
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return None


def _valid(column: Any) -> NDArray[np.bool_]:
    valid: NDArray[np.bool_] = pc.is_valid(column).to_numpy(zero_copy_only=False)
    return valid


def _shown(value: float | None) -> str:
    if value is None or np.isnan(value):
        return "" if value is None else "nan"
    return str(int(value)) if np.isfinite(value) and value == int(value) else str(value)


def labels(texts: Any) -> pd.Categorical:
    """Arrow text, or a dictionary of it, as a categorical with sorted categories; null counts as ""."""
    encoded = texts if pa.types.is_dictionary(texts.type) else texts.dictionary_encode()
    indices, names = encoded.indices, encoded.dictionary
    if indices.null_count:
        indices, names = pc.fill_null(indices, len(names)), pa.concat_arrays([names, pa.array([""], names.type)])
    found, rank = np.unique(np.array(names.to_pylist(), dtype=object), return_inverse=True)
    rank = rank.astype(np.int32 if len(found) > np.iinfo(np.int16).max else np.int16)
    codes = rank[indices.to_numpy(zero_copy_only=False)] if len(found) else np.empty(0, np.int16)
    return pd.Categorical.from_codes(codes, categories=pd.Index(found, dtype="str"), validate=False)


def without_unused(column: pd.Categorical) -> pd.Categorical:
    """The same column with the categories that occur in it."""
    used = np.bincount(column.codes, minlength=len(column.categories)) > 0
    return column if used.all() else column.remove_unused_categories()


def strings(texts: Any) -> pd.Series[str]:
    """Arrow text as a pandas text column."""
    return pd.Series(pd.array(texts, dtype="str"))


def arrow_texts(column: pd.Series[str]) -> Any:
    """A pandas text column as one Arrow array of `large_string`; nothing is copied where it is one already."""
    texts = pa.array(column.array)
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.chunk(0) if texts.num_chunks == 1 else pa.concat_arrays(texts.chunks or [pa.array([], _TEXT)])
    return pc.fill_null(texts.cast(_TEXT), "") if texts.null_count or texts.type != _TEXT else texts


def tags_of(columns: Mapping[str, Any], rows: int) -> Any:
    """Columns nobody knows as one JSON object a row, keys sorted; "" where a row has none. Values are texts."""
    members = [_members(name, columns[name]) for name in sorted(columns)]
    if not members:
        return pc.fill_null(pa.nulls(rows, _TEXT), "")
    joined = pc.binary_join_element_wise(*members, pa.scalar("", _TEXT)) if len(members) > 1 else members[0]
    inner = pc.utf8_slice_codeunits(joined, 0, -1)  # each member ends with a comma
    braced = pc.binary_join_element_wise(pa.scalar("{", _TEXT), inner, pa.scalar("}", _TEXT), pa.scalar("", _TEXT))
    return pc.if_else(pc.equal(joined, ""), pa.scalar("", _TEXT), braced)


def _members(name: str, column: Any) -> Any:
    """`"name":"value",` a row, "" where there is no value."""
    unique = pc.fill_null(_tag_texts(column), "").dictionary_encode()
    members = [f"{quoted(name)}:{quoted(value)}," if value else "" for value in unique.dictionary.to_pylist()]
    return pa.array(members, _TEXT).take(unique.indices)


def quoted(text: str) -> str:
    """The text as a JSON string, other alphabets left readable."""
    return json.dumps(text, ensure_ascii=False)


def _tag_texts(column: Any) -> Any:
    if pa.types.is_large_string(column.type):
        return column
    if pa.types.is_integer(column.type) or pa.types.is_string(column.type) or pa.types.is_null(column.type):
        return column.cast(_TEXT)
    return pa.array([_plain(value) for value in column.to_pylist()], _TEXT)


def _plain(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float):
        return _shown(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def last_of_each(columns: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Rows to keep, ascending, when of rows equal in all `columns` (codes) only the last counts."""
    rows = len(columns[0])
    order = np.lexsort(tuple(reversed(columns)))
    differs = np.zeros(rows, dtype=bool)
    differs[-1:] = True
    for column in columns:
        ordered = column[order]
        differs[:-1] |= ordered[1:] != ordered[:-1]
    return np.sort(order[differs])
