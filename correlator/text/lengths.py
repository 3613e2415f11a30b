"""Lengths of time as people write them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from correlator.errors import UsageError

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LONGEST: Final = timedelta(days=36500)


def interval(text: str, option: str = "--every") -> timedelta:
    """`30s`, `5m`, `6h`, `1d` as a duration. Raises UsageError, which names the option, for anything else or nothing.

    >>> interval("5m")
    datetime.timedelta(seconds=300)
    """
    found = re.fullmatch(r"(\d{1,12})([smhd])", text.strip())
    seconds = int(found[1]) * _UNITS[found[2]] if found else 0
    if not 0 < seconds <= _LONGEST.total_seconds():
        raise UsageError(f"{option}: {text!r} is not a length of time", hint="for example 5m, 30s, 6h or 1d")
    return timedelta(seconds=seconds)
