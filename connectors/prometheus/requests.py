"""Requests for what is missing: a day of time and a hundred jobs at once, within what a server answers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from connectors.stretches import EVERYTHING, Pair, Span, around, slices

MOST_POINTS: Final = 10_000
"""A series of one query may have 11,000 points; some servers count one more than was asked for."""
PAIRS_AT_ONCE: Final = 100
SLICE: Final = timedelta(days=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Stretch:
    """One step of a pull: every metric from `start` to `end`, of which `parts` is what each pair wants."""

    start: datetime
    end: datetime
    parts: Mapping[Pair, Sequence[Span]]

    @property
    def pairs(self) -> Collection[Pair] | None:
        """Which pairs are asked for; None for all."""
        return None if EVERYTHING in self.parts else self.parts

    def wants(self, pair: Pair, at: datetime) -> bool:
        spans = self.parts.get(EVERYTHING if self.pairs is None else pair, ())
        return any(start <= at < end for start, end in spans)


def stretches(missing: Mapping[Pair, Sequence[Span]], step_seconds: int) -> Iterator[Stretch]:
    """Requests for what is missing, oldest first, a slice of time and a hundred pairs each.

    The jobs of a slice go together, from the earliest start to the latest end in it: reading an hour more of a job
    costs less than another request.
    """
    for parts in slices(missing, min(SLICE, timedelta(seconds=step_seconds * MOST_POINTS))):
        pairs = sorted(parts)
        for first in range(0, len(pairs), PAIRS_AT_ONCE):
            some = {pair: parts[pair] for pair in pairs[first : first + PAIRS_AT_ONCE]}
            yield Stretch(*around(span for spans in some.values() for span in spans), some)


def ticks(start: datetime, end: datetime, step_seconds: int) -> tuple[int, int] | None:
    """First and last multiple of the step in `[start, end)`, in seconds since 1970; None when there is none.

    The same moments whenever they are asked for, so that what is asked twice is stored once.
    """
    step = timedelta(seconds=step_seconds)
    first = -(-(start - _EPOCH) // step) * step_seconds
    last = -(-(end - _EPOCH) // step) * step_seconds - step_seconds
    return (first, last) if first <= last else None
