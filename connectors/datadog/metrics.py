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
from datetime import datetime, timedelta
from typing import Any, Final

from connectors.datadog.timeseries import (
    MetricQuery,
    one_of,
    parse_query,
    points_from_timeseries,
    tag_spelling,
)
from connectors.payloads import UnmappableError, excerpt, millis, set_aside
from connectors.stretches import EVERYTHING, Covered, Pair, Span, around, joined, on_grid, slices, spans_by_pair
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
_UNGROUPED: Final[Pair] = ("*", "")
"""Stands for the queries that know no jobs."""


@dataclass(frozen=True, slots=True)
class Asking:
    """One request: the queries, their time, and the pairs it covers."""

    start: datetime
    end: datetime
    queries: tuple[tuple[str, str], ...]
    pairs: tuple[Pair, ...]


@dataclass(slots=True)
class _Done:
    """What was asked: `covered` in all, and `again` of a stretch that is being read once more."""

    covered: Covered
    again: Covered | None

    @classmethod
    def from_progress(cls, progress: Progress, window: PullWindow, fingerprint: str) -> _Done:
        """Nothing of it counts once other metrics or another interval are configured."""
        extra = progress.extra if progress.extra.get("of") == fingerprint else {}
        if window.since is None:
            return cls(Covered(extra.get("read", {})), None)
        same = extra.get("again_from") == iso(window.since)
        return cls(Covered(extra.get("read", {})), Covered(extra.get("read_again", {}) if same else {}))

    @property
    def answered(self) -> Covered:
        """What need not be asked in this pull."""
        return self.covered if self.again is None else self.again

    def add(self, asking: Asking, settled: datetime) -> None:
        for pair in asking.pairs:
            for part in (self.covered, *([self.again] if self.again is not None else [])):
                part.add(pair, [(asking.start, min(asking.end, settled))])

    def position(self, progress: Progress, window: PullWindow, fingerprint: str, *, last: bool) -> dict[str, Any]:
        extra: dict[str, Any] = {"of": fingerprint, "read": self.covered.to_json()}
        if window.since is not None and self.again is not None and not last:
            extra |= {"again_from": iso(window.since), "read_again": self.again.to_json()}
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
        wanted = self._wanted(window, progress)
        if wanted and window.since is None:
            done.covered.forget_before(around(span for spans in wanted.values() for span in spans)[0])
        known = {tag_spelling(name): name for pair in wanted for name in pair}
        settled, _ = on_grid((window.until - SETTLED, window.until), self._step)
        askings = self._askings(wanted, done.answered)
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

    def _wanted(self, window: PullWindow, progress: Progress) -> dict[Pair, list[Span]]:
        """The times of interest of each (tenant, job), on the grid of the interval, within the pull's window."""
        begin = progress.watermark - SETTLED if progress.watermark else None
        by_pair = spans_by_pair(window, begin)
        found = {pair: joined(on_grid(span, self._step) for span in spans) for pair, spans in by_pair.items()}
        wanted = found if self._narrowed() else {}
        if found and self._plain():
            wanted = wanted | {_UNGROUPED: joined(span for spans in found.values() for span in spans)}
        return wanted

    def _askings(self, wanted: Mapping[Pair, list[Span]], covered: Covered) -> list[Asking]:
        """The requests for what is wanted and not covered: slice by slice, as many queries in each as it may hold."""
        missing = {pair: covered.missing(pair, spans) for pair, spans in wanted.items()}
        return [asking for parts in slices(missing, self._step * POINTS_A_SLICE) for asking in self._of_slice(parts)]

    def _of_slice(self, parts: Mapping[Pair, list[Span]]) -> Iterator[Asking]:
        start, end = around(span for spans in parts.values() for span in spans)
        queries = [(one, pairs) for pairs in _together(parts) for one in self._queries(pairs)]
        for first in range(0, len(queries), QUERIES_A_REQUEST):
            some = queries[first : first + QUERIES_A_REQUEST]
            last = {pair for _, pairs in some for pair in pairs}
            later = {pair for _, pairs in queries[first + QUERIES_A_REQUEST :] for pair in pairs}
            yield Asking(start, end, tuple(one for one, _ in some), tuple(sorted(last - later)))

    def _queries(self, pairs: tuple[Pair, ...]) -> list[tuple[str, str]]:
        """(metric, query) of each configured metric for these pairs: all of them have the same tenants' jobs."""
        if pairs == (_UNGROUPED,):
            return [(query.metric, query.narrowed(())) for query in self._plain()]
        if pairs == (EVERYTHING,):
            return [(query.metric, query.narrowed(())) for query in self._narrowed()]
        conditions = [one_of(self.names["job"], {job for _, job in pairs})]
        tenants = {tenant for tenant, _ in pairs if tenant}
        conditions += [one_of(self.names["tenant"], tenants)] if tenants else []
        return [(query.metric, query.narrowed(conditions)) for query in self._narrowed()]

    def _narrowed(self) -> list[MetricQuery]:
        return [query for query in self.parsed if query.groups_by(self.names["job"])]

    def _plain(self) -> list[MetricQuery]:
        return [query for query in self.parsed if not query.groups_by(self.names["job"])]

    @property
    def _step(self) -> timedelta:
        return timedelta(seconds=self.interval_seconds)

    def _body(self, asking: Asking) -> dict[str, Any]:
        count = range(len(asking.queries))
        return {
            "from": millis(asking.start),
            "to": millis(asking.end),
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
    apart = [(pair,) for pair in (EVERYTHING, _UNGROUPED) if pair in pairs]
    for tenant, job in pairs:
        if job:
            jobs_of[tenant].add(job)
    tenants_with: dict[tuple[bool, tuple[str, ...]], list[str]] = defaultdict(list)
    for tenant in sorted(jobs_of):
        tenants_with[tenant != "", tuple(sorted(jobs_of[tenant]))].append(tenant)
    return apart + [
        tuple((tenant, job) for tenant in some for job in few)
        for (_, jobs), tenants in sorted(tenants_with.items())
        for some in _parts(tenants, TENANTS_A_QUERY)
        for few in _parts(jobs, JOBS_A_QUERY)
    ]


def _parts(values: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for first in range(0, len(values), size):
        yield values[first : first + size]
