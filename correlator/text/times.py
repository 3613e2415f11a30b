"""Datetimes as the store keeps them: microseconds since 1970 UTC, None where there is none. Needs no numpy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, overload

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO: Final = timedelta(microseconds=1)


@overload
def micros(moment: datetime) -> int: ...
@overload
def micros(moment: None) -> None: ...
@overload
def micros(moment: datetime | None) -> int | None: ...
def micros(moment: datetime | None) -> int | None:
    """An aware datetime as microseconds."""
    return None if moment is None else (moment - _EPOCH) // _MICRO


@overload
def moment(value: int) -> datetime: ...
@overload
def moment(value: None) -> None: ...
@overload
def moment(value: int | None) -> datetime | None: ...
def moment(value: int | None) -> datetime | None:
    """The inverse of `micros`."""
    return None if value is None else _EPOCH + timedelta(microseconds=value)
