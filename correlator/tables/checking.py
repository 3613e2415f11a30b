"""One raw table as a typed frame: what every value means, which rows cannot be used and why, which rows repeat."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from correlator.errors import InputError
from correlator.model import Rejected
from correlator.tables import columns as convert
from correlator.tables.frames import NO_TIME
from correlator.tables.hashing import text_bytes
from correlator.tables.layout import STATUSES, Column, Kind, Layout
from correlator.tables.ordering import Rows, by_time, framed, last_of_key
from correlator.tables.raw import RawTable
from correlator.tables.times import times_of

Problems = dict[int, str]


@dataclass(frozen=True)
class Checked:
    """The good rows as a frame; the others with their reasons; how many rows another row stood for."""

    frame: pd.DataFrame
    rejected: tuple[Rejected, ...]
    repeated: int


def check_table(raw: RawTable, layout: Layout) -> Checked:
    """Convert, check, merge repeated rows and sort. Raises InputError when a required column is missing."""
    _require_columns(raw, layout)
    problems: Problems = dict(raw.problems)
    values = {column.name: _converted(raw, column, problems) for column in layout.columns}
    _check_meaning(layout, values, problems)
    good = np.setdiff1d(np.arange(raw.rows), np.fromiter(problems, np.int64, len(problems)), assume_unique=True)
    kept = last_of_key(values, layout, good)
    order = by_time(values, layout, kept)
    frame = _frame(raw, layout, values, order)
    return Checked(frame, _rejected(raw, problems), len(good) - len(kept))


def empty_frame(layout: Layout) -> pd.DataFrame:
    """The frame of a table that is not there."""
    values = {column.name: _absent(column.kind, 0) for column in layout.columns}
    return _assembled(layout, values, convert.tags_of({}, 0), np.empty(0, np.int64))


def _require_columns(raw: RawTable, layout: Layout) -> None:
    if not raw.rows and not raw.columns:
        return
    for column in layout.columns:
        if column.required and column.name not in raw.columns:
            found = ", ".join(f"`{name}`" for name in list(raw.columns)[:12]) or "none"
            raise InputError(
                f"{raw.file}, line 1: the table `{layout.name}` has no column `{column.name}`",
                hint=f"columns found: {found}",
            )


# --- values ----------------------------------------------------------------------------------------------------


def _converted(raw: RawTable, column: Column, problems: Problems) -> Any:
    """The column's values; rows whose value is unusable or missing go to `problems` (the first reason stays)."""
    if column.name not in raw.columns:
        return _absent(column.kind, raw.rows)
    values, wrong = _READERS[column.kind](raw.columns[column.name])
    if column.required:
        for missing in np.flatnonzero(_MISSING[column.kind](values)):
            wrong.setdefault(int(missing), "")
    for row, reason in wrong.items():
        problems.setdefault(row, f"{column.name} {reason}" if reason else f"no {column.name}")
    return values


def _labels_of(column: Any) -> tuple[pd.Categorical, Problems]:
    if pa.types.is_dictionary(column.type):
        return convert.labels(column), {}
    texts, problems = convert.texts_of(column)
    return convert.labels(texts), problems


def _absent(kind: Kind, rows: int) -> Any:
    if kind is Kind.TIME:
        return np.full(rows, NO_TIME)
    if kind is Kind.COUNT:
        return np.zeros(rows, dtype=np.int32)
    if kind is Kind.NUMBER:
        return np.full(rows, np.nan)
    texts, _ = convert.texts_of(pa.nulls(rows))
    return convert.labels(texts) if kind is Kind.LABEL else texts


def _blank_texts(texts: Any) -> NDArray[np.bool_]:
    """Empty texts, and those of white space alone; only texts that begin with some are looked at as a whole."""
    offsets, data = text_bytes(texts)
    blank: NDArray[np.bool_] = np.diff(offsets) == 0
    filled = np.flatnonzero(~blank)
    spaced = filled[data[offsets[filled]] <= ord(" ")]
    blank[spaced] = pc.match_substring_regex(texts.take(pa.array(spaced)), r"^\s*$").to_numpy(zero_copy_only=False)
    return blank


def _blank_labels(labels: pd.Categorical) -> NDArray[np.bool_]:
    blank = np.flatnonzero([not name.strip() for name in labels.categories])
    return np.isin(labels.codes, blank)


_READERS: Final[Mapping[Kind, Callable[[Any], tuple[Any, Problems]]]] = {
    Kind.TEXT: convert.texts_of,
    Kind.LABEL: _labels_of,
    Kind.TIME: times_of,
    Kind.COUNT: convert.counts_of,
    Kind.NUMBER: convert.numbers_of,
}
_MISSING: Final[Mapping[Kind, Callable[[Any], NDArray[np.bool_]]]] = {
    Kind.TEXT: _blank_texts,
    Kind.LABEL: _blank_labels,
    Kind.TIME: lambda times: times == NO_TIME,
    Kind.COUNT: lambda counts: counts == 0,
    Kind.NUMBER: np.isnan,
}


# --- meaning ---------------------------------------------------------------------------------------------------


def _check_meaning(layout: Layout, values: Mapping[str, Any], problems: Problems) -> None:
    if layout.name == "runs":
        _check_status(values["status"], problems)
        _check_order(values, "started_at", "finished_at", problems)
    elif layout.name == "incidents":
        _check_order(values, "created_at", "resolved_at", problems)


def _check_status(status: pd.Categorical, problems: Problems) -> None:
    unknown = [code for code, name in enumerate(status.categories) if name not in STATUSES]
    for row in np.flatnonzero(np.isin(status.codes, unknown)):
        problems.setdefault(int(row), f"unknown status {str(status[int(row)])[:40]!r}")


def _check_order(values: Mapping[str, Any], first: str, then: str, problems: Problems) -> None:
    early, late = values[first], values[then]
    for row in np.flatnonzero((early != NO_TIME) & (late != NO_TIME) & (late < early)):
        problems.setdefault(int(row), f"{then} before {first}")


# --- result ----------------------------------------------------------------------------------------------------


def _frame(raw: RawTable, layout: Layout, values: Mapping[str, Any], rows: Rows) -> pd.DataFrame:
    unknown = {name: column for name, column in raw.columns.items() if layout.column(name) is None}
    return _assembled(layout, values, convert.tags_of(unknown, raw.rows), rows)


def _assembled(layout: Layout, values: Mapping[str, Any], tags: Any, rows: Rows) -> pd.DataFrame:
    by_name = dict(values)
    by_name["tags"] = convert.labels(tags) if layout.tags_kind is Kind.LABEL else tags
    by_name["known_at"] = np.full(len(tags), NO_TIME)
    return framed(by_name, layout, rows)


def _rejected(raw: RawTable, problems: Problems) -> tuple[Rejected, ...]:
    rows = sorted(problems)
    lines = raw.lines_of(np.array(rows, dtype=np.int64)) if rows else ()
    found = [Rejected(raw.file.name, int(line), problems[row]) for row, line in zip(rows, lines, strict=True)]
    return tuple(sorted((*raw.unread, *found), key=lambda item: (item.line or 0, item.reason)))
