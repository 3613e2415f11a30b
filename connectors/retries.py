"""When to ask a vendor again, and when to give up: one policy for all connectors.

A client turns each failure into a `SourceError`; those that may pass are `TryLaterError`, with the seconds the vendor
asked for where it said so. `Patience` waits, within a cap, and asks again a bounded number of times.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from correlator.errors import SourceError

T = TypeVar("T")

_TIMESTAMPS_FROM: Final = 1e9  # a rate-limit reset this large is a moment (seconds since 1970), not a duration


class TryLaterError(SourceError):
    """A failure that may pass: `wait_seconds` is what the vendor asked for, None when it asked for nothing."""

    def __init__(self, message: str, *, hint: str = "", wait_seconds: float | None = None) -> None:
        super().__init__(message, hint=hint, permanent=False)
        self.wait_seconds = wait_seconds


@dataclass(frozen=True, slots=True)
class Patience:
    """How often, and how long. `sleep` and `jitter` (a number in [0, 1)) are seams for tests."""

    attempts: int = 4
    cap_seconds: float = 90.0
    first_seconds: float = 1.0
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random

    def call(self, request: Callable[[], T]) -> T:
        """The answer of `request`. Raises its last SourceError when waiting did not help, or would take too long."""
        for attempt in range(1, self.attempts):
            try:
                return request()
            except TryLaterError as error:
                wait = self._wait_seconds(error, attempt)
                if wait > self.cap_seconds:
                    raise
                self.sleep(wait)
        return request()

    def _wait_seconds(self, error: TryLaterError, attempt: int) -> float:
        if error.wait_seconds is not None:
            return error.wait_seconds + self.jitter() / 2  # never earlier than asked, and not all at once
        backoff = self.first_seconds * 2.0 ** (attempt - 1)
        return min(self.cap_seconds, backoff) * (0.5 + self.jitter() / 2)


def reset_seconds(header: str | None, now: Callable[[], float] = time.time) -> float | None:
    """Seconds to wait out of a rate-limit reset header: a duration or a timestamp, perhaps with a fraction.

    >>> reset_seconds("2.5"), reset_seconds("1700000030", now=lambda: 1700000000.0), reset_seconds("soon")
    (2.5, 30.0, None)
    """
    try:
        seconds = float(header or "")
    except ValueError:
        return None
    if seconds >= _TIMESTAMPS_FROM:
        seconds -= now()
    return max(0.0, seconds) if seconds < float("inf") else None


def network_words(error: BaseException) -> str:
    """What lies at the bottom of a network error: the packages wrap it several times, each time at length.

    >>> network_words(OSError("cannot go on", OSError(111, "Connection refused")))
    'OSError: cannot go on'
    """
    inner = getattr(error, "reason", None) or next(iter(error.args), None)
    while isinstance(inner, BaseException):
        error, inner = inner, getattr(inner, "reason", None) or next(iter(inner.args), None)
    return f"{type(error).__name__}: {str(error).rpartition('): ')[2]}"
