"""The stream `metrics`: only of the jobs and times that matter, each asked for once, at the resolution wanted.

What matters comes with the pull as `interests`. They are cut into slices that are short enough to keep the resolution,
what was asked for before is left out, and what is left of a slice is asked in as few requests as it takes. The
position remembers what was asked, so that nothing is asked twice and nothing is missed after a cut.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

from connectors.datadog.coverage import Stretch, cut, from_json, joined, to_json, without
from connectors.datadog.timeseries import (
    MetricQuery,
    one_of,
    parse_query,
    points_from_timeseries,
    tag_spelling,
)
from connectors.payloads import UnmappableError, excerpt, millis, set_aside
from connectors.windows import Progress
from correlator.errors import SourceError
from correlator.model import iso
from correlator.ports import Page, PullWindow

POINTS_A_SLICE: Final = 288
"""A day of five-minute points: what Datadog returns for a day without making it coarser."""
SETTLED: Final = timedelta(minutes=15)
"""Points younger than this may still change or be missing: their time is asked for again."""
QUERIES_A_REQUEST: Final = 8
JOBS_A_QUERY: Final = 40
TENANTS_A_QUERY: Final = 25
Pair = tuple[str, str]
_EVERYTHING: Final = ("", "")


@dataclass(frozen=True, slots=True)
class Asking:
    """One request: the queries, their time, and the pairs it covers."""

    start: int
    end: int
    queries: tuple[tuple[str, str], ...]
    pairs: tuple[Pair, ...]


@dataclass(slots=True)
class _Done:
    """What was asked: `covered` in all, and `again` of a stretch that is being read once more."""

    covered: dict[str, list[Stretch]]
    again: dict[str, list[Stretch]] | None

    @classmethod
    def from_progress(cls, progress: Progress, window: PullWindow, fingerprint: str) -> _Done:
        """Nothing of it counts once other metrics or another interval are configured."""
        extra = progress.extra if progress.extra.get("of") == fingerprint else {}
        if window.since is None:
            return cls(from_json(extra.get("covered", {})), None)
        same = extra.get("again_from") == iso(window.since)
        return cls(from_json(extra.get("covered", {})), from_json(extra.get("again", {})) if same else {})

    @property
    def answered(self) -> dict[str, list[Stretch]]:
        """What need not be asked in this pull."""
        return self.covered if self.again is None else self.again

    def add(self, asking: Asking, settled: int) -> None:
        for key in map(_key, asking.pairs):
            for part in (self.covered, *([self.again] if self.again is not None else [])):
                part[key] = joined([*part.get(key, ()), (asking.start, min(asking.end, settled))])

    def position(self, progress: Progress, window: PullWindow, fingerprint: str, *, last: bool) -> dict[str, Any]:
        """What lies before everything that is of interest now is forgotten."""
        oldest = millis(min(interest.start for interest in window.interests)) // 1000
        kept = {key: without(stretches, [(0, oldest)]) for key, stretches in self.covered.items()}
        extra: dict[str, Any] = {"of": fingerprint, "covered": to_json(kept)}
        if window.since is not None and self.again is not None and not last:
            extra |= {"again_from": iso(window.since), "again": to_json(self.again)}
        newest = max(filter(None, (progress.watermark, window.until)))
        return replace(progress, extra=extra, watermark=newest if last else progress.watermark).to_position()


@dataclass(frozen=True, slots=True)
class MetricQueries:
    """`queries` are full metric queries. Those grouped by job are narrowed to the jobs (and tenants) of interest;
    the others are asked as they are, at the same times."""

    ask: Callable[[dict[str, Any]], dict[str, Any]]
    queries: tuple[str, ...]
    names: Mapping[str, str]
    interval_seconds: int
    sent: Callable[[], int]
    parsed: tuple[MetricQuery, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "parsed", tuple(parse_query(query) for query in self.queries))

    def pages(self, progress: Progress, window: PullWindow) -> Iterator[Page]:
        """A page a request, oldest time first. Raises SourceError."""
        done = _Done.from_progress(progress, window, self._fingerprint())
        known = {tag_spelling(name): name for interest in window.interests for name in (interest.job, interest.tenant)}
        settled = self._down(millis(window.until - SETTLED) // 1000)
        askings = self._askings(self._wanted(window), done.answered)
        for index, asking in enumerate(askings):
            before = self.sent()
            document = self.ask(self._body(asking))
            done.add(asking, settled)
            last = index == len(askings) - 1
            position = done.position(progress, window, self._fingerprint(), last=last)
            yield self._page(document, asking, known, position, self.sent() - before, last)

    def _fingerprint(self) -> str:
        said = json.dumps([self.queries, self.interval_seconds, dict(self.names)], sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    def _wanted(self, window: PullWindow) -> dict[Pair, list[Stretch]]:
        """The times of interest of each (tenant, job), on the grid of the interval, within the pull's window."""
        found: dict[Pair, list[Stretch]] = defaultdict(list)
        least = self._down(millis(window.since) // 1000) if window.since else 0
        most = self._up(-(-millis(window.until) // 1000))
        for interest in window.interests:
            start = max(least, self._down(millis(interest.start) // 1000))
            end = min(most, self._up(-(-millis(interest.end) // 1000)))
            if start < end:
                found[interest.tenant, interest.job].append((start, end))
        wanted = {pair: joined(stretches) for pair, stretches in found.items() if self._narrowed()}
        if found and self._plain():
            wanted[_EVERYTHING] = joined(stretch for stretches in found.values() for stretch in stretches)
        return wanted

    def _askings(self, wanted: Mapping[Pair, list[Stretch]], covered: Mapping[str, list[Stretch]]) -> list[Asking]:
        """The requests for what is wanted and not covered: slice by slice, as many queries in each as it may hold."""
        length = self.interval_seconds * POINTS_A_SLICE
        slices: dict[int, dict[Pair, list[Stretch]]] = defaultdict(lambda: defaultdict(list))
        for pair, stretches in wanted.items():
            for start, end in cut(without(stretches, covered.get(_key(pair), ())), length):
                slices[start // length][pair].append((start, end))
        return [asking for number in sorted(slices) for asking in self._of_slice(slices[number])]

    def _of_slice(self, parts: Mapping[Pair, list[Stretch]]) -> Iterator[Asking]:
        start = min(stretch[0] for stretches in parts.values() for stretch in stretches)
        end = max(stretch[1] for stretches in parts.values() for stretch in stretches)
        queries = [(one, pairs) for pairs in _together(parts) for one in self._queries(pairs)]
        for first in range(0, len(queries), QUERIES_A_REQUEST):
            some = queries[first : first + QUERIES_A_REQUEST]
            last = {pair for _, pairs in some for pair in pairs}
            later = {pair for _, pairs in queries[first + QUERIES_A_REQUEST :] for pair in pairs}
            yield Asking(start, end, tuple(one for one, _ in some), tuple(sorted(last - later)))

    def _queries(self, pairs: tuple[Pair, ...]) -> list[tuple[str, str]]:
        """(metric, query) of each configured metric for these pairs: all of them have the same tenants' jobs."""
        if pairs == (_EVERYTHING,):
            return [(query.metric, query.narrowed(())) for query in self._plain()]
        conditions = [one_of(self.names["job"], {job for _, job in pairs})]
        tenants = {tenant for tenant, _ in pairs if tenant}
        conditions += [one_of(self.names["tenant"], tenants)] if tenants else []
        return [(query.metric, query.narrowed(conditions)) for query in self._narrowed()]

    def _narrowed(self) -> list[MetricQuery]:
        return [query for query in self.parsed if query.groups_by(self.names["job"])]

    def _plain(self) -> list[MetricQuery]:
        return [query for query in self.parsed if not query.groups_by(self.names["job"])]

    def _down(self, seconds: int) -> int:
        return seconds // self.interval_seconds * self.interval_seconds

    def _up(self, seconds: int) -> int:
        return -(-seconds // self.interval_seconds) * self.interval_seconds

    def _body(self, asking: Asking) -> dict[str, Any]:
        count = range(len(asking.queries))
        return {
            "from": asking.start * 1000,
            "to": asking.end * 1000,
            "interval": self.interval_seconds * 1000,
            "queries": [
                {"data_source": "metrics", "name": f"q{index}", "query": asking.queries[index][1]} for index in count
            ],
            "formulas": [{"formula": f"q{index}"} for index in count],
        }

    def _page(
        self,
        document: dict[str, Any],
        asking: Asking,
        known: Mapping[str, str],
        position: dict[str, Any],
        requests: int,
        done: bool,
    ) -> Page:
        if errors := document.get("errors"):
            raise SourceError(
                f"Datadog timeseries query: {excerpt(str(errors))}", hint="check `datadog.metrics`", permanent=True
            )
        metrics = [metric for metric, _ in asking.queries]
        try:
            points = tuple(points_from_timeseries(document, metrics, self.names, known))
        except UnmappableError as error:
            aside = (set_aside(document, str(error)),)
            return Page("metrics", (), position, set_aside=aside, requests=requests, done=done)
        return Page("metrics", points, position, requests=requests, done=done)


def _together(pairs: Collection[Pair]) -> list[tuple[Pair, ...]]:
    """Pairs that one query can ask for: tenants with the very same jobs; where there is no tenant, jobs alone."""
    jobs_of: dict[str, set[str]] = defaultdict(set)
    for tenant, job in pairs:
        jobs_of[tenant].add(job)
    everything = [(_EVERYTHING,)] if _EVERYTHING in pairs else []
    jobs_of.get("", set()).discard("")
    tenants_with: dict[tuple[bool, tuple[str, ...]], list[str]] = defaultdict(list)
    for tenant in sorted(jobs_of):
        tenants_with[tenant != "", tuple(sorted(jobs_of[tenant]))].append(tenant)
    return everything + [
        tuple((tenant, job) for tenant in some for job in few)
        for (_, jobs), tenants in sorted(tenants_with.items())
        for some in _parts(tenants, TENANTS_A_QUERY)
        for few in _parts(jobs, JOBS_A_QUERY)
    ]


def _parts(values: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for first in range(0, len(values), size):
        yield values[first : first + size]


def _key(pair: Pair) -> str:
    return "\t".join(pair)
