"""Calendar months in UTC, written `2026-03`. Needs no numpy."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from correlator.text.times import micros, moment


def month_of(at: int) -> str:
    """The month of a moment (µs).

    >>> month_of(0)
    '1970-01'
    """
    return f"{moment(at):%Y-%m}"


def begin_of(month: str) -> datetime:
    """The month's first moment. Raises ValueError for what is no month.

    >>> begin_of("2026-03")
    datetime.datetime(2026, 3, 1, 0, 0, tzinfo=datetime.timezone.utc)
    """
    year, mark, number = month.partition("-")
    if not (mark and len(year) == 4 and len(number) == 2 and (year + number).isdecimal() and month.isascii()):
        raise ValueError(f"{month!r} is no month")
    return datetime(int(year), int(number), 1, tzinfo=UTC)


def plus(month: str, months: int) -> str:
    """So many months later; earlier for a negative number.

    >>> plus("2026-01", -1), plus("2026-01", 12)
    ('2025-12', '2027-01')
    """
    at = begin_of(month)
    number = at.year * 12 + at.month - 1 + months
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def bounds(month: str) -> tuple[int, int]:
    """`[begin, end)` of the month in µs."""
    return micros(begin_of(month)), micros(begin_of(plus(month, 1)))


def between(first: str, last: str) -> Iterator[str]:
    """The months from `first` to `last`, both included."""
    while first <= last:
        yield first
        first = plus(first, 1)
