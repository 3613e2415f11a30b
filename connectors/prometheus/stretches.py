"""Which stretches of time to ask for, for which jobs: what matters, less what was read before.

What was read is remembered for each job, as the interest in it moves about and comes back; what lies before everything
of interest is forgotten.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from connectors.prometheus.mapping import Pair
from correlator.model import iso
from correlator.ports import PullWindow

MOST_POINTS: Final = 10_000
"""A series of one query may have 11,000 points; some servers count one more than was asked for."""
PAIRS_AT_ONCE: Final = 100
SLICE: Final = timedelta(days=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Span = tuple[datetime, datetime]
"""`[start, end)`."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """One step of a pull: every metric from `start` to `end`, of which `parts` is what each pair wants."""

    start: datetime
    end: datetime
    parts: Mapping[Pair, tuple[Span, ...]]

    def wants(self, pair: Pair, at: datetime) -> bool:
        return any(start <= at < end for start, end in self.parts.get(pair, ()))


class Covered:
    """Of each pair, the stretches that were read. The JSON form is `{"tenant\\tjob": [[start, end], …]}`."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._spans: dict[Pair, list[Span]] = {}
        for key, spans in document.items():
            tenant, _, job = key.partition("\t")
            self._spans[tenant, job] = [(_time(start), _time(end)) for start, end in spans]

    def to_json(self) -> dict[str, list[list[str]]]:
        return {
            f"{tenant}\t{job}": [[iso(start), iso(end)] for start, end in spans]
            for (tenant, job), spans in sorted(self._spans.items())
        }

    def add(self, pair: Pair, spans: Iterable[Span]) -> None:
        self._spans[pair] = joined([*self._spans.get(pair, ()), *spans])

    def missing(self, pair: Pair, spans: Sequence[Span]) -> list[Span]:
        """What of these stretches was not read yet."""
        return [part for span in joined(spans) for part in _without(span, self._spans.get(pair, ()))]

    def forget_before(self, oldest: datetime) -> None:
        """Drop what ended before everything that is of interest."""
        kept = {pair: [span for span in spans if span[1] > oldest] for pair, spans in self._spans.items()}
        self._spans = {pair: spans for pair, spans in kept.items() if spans}


def spans_by_pair(window: PullWindow) -> dict[Pair, list[Span]]:
    """What is of interest in the window and up to now, joined up, by tenant and job."""
    found: dict[Pair, list[Span]] = defaultdict(list)
    for one in window.interests:
        start = max(one.start, window.since) if window.since else one.start
        end = min(one.end, window.until)
        if start < end:
            found[one.tenant, one.job].append((start, end))
    return {pair: joined(spans) for pair, spans in sorted(found.items())}


def stretches(missing: Mapping[Pair, Sequence[Span]], step_seconds: int) -> Iterator[Stretch]:
    """Requests for what is missing, oldest first, a slice of time and a hundred pairs each.

    The jobs of a slice go together, from the earliest start to the latest end in it: reading an hour more of a job
    costs less than another request.
    """
    length = min(SLICE, timedelta(seconds=step_seconds * MOST_POINTS))
    slices: dict[int, dict[Pair, list[Span]]] = defaultdict(lambda: defaultdict(list))
    for pair, spans in missing.items():
        for number, span in _cut(spans, length):
            slices[number][pair].append(span)
    for number in sorted(slices):
        pairs = sorted(slices[number])
        for first in range(0, len(pairs), PAIRS_AT_ONCE):
            yield _stretch({pair: tuple(slices[number][pair]) for pair in pairs[first : first + PAIRS_AT_ONCE]})


def _cut(spans: Iterable[Span], length: timedelta) -> Iterator[tuple[int, Span]]:
    """The stretches cut where slices of this length meet, each part with the number of its slice."""
    for start, end in spans:
        begin = start
        while begin < end:
            number = (begin - _EPOCH) // length
            upto = min(_EPOCH + (number + 1) * length, end)
            yield number, (begin, upto)
            begin = upto


def _stretch(parts: Mapping[Pair, tuple[Span, ...]]) -> Stretch:
    every = [span for spans in parts.values() for span in spans]
    return Stretch(min(start for start, _ in every), max(end for _, end in every), parts)


def ticks(start: datetime, end: datetime, step_seconds: int) -> tuple[int, int] | None:
    """First and last multiple of the step in `[start, end)`, in seconds since 1970; None when there is none.

    The same moments whenever they are asked for, so that what is asked twice is stored once.
    """
    step = timedelta(seconds=step_seconds)
    first = -(-(start - _EPOCH) // step) * step_seconds
    last = -(-(end - _EPOCH) // step) * step_seconds - step_seconds
    return (first, last) if first <= last else None


def joined(spans: Iterable[Span]) -> list[Span]:
    """The same stretches, sorted, those that touch made one."""
    result: list[Span] = []
    for start, end in sorted(spans):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], end))
        else:
            result.append((start, end))
    return result


def _without(span: Span, taken: Sequence[Span]) -> list[Span]:
    """What is left of `span`; `taken` is joined."""
    start, end = span
    left = []
    for begin, finish in taken:
        if finish <= start or begin >= end:
            continue
        if start < begin:
            left.append((start, begin))
        start = max(start, finish)
    return [*left, (start, end)] if start < end else left


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
