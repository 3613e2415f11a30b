"""Which stretches of time of which job a stream of metrics asks for: what matters, less what was read before.

What was read is remembered for each job, as the interest in it moves about and comes back; what lies before everything
of interest is forgotten.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from correlator.model import iso
from correlator.ports import PullWindow

Pair = tuple[str, str]
"""A tenant and a job."""
EVERYTHING: Final[Pair] = ("", "")
"""Stands for all jobs of all tenants."""
UNTOLD: Final = timedelta(days=1)
"""How far back is read where nobody says what matters, nor since when."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Span = tuple[datetime, datetime]
"""`[start, end)`."""


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
            if spans
        }

    def add(self, pair: Pair, spans: Iterable[Span]) -> None:
        """Empty stretches add nothing."""
        self._spans[pair] = joined([*self._spans.get(pair, ()), *spans])

    def missing(self, pair: Pair, spans: Iterable[Span]) -> list[Span]:
        """What of these stretches was not read yet."""
        return [part for span in joined(spans) for part in _without(span, self._spans.get(pair, ()))]

    def forget_before(self, oldest: datetime) -> None:
        """Drop what ended before everything that is of interest."""
        kept = {pair: [span for span in spans if span[1] > oldest] for pair, spans in self._spans.items()}
        self._spans = {pair: spans for pair, spans in kept.items() if spans}


def spans_by_pair(window: PullWindow, begin: datetime | None = None) -> dict[Pair, list[Span]]:
    """What is to be read in the window and up to now, joined up, by tenant and job.

    Where nobody worked out what matters it is EVERYTHING, from the window's start on, else from `begin` on (where the
    last pull ended), else of one day.
    """
    if window.interests is None:
        span = (window.since or begin or window.until - UNTOLD, window.until)
        return {EVERYTHING: [span]} if span[0] < span[1] else {}
    found: dict[Pair, list[Span]] = defaultdict(list)
    for one in window.interests:
        start = max(one.start, window.since) if window.since else one.start
        end = min(one.end, window.until)
        if start < end:
            found[one.tenant, one.job].append((start, end))
    return {pair: joined(spans) for pair, spans in sorted(found.items())}


def slices(missing: Mapping[Pair, Sequence[Span]], length: timedelta) -> list[dict[Pair, list[Span]]]:
    """The stretches cut where slices of this length meet, a mapping a slice, oldest first: a later look cuts the same
    time in the same places."""
    found: dict[int, dict[Pair, list[Span]]] = defaultdict(lambda: defaultdict(list))
    for pair, spans in missing.items():
        for number, span in _cut(spans, length):
            found[number][pair].append(span)
    return [dict(found[number]) for number in sorted(found)]


def around(spans: Iterable[Span]) -> Span:
    """From the earliest start to the latest end. Raises ValueError without any."""
    every = list(spans)
    return min(start for start, _ in every), max(end for _, end in every)


def on_grid(span: Span, step: timedelta) -> Span:
    """The stretch from whole multiple to whole multiple of the step, as much longer as that takes."""
    start, end = (moment - _EPOCH for moment in span)
    return _EPOCH + start // step * step, _EPOCH - (-end // step * step)


def joined(spans: Iterable[Span]) -> list[Span]:
    """The same time as few stretches, sorted; empty ones are dropped."""
    result: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], end))
        else:
            result.append((start, end))
    return result


def _cut(spans: Iterable[Span], length: timedelta) -> Iterator[tuple[int, Span]]:
    """Each part with the number of its slice."""
    for start, end in spans:
        begin = start
        while begin < end:
            number = (begin - _EPOCH) // length
            upto = min(_EPOCH + (number + 1) * length, end)
            yield number, (begin, upto)
            begin = upto


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
