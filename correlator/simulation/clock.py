"""Simulated time: whole milliseconds since 1970 UTC, and the calendars of jobs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

SECOND: Final = 1000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def now() -> datetime:
    """The present moment, in whole milliseconds."""
    return to_datetime(to_millis(datetime.now(UTC)))


def to_millis(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def to_datetime(millis: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=int(millis))


def hour_of_day(millis: int) -> float:
    """Hours since midnight UTC."""
    return millis % DAY / HOUR


def weekday(millis: int) -> int:
    """0 for Monday; 1970 began on a Thursday."""
    return (millis // DAY + 3) % 7


@dataclass(frozen=True)
class Calendar:
    """Due at `offset` after every multiple of `period` since 1970 UTC (both in minutes), on these weekdays."""

    period_minutes: int
    offset_minutes: int = 0
    weekdays: frozenset[int] = frozenset(range(7))

    def due_between(self, start: int, end: int) -> Iterator[int]:
        """The due times in `[start, end)`."""
        period, offset = self.period_minutes * MINUTE, self.offset_minutes % self.period_minutes * MINUTE
        first = -(-(start - offset) // period) * period + offset
        for due in range(first, end, period):
            if weekday(due) in self.weekdays:
                yield due

    def last_due(self, moment: int) -> int | None:
        """The last due time at or before `moment`, looking back eight days or one period."""
        period = self.period_minutes * MINUTE
        due = (moment - self.offset_minutes % self.period_minutes * MINUTE) // period * period
        due += self.offset_minutes % self.period_minutes * MINUTE
        for back in range(0, max(8 * DAY, period) + 1, period):
            if weekday(due - back) in self.weekdays:
                return due - back
        return None
