"""When to ask a vendor again, and when to give up: one policy for all connectors.

A client turns each failure into a `SourceError`; those that may pass are `TryLaterError`, with the seconds the vendor
asked for where it said so. `Patience` waits, within a cap and a budget, and asks again a bounded number of times:
never before a moment the vendor named, and after a random part of a growing time ("full jitter") where it named none.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from connectors.clock import date_seconds
from correlator.errors import SourceError

T = TypeVar("T")

_TIMESTAMPS_FROM: Final = 1e9  # a rate-limit reset this large is a moment (seconds since 1970), not a duration
_SPREAD_SECONDS: Final = 0.5


class TryLaterError(SourceError):
    """A failure that may pass: `wait_seconds` is what the vendor asked for, None when it asked for nothing."""

    def __init__(self, message: str, *, hint: str = "", wait_seconds: float | None = None) -> None:
        super().__init__(message, hint=hint, permanent=False)
        self.wait_seconds = wait_seconds


class LostAnswerError(SourceError):
    """A write went out and no answer came: it may have been done."""


@dataclass(slots=True)
class Patience:
    """How often, and how long: `attempts` a request, no single wait beyond `cap_seconds`, and what failed requests and
    waits take together in this object's life (one pull of one source) within `budget_seconds`.

    `sleep`, `now` (seconds since 1970) and `jitter` (a number in [0, 1)) are seams for tests and for backfills.
    """

    attempts: int = 4
    cap_seconds: float = 90.0
    budget_seconds: float = 600.0
    first_seconds: float = 1.0
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.time
    jitter: Callable[[], float] = random.random
    spent_seconds: float = field(default=0.0, init=False)
    _closed: dict[str, tuple[float, TryLaterError]] = field(default_factory=dict, init=False)

    def call(self, request: Callable[[], T], limit: str = "") -> T:
        """The answer of `request`, which `limit` names the rate limit of. Raises its last SourceError when waiting did
        not help, or would take too long; the next call under the same limit then waits, or raises without asking."""
        self._let_reset(limit)
        attempt = 1
        while True:
            asked_at = self.now()
            try:
                return request()
            except TryLaterError as error:
                self.spent_seconds += self.now() - asked_at
                wait = self._wait_seconds(error, attempt)
                self._closed[limit] = (self.now() + (error.wait_seconds or 0.0), error)
                if attempt >= self.attempts or wait > self._left():
                    raise
                self._pause(wait)
                attempt += 1

    def _let_reset(self, limit: str) -> None:
        until, error = self._closed.get(limit, (0.0, None))
        wait = until - self.now()
        if error is None or wait <= 0:
            return
        if wait > self._left():
            raise error
        self._pause(wait)

    def _left(self) -> float:
        return min(self.cap_seconds, self.budget_seconds - self.spent_seconds)

    def _pause(self, seconds: float) -> None:
        self.spent_seconds += seconds
        self.sleep(seconds)

    def _wait_seconds(self, error: TryLaterError, attempt: int) -> float:
        """What was asked for, and a little more so that not all come at once; else full jitter.

        A reset that has passed already while the limit still holds says nothing, and is waited out like any failure.
        """
        if error.wait_seconds:
            return error.wait_seconds + self.jitter() * _SPREAD_SECONDS
        return min(self.cap_seconds, self.first_seconds * 2.0 ** (attempt - 1)) * self.jitter()


def reset_seconds(reset: str | None, date: str | None = None, now: Callable[[], float] = time.time) -> float | None:
    """Seconds to wait out of a `Retry-After` or rate-limit reset header: a duration or a timestamp, perhaps with a
    fraction, or a date (RFC 9110, 10.2.3). None for anything else.

    A moment is one of the vendor's clock: with the answer's own `Date` it is right however far that clock is off.

    >>> reset_seconds("2.5"), reset_seconds("1700000030", now=lambda: 1700000000.0), reset_seconds("soon")
    (2.5, 30.0, None)
    >>> reset_seconds("1774828830", "Mon, 30 Mar 2026 00:00:00 GMT")
    30.0
    >>> reset_seconds("Mon, 30 Mar 2026 00:00:40 GMT", "Mon, 30 Mar 2026 00:00:00 GMT")
    40.0
    """
    seconds = _number_or_moment(reset)
    if seconds is not None and seconds >= _TIMESTAMPS_FROM:
        theirs = date_seconds(date)
        seconds -= now() if theirs is None else theirs
    return max(0.0, seconds) if seconds is not None and seconds < float("inf") else None


def _number_or_moment(text: str | None) -> float | None:
    """A header's number; a date as seconds since 1970."""
    try:
        return float(text or "")
    except ValueError:
        return date_seconds(text)


def later(headers: Mapping[str, str], name: str, now: Callable[[], float] = time.time) -> float | None:
    """As `reset_seconds`, of the header `name` beside the answer's `Date`; names in any case."""
    found = {key.lower(): value for key, value in headers.items()}
    return reset_seconds(found.get(name), found.get("date"), now)


def patience_to_write() -> Patience:
    """For sinks. One process at a time writes a note, and holds its lease while it does (`correlator.incident_lock`):
    all repeats of a round of notes together take less time than that, and what is left is tried again by the next."""
    return Patience(cap_seconds=30.0, budget_seconds=120.0)


def network_words(error: BaseException) -> str:
    """What lies at the bottom of a network error: the packages wrap it several times, each time at length.

    >>> network_words(OSError(OSError(111, "Connection refused")))
    'ConnectionRefusedError: [Errno 111] Connection refused'
    """
    inner = getattr(error, "reason", None) or next(iter(error.args), None)
    while isinstance(inner, BaseException):
        error, inner = inner, getattr(inner, "reason", None) or next(iter(inner.args), None)
    return f"{type(error).__name__}: {str(error).rpartition('): ')[2]}"
