"""How far a vendor's clock is from ours, as its answers say.

Every HTTP answer carries a `Date` in whole seconds, made between our asking and our having the answer. The moment
in the middle of the two on our side, and half a second past the date on theirs, differ by the offset, within half a
second and half the time the answer took. The median of many such estimates is not moved by a cache or a slow answer.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from statistics import median
from typing import Final

from correlator.ports import Page

_KEPT: Final = 101
_DATE_STEP_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """The vendor's clock minus ours, and how far that may be wrong; `answers` is how many it rests on."""

    seconds: float
    uncertainty_seconds: float
    answers: int

    @property
    def told(self) -> float:
        """The offset where it can be told from none, else 0.

        >>> ClockOffset(-0.4, 0.5, 3).told, ClockOffset(180.0, 0.5, 3).told
        (0.0, 180.0)
        """
        return self.seconds if abs(self.seconds) > self.uncertainty_seconds else 0.0


@dataclass(slots=True)
class ServerClock:
    """What the answers of one server say of its clock. `now` gives our time in seconds since 1970."""

    now: Callable[[], float] = time.time
    _offsets: deque[float] = field(default_factory=lambda: deque(maxlen=_KEPT))
    _widths: deque[float] = field(default_factory=lambda: deque(maxlen=_KEPT))

    def hear(self, date: str | None, asked_at: float) -> None:
        """Take an answer's `Date` header into account; one that is missing or no date says nothing."""
        said = date_seconds(date)
        if said is None:
            return
        answered_at = self.now()
        self._offsets.append(said + _DATE_STEP_SECONDS / 2 - (asked_at + answered_at) / 2)
        self._widths.append(_DATE_STEP_SECONDS / 2 + max(0.0, answered_at - asked_at) / 2)

    def offset(self) -> ClockOffset | None:
        """The estimate so far; None before the first answer with a date."""
        if not self._offsets:
            return None
        return ClockOffset(median(self._offsets), median(self._widths), len(self._offsets))

    def told(self) -> float | None:
        """The offset to report: 0 where it cannot be told from none, None where nothing is known."""
        offset = self.offset()
        return None if offset is None else round(offset.told, 1)


def date_seconds(header: str | None) -> float | None:
    """A `Date` header as seconds since 1970; None where there is none that can be read.

    >>> date_seconds("Mon, 30 Mar 2026 00:00:00 GMT"), date_seconds("soon")
    (1774828800.0, None)
    """
    try:
        parsed = parsedate_to_datetime(header or "")
    except ValueError:
        return None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()


def clocked(clock: ServerClock, pages: Iterator[Page]) -> Iterator[Page]:
    """The pages, each with the offset as it is known by then."""
    for page in pages:
        yield replace(page, clock_offset_seconds=clock.told())
