"""Which round values get a tick, and how they are written. Pure; times in milliseconds since 1970 UTC."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from correlator.text.quantities import number

_MINUTE: Final = 60_000
_DAY: Final = 1440 * _MINUTE
_STEPS: Final = tuple(
    minutes * _MINUTE for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080, 20160, 43200)
)
_MONDAY: Final = 4 * _DAY  # weekly ticks stand on Mondays
Tick = tuple[float, str]


def time_ticks(low: float, high: float, most: int) -> Iterator[Tick]:
    """Round moments in `[low, high]`; the date is written where it changes.

    >>> [text for _, text in time_ticks(1773540000000, 1773547200000, 3)]
    ['15 Mar 02:00', '03:00', '04:00']
    """
    step = next((step for step in _STEPS if (high - low) / step <= most), _STEPS[-1])
    at, day = _MONDAY + math.ceil((low - _MONDAY) / step) * step, None
    while at <= high:
        moment = datetime.fromtimestamp(at / 1000, UTC)
        yield at, _label(moment, step, moment.date() != day)
        at, day = at + step, moment.date()


def _label(moment: datetime, step: int, new_day: bool) -> str:
    if step >= _DAY:
        return f"{moment.day} {moment:%b}"
    return f"{moment.day} {moment:%b} {moment:%H:%M}" if new_day else f"{moment:%H:%M}"


def value_ticks(low: float, high: float, most: int, least_step: float = 0.0) -> Iterator[Tick]:
    """Round values in `[low, high]`.

    >>> [text for _, text in value_ticks(0.0, 12.5, 4)]
    ['0', '5', '10']
    """
    step = max(round_step((high - low) / max(most, 1)), least_step)
    place = math.ceil(low / step - 1e-9)
    while place * step <= high + step * 1e-9:
        yield place * step, number(round(place * step, 10))
        place += 1


def round_step(least: float) -> float:
    """The smallest of 1, 2 and 5 times a power of ten that is not below `least`.

    >>> round_step(0.3), round_step(7), round_step(0)
    (0.5, 10.0, 1.0)
    """
    if least <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(least))
    return float(next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least * (1 - 1e-9)))


def round_domain(low: float, high: float, most: int = 4) -> tuple[float, float]:
    """The values widened to round ones, and to something where all are the same.

    >>> round_domain(3.2, 11.6), round_domain(2.0, 2.0)
    ((0.0, 15.0), (1.0, 3.0))
    """
    if low == high:
        low, high = low - max(abs(low) / 2, 1e-9), high + max(abs(high) / 2, 1e-9)
    step = round_step((high - low) / most)
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step
