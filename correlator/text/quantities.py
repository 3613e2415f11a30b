"""Numbers as people read them: with a unit, rounded to what carries meaning, times in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

UNITS: Final = {
    "gib": "GiB",
    "mib": "MiB",
    "kib": "KiB",
    "bytes": "bytes",
    "seconds": "s",
    "ms": "ms",
    "minutes": "min",
    "percent": "%",
    "pct": "%",
    "rows": "rows",
    "mrows": "million rows",
    "count": "",
    "ratio": "",
}
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2066-\u2069]+")


def unit_of(metric: str) -> str:
    """The unit that a metric's name ends in, or "" where it tells none.

    >>> unit_of("job.memory_gib")
    'GiB'
    """
    return UNITS.get(re.split(r"[._\- ]", metric.lower())[-1], "")


def number(value: float) -> str:
    """Three significant digits, thousands separated, no exponent between 0.001 and a billion.

    >>> number(3.14159), number(36.0), number(1234567.0), number(1.2e-9), number(-0.0)
    ('3.14', '36', '1,234,567', '1.2e-09', '0')
    """
    value = value or 0.0  # no "-0"
    size = abs(value)
    if size and (size < 0.001 or size >= 1e9):
        return f"{value:.2g}"
    if size >= 1000 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"


def quantity(metric: str, value: float) -> str:
    """A metric's value with the unit its name tells.

    >>> quantity("job.memory_gib", 11.52)
    '11.5 GiB'
    """
    return f"{number(value)} {unit_of(metric)}".rstrip()


def expected(value: float) -> str:
    """An expected count with one decimal; what is smaller is said to be smaller, never zero.

    >>> expected(3.14), expected(0.003), expected(0.0), expected(120.4)
    ('3.1', 'under 0.1', 'under 0.1', '120')
    """
    if value < 0.1:
        return "under 0.1"
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def p_words(value: float | None) -> str:
    """A p-value as people write it."""
    if value is None:
        return "not computed"
    return "below 1e-12" if value < 1e-12 else f"{value:.2g}"


def e_words(value: float) -> str:
    """An e-value: three digits, large ones as powers of ten, as more would tell nothing.

    >>> e_words(3.1902), e_words(1371.2), e_words(214498301.0)
    ('3.19', '1,371', '2.1e+08')
    """
    return number(value) if value < 10_000 else f"{value:.2g}"


def percent(part: float, digits: int = 0) -> str:
    """A share from 0 to 1.

    >>> percent(0.0453, 1)
    '4.5 %'
    """
    return f"{100 * part:.{digits}f} %"


def duration(seconds: float) -> str:
    """A time span in the unit people would say.

    >>> duration(45), duration(1840), duration(9000), duration(-90)
    ('45 s', '31 min', '2.5 h', '-90 s')
    """
    size = abs(seconds)
    if size < 120:
        return f"{seconds:.0f} s"
    if size < 7200:
        return f"{seconds / 60:.0f} min"
    if size < 172800:
        return f"{number(round(seconds / 3600, 1))} h"
    return f"{number(round(seconds / 86400, 1))} days"


def hours_of_day(first: int, count: int) -> str:
    """Hours of the day from `first` (0 to 23) for `count` hours.

    >>> hours_of_day(22, 4)
    '22:00 to 02:00 UTC'
    """
    return f"{first:02d}:00 to {(first + count) % 24:02d}:00 UTC"


def stood_beyond(metric: str, bound: float, *, high: bool) -> str:
    """A metric at a value or beyond.

    >>> stood_beyond("memory_gib", 12.14, high=True)
    'memory_gib stood at 12.1 GiB or more'
    """
    return f"{metric} stood at {quantity(metric, bound)} or {'more' if high else 'less'}"


def moment(at: datetime) -> str:
    """`2026-03-12 04:10 UTC`; seconds only where there are any.

    >>> moment(datetime(2026, 3, 12, 4, 10, tzinfo=UTC))
    '2026-03-12 04:10 UTC'
    """
    utc = at.astimezone(UTC)
    return utc.strftime("%Y-%m-%d %H:%M:%S UTC" if utc.second else "%Y-%m-%d %H:%M UTC")


def one_line(text: str, limit: int = 300) -> str:
    """Foreign text made fit for one line: no control or direction-changing characters, bounded length."""
    clean = " ".join(_CONTROL.sub(" ", text).split())
    return clean if len(clean) <= limit else clean[: limit - 1].rstrip() + "…"


def whole_words(text: str, limit: int) -> str:
    """The text cut behind a word, with an ellipsis, where it is longer than `limit`; a word too long is left out whole.

    >>> whole_words("raise the memory", 12), whole_words("raise", 5), whole_words("unbreakable", 5)
    ('raise the …', 'raise', '…')
    """
    if len(text) <= limit:
        return text
    room = max(limit - 2, 0)
    cut = text[:room] if text[room] == " " else text[:room].rpartition(" ")[0]
    return f"{cut.rstrip()} …".lstrip()


def tenant_name(tenant: str) -> str:
    """How a tenant is called in a sentence; the unnamed one has no name to show."""
    return tenant or "the unnamed tenant"


def plural(count: int, noun: str) -> str:
    """`1 run`, `2 runs`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
