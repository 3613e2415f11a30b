"""Tables as a folder in the tables contract: sorted, so the same content gives the same bytes."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from math import isfinite
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from correlator.errors import InputError
from correlator.model import Dependency, Origin
from correlator.tables.columns import quoted
from correlator.tables.edges import sort_key
from correlator.tables.frames import NO_TIME, Tables
from correlator.tables.layout import LAYOUTS, Column, Kind, Layout

_CHUNK: Final = 50_000
_json: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_LAG_UNITS: Final = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))


def write_folder(tables: Tables, folder: Path) -> None:
    """Write runs, incidents, changes and metrics as `.jsonl` and the edges as `dependencies.yaml`.

    Makes the folder if need be. Raises InputError when it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for layout in LAYOUTS:
            write_table(getattr(tables, layout.name), layout, folder / f"{layout.name}.jsonl")
        (folder / "dependencies.yaml").write_text(edges_text(tables.dependencies), encoding="utf-8")
    except OSError as error:
        raise InputError(f"{folder}: cannot be written: {error.strerror or error}") from error


def write_table(frame: pd.DataFrame, layout: Layout, file: Path) -> None:
    """One frame as JSON Lines, sorted by time and key; columns that hold nothing in a row are left out of it."""
    frame = frame.sort_values([layout.order, *layout.key], kind="stable", key=_sortable)
    with file.open("w", encoding="utf-8", newline="\n") as out:
        for start in range(0, len(frame), _CHUNK):
            out.writelines(_lines(frame.iloc[start : start + _CHUNK], layout))


def _sortable(column: pd.Series[Any]) -> pd.Series[Any]:
    return column.astype("str") if isinstance(column.dtype, pd.CategoricalDtype) else column


def _lines(frame: pd.DataFrame, layout: Layout) -> Iterator[str]:
    """One JSON object a row. Each value is made into its member of the object column by column, labels once for all
    rows: an object and a `json.dumps` a row takes three times as long."""
    members = [_members(frame, column) for column in layout.columns]
    rows = map("".join, zip(*members, strict=True))
    if "tags" not in frame or not (tags := frame["tags"].astype("str")).any():
        yield from (f"{{{told[:-1]}}}\n" for told in rows)
        return
    names = {column.name for column in layout.columns}
    for told, own_tags, row in zip(rows, tags.tolist(), zip(*members, strict=True), strict=True):
        yield "{" + (_tags(own_tags, names, row) + told if own_tags else told)[:-1] + "}\n"


def _tags(text: str, names: Collection[str], told: Sequence[str]) -> str:
    """The members of a row's tags. One of the name of a column that holds something would stand there twice: what the
    column says counts."""
    return "".join(
        f"{quoted(name)}:{_json(value)},"
        for name, value in json.loads(text).items()
        if name not in names or not any(one.startswith(f"{quoted(name)}:") for one in told)
    )


def _members(frame: pd.DataFrame, column: Column) -> list[str]:
    """`"name":value,` a row, "" where the column holds nothing."""
    series, name = frame[column.name], f"{quoted(column.name)}:"
    if column.kind is Kind.TIME:
        return [f'{name}"{text}",' if text else "" for text in iso_texts(series.to_numpy())]
    if column.kind is Kind.NUMBER:
        return [f"{name}{value!r}," if isfinite(value) else f"{name}{_json(value)}," for value in series.tolist()]
    if column.kind is Kind.COUNT:
        return [f"{name}{value}," if value else "" for value in series.tolist()]
    if isinstance(series.dtype, pd.CategoricalDtype):
        labels = [f"{name}{_json(label)}," if label else "" for label in series.cat.categories]
        return [labels[code] for code in series.cat.codes.tolist()]
    return [f"{name}{_json(value)}," if value else "" for value in series.tolist()]


def iso_texts(micros: np.ndarray[Any, np.dtype[np.int64]]) -> list[str | None]:
    """Microseconds as ISO 8601 with Z; digits behind the second only where there are any.

    Each moment is put into words once: the points of many metrics share theirs.
    """
    moments, places = np.unique(micros, return_inverse=True)
    there = moments != NO_TIME
    texts = np.datetime_as_string(np.where(there, moments, 0).astype("datetime64[us]"), unit="us").tolist()
    shown = [text.removesuffix(".000000") + "Z" if real else None for text, real in zip(texts, there, strict=True)]
    return [shown[place] for place in places.tolist()]


def edges_text(dependencies: tuple[Dependency, ...]) -> str:
    """The edges as YAML, sorted; a scalar is quoted as JSON does it, which YAML reads the same."""
    if not dependencies:
        return "dependencies: []\n"
    return "dependencies:\n" + "".join(f"- {_edge(edge)}\n" for edge in sorted(dependencies, key=sort_key))


def _edge(edge: Dependency) -> str:
    parts = {"upstream": edge.upstream, "downstream": edge.downstream}
    if edge.tenant is not None:
        parts["tenant"] = edge.tenant
    if edge.max_lag_seconds is not None:
        parts["max_lag"] = _lag(edge.max_lag_seconds)
    if edge.origin is not Origin.DECLARED:
        parts["origin"] = edge.origin.value
    return "{" + ", ".join(f"{name}: {json.dumps(value)}" for name, value in parts.items()) + "}"


def _lag(seconds: float) -> str:
    for size, unit in _LAG_UNITS:
        if seconds % size == 0:
            return f"{int(seconds // size)}{unit}"
    return f"{seconds:f}".rstrip("0") + "s"
