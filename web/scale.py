"""A time axis: where a moment stands in pixels, and which round moments get a tick."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

STEPS: Final = tuple(
    timedelta(minutes=minutes)
    for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080, 20160, 43200)
)
_EPOCH: Final = datetime(1970, 1, 5, tzinfo=UTC)  # a Monday: weekly ticks stand on Mondays


@dataclass(frozen=True, slots=True)
class Tick:
    x: float
    text: str


@dataclass(frozen=True, slots=True)
class TimeScale:
    """`[start, end]` laid on `[left, right]` pixels; moments outside are held at the border."""

    start: datetime
    end: datetime
    left: float
    right: float

    def x(self, moment: datetime) -> float:
        part = (moment - self.start) / (self.end - self.start)
        return round(self.left + min(max(part, 0.0), 1.0) * (self.right - self.left), 2)

    def holds(self, moment: datetime) -> bool:
        return self.start <= moment <= self.end

    def step(self, most_ticks: int) -> timedelta:
        span = self.end - self.start
        return next((step for step in STEPS if span / step <= most_ticks), STEPS[-1])

    def ticks(self, most_ticks: int = 8) -> Iterator[Tick]:
        """Round moments inside the axis; the date is written where it changes."""
        step = self.step(most_ticks)
        moment, day = _EPOCH + -(-(self.start - _EPOCH) // step) * step, None
        while moment <= self.end:
            yield Tick(self.x(moment), _label(moment, step, moment.date() != day))
            moment, day = moment + step, moment.date()


def _label(moment: datetime, step: timedelta, new_day: bool) -> str:
    if step >= timedelta(days=1):
        return f"{moment.day} {moment:%b}"
    return f"{moment.day} {moment:%b} {moment:%H:%M}" if new_day else f"{moment:%H:%M}"


def around(
    moments: list[datetime], margin: float = 0.06, least: timedelta = timedelta(minutes=10)
) -> tuple[datetime, datetime]:
    """The window that holds all moments with some air on both sides."""
    first, last = min(moments), max(moments)
    air = max((last - first) * margin, least / 2)
    return first - air, last + air
