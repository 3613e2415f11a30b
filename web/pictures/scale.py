"""A stretch of time that shows what it is about."""

from __future__ import annotations

from datetime import datetime, timedelta


def around(
    moments: list[datetime], margin: float = 0.06, least: timedelta = timedelta(minutes=10)
) -> tuple[datetime, datetime]:
    """The window that holds all moments with some air on both sides."""
    first, last = min(moments), max(moments)
    air = max((last - first) * margin, least / 2)
    return first - air, last + air
