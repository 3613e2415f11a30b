"""ISO 8601 texts as microseconds, a whole column at once; a time without an offset is no time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from correlator.tables.frames import NO_TIME, to_micros

_UTC_MICROS: Final = pa.timestamp("us", "UTC")
_PLAIN: Final = (
    r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])[T ]([01]\d|2[0-3]):[0-5]\d:[0-5]\d"
    r"(\.(\d{3}|\d{6}))?(Z|[+-](0\d|1[0-4]):?[0-5]\d)$"
)
"""Texts of this form always make a time, in one go; the others are looked at one by one."""
_LEAST: Final = to_micros(datetime.min.replace(tzinfo=UTC))
_MOST: Final = to_micros(datetime.max.replace(tzinfo=UTC))


def times_of(column: Any) -> tuple[NDArray[np.int64], dict[int, str]]:
    """An Arrow column as (micros with `NO_TIME` for none, {row: what is wrong with its time})."""
    if pa.types.is_timestamp(column.type):
        return _typed(column)
    if pa.types.is_null(column.type):
        return np.full(len(column), NO_TIME), {}
    if pa.types.is_large_string(column.type) or pa.types.is_string(column.type):
        return _texts(column)
    micros = np.full(len(column), NO_TIME)
    wrong = np.flatnonzero(pc.is_valid(column).to_numpy(zero_copy_only=False))
    return micros, {int(row): f"is {column[int(row)]}, not a time with an offset" for row in wrong}


def _typed(column: Any) -> tuple[NDArray[np.int64], dict[int, str]]:
    if column.type.tz is None:
        there = np.flatnonzero(pc.is_valid(column).to_numpy(zero_copy_only=False))
        problems = {int(row): f"{column[int(row)]} has no UTC offset" for row in there}
        return np.full(len(column), NO_TIME), problems
    try:
        micros = column.cast(_UTC_MICROS, safe=False).cast(pa.int64())
    except pa.ArrowInvalid:
        micros = column.cast(pa.int64())
    return _bounded(_filled(micros), column)


def _texts(column: Any) -> tuple[NDArray[np.int64], dict[int, str]]:
    column = pc.if_else(pc.equal(column, ""), pa.scalar(None, column.type), column)
    try:
        return _bounded(_filled(column.cast(_UTC_MICROS).cast(pa.int64())), column)
    except pa.ArrowInvalid:
        return _mixed(column)


def _mixed(column: Any) -> tuple[NDArray[np.int64], dict[int, str]]:
    plain = pc.fill_null(pc.match_substring_regex(column, _PLAIN), True)
    fast = pc.if_else(plain, column, pa.scalar(None, column.type))
    micros, problems = _bounded(_filled(fast.cast(_UTC_MICROS).cast(pa.int64())), column)
    for row in np.flatnonzero(~plain.to_numpy(zero_copy_only=False)):
        found = one_time(column[int(row)].as_py())
        if isinstance(found, str):
            problems[int(row)] = found
        else:
            micros[row] = found
    return micros, problems


def one_time(text: str) -> int | str:
    """One text as micros, or what is wrong with it.

    >>> one_time("2026-03-02T02:00:00+02:00") == one_time("2026-03-02T00:00:00Z")
    True
    >>> one_time("2026-03-02T00:00:00")
    '2026-03-02T00:00:00 has no UTC offset'
    """
    shown = text if len(text) <= 40 else text[:40] + "…"
    if not text.strip():
        return NO_TIME
    try:
        moment = datetime.fromisoformat(text.strip().upper())
    except ValueError:
        return f"{shown!r} is not an ISO 8601 time"
    if moment.tzinfo is None:
        return f"{shown} has no UTC offset"
    try:
        return to_micros(moment.astimezone(UTC))
    except OverflowError:
        return f"{shown} is an impossible time"


def _filled(micros: Any) -> NDArray[np.int64]:
    filled: NDArray[np.int64] = np.array(pc.fill_null(micros, NO_TIME).to_numpy(zero_copy_only=False), dtype=np.int64)
    return filled


def _bounded(micros: NDArray[np.int64], column: Any) -> tuple[NDArray[np.int64], dict[int, str]]:
    """Times that a datetime cannot hold (before year 1, after 9999) are impossible ones."""
    outside = np.flatnonzero((micros != NO_TIME) & ((micros < _LEAST) | (micros > _MOST)))
    problems = {int(row): f"{column[int(row)]} is an impossible time" for row in outside}
    micros[outside] = NO_TIME
    return micros, problems
