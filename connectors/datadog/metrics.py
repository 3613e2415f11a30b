"""Configured metrics, slice by slice, so that a long window does not come back coarser than a short one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from connectors.datadog.mapping import metric_name, points_from_timeseries
from connectors.payloads import UnmappableError, excerpt, millis, set_aside
from connectors.windows import Progress, Reading, Slicing
from correlator.errors import SourceError
from correlator.ports import Page, PullWindow

POINTS_A_SLICE: Final = 288
"""A day of five-minute points: what Datadog returns for a day without making it coarser."""


@dataclass(frozen=True, slots=True)
class MetricQueries:
    """The stream `metrics`. `queries` are full metric queries; all are asked in one request a slice."""

    ask: Callable[[dict[str, Any]], dict[str, Any]]
    queries: tuple[str, ...]
    names: Mapping[str, str]
    interval_seconds: int
    sent: Callable[[], int]

    def pages(self, progress: Progress, slicing: Slicing, window: PullWindow) -> Iterator[Page]:
        """The points of all windows to be read, one page a slice. Raises SourceError."""
        for whole in slicing.windows(progress, window) if self.queries else ():
            reading: Reading | None = whole
            while reading is not None:
                before = self.sent()
                document = self.ask(self._body(reading))
                following = reading.next_slice(slicing.length)
                progress = replace(progress, reading=following) if following else progress.finished(whole)
                done = following is None and whole.until >= window.until
                yield self._page(document, progress, self.sent() - before, done)
                reading = following

    def _body(self, reading: Reading) -> dict[str, Any]:
        interval = self.interval_seconds * 1000
        return {
            "from": millis(reading.since) // interval * interval,
            "to": -(-millis(reading.end) // interval) * interval,
            "interval": interval,
            "queries": [
                {"data_source": "metrics", "name": f"q{index}", "query": query}
                for index, query in enumerate(self.queries)
            ],
            "formulas": [{"formula": f"q{index}"} for index in range(len(self.queries))],
        }

    def _page(self, document: dict[str, Any], progress: Progress, requests: int, done: bool) -> Page:
        if errors := document.get("errors"):
            raise SourceError(
                f"Datadog timeseries query: {excerpt(str(errors))}", hint="check `datadog.metrics`", permanent=True
            )
        position = progress.to_position()
        try:
            points = tuple(points_from_timeseries(document, [metric_name(query) for query in self.queries], self.names))
        except UnmappableError as error:
            aside = (set_aside(document, str(error)),)
            return Page("metrics", (), position, set_aside=aside, requests=requests, done=done)
        return Page("metrics", points, position, requests=requests, done=done)


def full_query(entry: str, names: Mapping[str, str]) -> str:
    """A metric's name as a query over all jobs and tenants; an entry that is a query already stays as it is.

    >>> full_query("job.memory_gib", {"job": "job", "tenant": "customer"})
    'avg:job.memory_gib{*} by {job,customer}'
    """
    return entry if "{" in entry else f"avg:{entry}{{*}} by {{{names['job']},{names['tenant']}}}"


def slice_length(interval_seconds: int) -> timedelta:
    return timedelta(seconds=interval_seconds * POINTS_A_SLICE)
