"""Datadog as a source: runs by the chosen mappings, changes, monitors, dependencies, and metrics."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Final

from connectors.clock import clocked
from connectors.datadog.catalog import DEPENDS_ON, PAGE_SIZE, Catalog
from connectors.datadog.changes import change_from_deployment, change_from_event
from connectors.datadog.client import DatadogClient
from connectors.datadog.deployments import Deployments
from connectors.datadog.lines import Partial
from connectors.datadog.metrics import MetricQueries
from connectors.datadog.monitors import transition_from
from connectors.datadog.plan import Plan, plan_from
from connectors.datadog.reading import ItemReader, LineReader, Mapped
from connectors.datadog.run_links import RunLinks
from connectors.datadog.run_mapping import RunMapping
from connectors.datadog.runs import attempt_from
from connectors.datadog.search import SLICE, Search
from connectors.datadog.write_mapping import without_ours
from connectors.retries import Patience
from connectors.windows import Progress, Slicing
from correlator.errors import SourceError
from correlator.model import Status
from correlator.ports import Page, PullWindow, RawAnswer
from correlator.settings import Settings

_EVENTS_OVERLAP: Final = timedelta(hours=1)
_WEEK: Final = timedelta(days=7)
PATHS: Final = {
    "spans": "/api/v2/spans/events/search",
    "logs": "/api/v2/logs/events/search",
    "ci_pipelines": "/api/v2/ci/pipelines/events/search",
    "events": "/api/v2/events/search",
}
TIME_PATHS: Final = {
    "spans": "attributes.start_timestamp",
    "logs": "attributes.timestamp",
    "ci_pipelines": "attributes.attributes.start",
    "events": "attributes.timestamp",
}


class DatadogSource:
    """Implements `ports.Source`. Each stream has a position of its own; see `connectors.windows`."""

    name = "datadog"

    def __init__(self, client: DatadogClient, plan: Plan, links: RunLinks) -> None:
        self._client = client
        self._plan = plan
        self._links = links
        self.streams: tuple[str, ...] = plan.streams

    def pages(self, stream: str, position: dict[str, Any] | None, window: PullWindow) -> Iterator[Page]:
        """The stream's pages from `position` on. Raises SourceError; what was yielded before stays true."""
        return clocked(self._client.clock, self._pages(stream, Progress.from_position(position), window))

    def _pages(self, stream: str, progress: Progress, window: PullWindow) -> Iterator[Page]:
        if stream not in self.streams:
            raise SourceError(f"Datadog has no stream `{stream}`", permanent=True)
        if (mapping := self._plan.mapping_of(stream)) is not None:
            return self._runs(stream, mapping).pages(progress, self._runs_slicing(mapping), window)
        if stream == "metrics":
            return self._metrics().pages(progress, window)
        if stream == "catalog":
            return self._catalog().pages(progress, window)
        if stream == "deployments":
            return self._deployments().pages(progress, self._slicing(_WEEK, _EVENTS_OVERLAP), window)
        search = self._changes() if stream == "changes" else self._monitors()
        return search.pages(progress, self._slicing(SLICE, _EVENTS_OVERLAP), window)

    def _slicing(self, length: timedelta, overlap: timedelta) -> Slicing:
        return Slicing(length, overlap, self._plan.first_pull)

    def _runs_slicing(self, mapping: RunMapping) -> Slicing:
        return self._slicing(SLICE, mapping.overlap or self._plan.overlap)

    def _runs(self, stream: str, mapping: RunMapping) -> Search:
        by_lines = LineReader(mapping, lambda line, item: self._raw_line(mapping, line, item), self._links.linked)
        by_items = ItemReader(lambda item: self._run(mapping, item))
        return Search(
            stream,
            self._ask(mapping.kind),
            mapping.query,
            by_lines if mapping.in_lines else by_items,
            TIME_PATHS[mapping.kind],
            sent=lambda: self._client.sent,
        )

    def _ask(self, kind: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
        client = self._client
        return {
            "spans": client.search_spans,
            "logs": client.search_logs,
            "ci_pipelines": client.search_pipelines,
            "events": client.search_events,
        }[kind]

    def _run(self, mapping: RunMapping, item: Any) -> Mapped:
        attempt = attempt_from(item, mapping)
        if not self._quotable(attempt.status, attempt.attempt):
            return Mapped(attempt)
        query = f"span_id:{attempt.tags.get('span_id', '')}" if mapping.kind == "spans" else mapping.query
        return Mapped(self._links.linked(attempt), _answer(mapping.kind, query, attempt.run_id, item))

    def _raw_line(self, mapping: RunMapping, line: Partial, item: dict[str, Any]) -> RawAnswer | None:
        if line.ended is None or not self._quotable(line.ended, line.attempt):
            return None
        return _answer(mapping.kind, mapping.query, line.run_id, item)

    def _quotable(self, status: Status, attempt: int | None) -> bool:
        """Whether a finding may quote the run: those that failed or were tried again, or all."""
        return status is not Status.SUCCESS or (attempt or 1) > 1 or self._plan.keep_raw == "all"

    def _changes(self) -> Search:
        return self._events("changes", self._plan.events_query, self._change)

    def _monitors(self) -> Search:
        return self._events("monitors", self._plan.monitors_query, self._transition)

    def _events(self, stream: str, query: str, map_item: Callable[[Any], Mapped]) -> Search:
        client = self._client
        return Search(
            stream,
            client.search_events,
            without_ours(query),
            ItemReader(map_item),
            TIME_PATHS["events"],
            sent=lambda: client.sent,
        )

    def _change(self, event: Any) -> Mapped:
        change = change_from_event(event, self._plan.tags)
        return Mapped(change, _answer("events", self._plan.events_query, change.change_id, event))

    def _transition(self, event: Any) -> Mapped:
        transition = transition_from(event, self._plan.tags)
        return Mapped(transition, _answer("events", self._plan.monitors_query, transition.event_id, event))

    def _deployments(self) -> Deployments:
        return Deployments(self._client.deployments, ItemReader(self._deployment), sent=lambda: self._client.sent)

    def _deployment(self, item: Any) -> Mapped:
        change = change_from_deployment(item, self._plan.tags)
        return Mapped(change, RawAnswer(change.change_id, f"GET /api/v2/dora/deployments/{change.change_id}", item))

    def _catalog(self) -> Catalog:
        client = self._client
        return Catalog(
            lambda offset: client.relations(DEPENDS_ON, offset, PAGE_SIZE),
            self._plan.catalog_every,
            sent=lambda: client.sent,
        )

    def _metrics(self) -> MetricQueries:
        client, plan = self._client, self._plan
        return MetricQueries(
            client.timeseries, plan.metrics, plan.tags, plan.interval_seconds, sent=lambda: client.sent
        )


def _answer(kind: str, query: str, fact_id: str, item: dict[str, Any]) -> RawAnswer:
    """The item as it came, and how to ask for it again."""
    asked: dict[str, Any] = {"filter": {"query": query}}
    if not query.startswith("span_id:"):
        asked["id"] = item.get("id")
    return RawAnswer(fact_id, f"POST {PATHS[kind]} {json.dumps(asked)}", item)


def build(settings: Settings, patience: Patience | None = None) -> DatadogSource:
    """The source as configured. Raises SettingsError for a missing key or a metric that cannot be asked for."""
    return DatadogSource(build_client(settings, patience), plan_from(settings), RunLinks(settings))


def build_client(settings: Settings, patience: Patience | None = None) -> DatadogClient:
    """The client as configured. Raises SettingsError for a missing key or an unknown site."""
    return DatadogClient(
        site=settings["datadog.site"],
        host=settings["datadog.host"],
        api_key=settings.secret("DD_API_KEY"),
        app_key=settings.secret("DD_APP_KEY"),
        patience=patience,
    )
