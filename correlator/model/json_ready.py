"""The model's values as JSON-ready ones."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any, Final


def iso(moment: datetime) -> str:
    """`2026-03-30T00:00:00Z`; microseconds only where there are any.

    >>> iso(datetime(2026, 3, 30, tzinfo=UTC))
    '2026-03-30T00:00:00Z'
    """
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return utc.isoformat().replace("+00:00", "Z")


_JSON_READY: Final = frozenset({str, int, float, bool, type(None)})


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(item.name for item in fields(kind))


def plain(value: Any) -> Any:
    """The value as JSON has it: dataclasses as objects, times as ISO 8601 with Z, enums as their values."""
    if type(value) in _JSON_READY:
        return value
    if is_dataclass(value):
        kind: Any = type(value)
        members = [(name, getattr(value, name)) for name in _names(kind)]
        return {name: item if type(item) in _JSON_READY else plain(item) for name, item in members}
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
