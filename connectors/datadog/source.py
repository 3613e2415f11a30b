"""Datadog as a source: `runs` from spans, `metrics` from timeseries queries, `changes` from events."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from connectors.datadog.client import DatadogClient
from connectors.datadog.mapping import attempt_from_span, change_from_event, metric_name
from connectors.datadog.metrics import MetricQueries, full_query, slice_length
from connectors.datadog.search import SLICE, Mapped, Search
from connectors.retries import Patience
from connectors.windows import Progress, Slicing
from correlator.errors import SettingsError, SourceError
from correlator.model import Attempt, Status
from correlator.ports import Page, PullWindow, RawAnswer
from correlator.settings import Settings

_EVENTS_OVERLAP: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to ask for: the settings `datadog.*` that the streams go by."""

    query: str
    events_query: str
    tags: Mapping[str, str]
    metrics: tuple[str, ...]
    first_pull: timedelta
    overlap: timedelta
    interval_seconds: int
    keep_raw: str


class DatadogSource:
    """Implements `ports.Source`. Each stream has a position of its own; see `connectors.windows`."""

    name = "datadog"
    streams: tuple[str, ...] = ("runs", "changes", "metrics")

    def __init__(self, client: DatadogClient, plan: Plan) -> None:
        self._client = client
        self._plan = plan

    def pages(self, stream: str, position: dict[str, Any] | None, window: PullWindow) -> Iterator[Page]:
        """The stream's pages from `position` on. Raises SourceError; what was yielded before stays true."""
        progress = Progress.from_position(position)
        if stream == "runs":
            return self._runs().pages(progress, self._slicing(SLICE, self._plan.overlap), window)
        if stream == "changes":
            return self._changes().pages(progress, self._slicing(SLICE, _EVENTS_OVERLAP), window)
        if stream == "metrics":
            return self._metrics().pages(progress, self._metric_slicing(), window)
        raise SourceError(f"Datadog has no stream `{stream}`", permanent=True)

    def _slicing(self, length: timedelta, overlap: timedelta) -> Slicing:
        return Slicing(length, overlap, self._plan.first_pull)

    def _metric_slicing(self) -> Slicing:
        interval = timedelta(seconds=self._plan.interval_seconds)
        return self._slicing(slice_length(self._plan.interval_seconds), max(4 * interval, timedelta(minutes=30)))

    def _runs(self) -> Search:
        client, query = self._client, self._plan.query
        return Search(
            "runs", client.search_spans, query, self._run, "attributes.start_timestamp", sent=lambda: client.sent
        )

    def _run(self, span: Any) -> Mapped:
        attempt = attempt_from_span(span, self._plan.tags)
        return Mapped(attempt, self._raw_run(attempt, span))

    def _raw_run(self, attempt: Attempt, span: dict[str, Any]) -> RawAnswer | None:
        """The span as it came, of runs that a finding may quote: those that failed or were tried again."""
        quotable = attempt.status is not Status.SUCCESS or (attempt.attempt or 1) > 1
        if not quotable and self._plan.keep_raw != "all":
            return None
        asked = {"filter": {"query": f"span_id:{attempt.tags.get('span_id', '')}"}}
        return RawAnswer(attempt.run_id, f"POST /api/v2/spans/events/search {json.dumps(asked)}", span)

    def _changes(self) -> Search:
        client, query = self._client, self._plan.events_query
        return Search(
            "changes", client.search_events, query, self._change, "attributes.timestamp", sent=lambda: client.sent
        )

    def _change(self, event: Any) -> Mapped:
        change = change_from_event(event, self._plan.tags)
        asked = {"filter": {"query": self._plan.events_query}, "id": change.change_id}
        return Mapped(change, RawAnswer(change.change_id, f"POST /api/v2/events/search {json.dumps(asked)}", event))

    def _metrics(self) -> MetricQueries:
        client, plan = self._client, self._plan
        return MetricQueries(
            client.timeseries, plan.metrics, plan.tags, plan.interval_seconds, sent=lambda: client.sent
        )


def build(settings: Settings, patience: Patience | None = None) -> DatadogSource:
    """The source as configured. Raises SettingsError for a missing key or a metric that cannot be asked for."""
    client = DatadogClient(
        site=settings["datadog.site"],
        host=settings["datadog.host"],
        api_key=settings.secret("DD_API_KEY"),
        app_key=settings.secret("DD_APP_KEY"),
        patience=patience,
    )
    return DatadogSource(client, plan_from(settings))


def plan_from(settings: Settings) -> Plan:
    """The plan the settings make. Raises SettingsError with the place of the setting that is wrong."""
    tags = settings["datadog.tags"]
    return Plan(
        query=settings["datadog.query"],
        events_query=settings["datadog.events_query"],
        tags=tags,
        metrics=tuple(_checked_query(settings, full_query(entry, tags)) for entry in settings["datadog.metrics"]),
        first_pull=timedelta(days=settings["datadog.first_pull_days"]),
        overlap=timedelta(seconds=settings["datadog.overlap_seconds"]),
        interval_seconds=max(1, settings["datadog.metric_interval_seconds"]),
        keep_raw=settings["datadog.keep_raw"],
    )


def _checked_query(settings: Settings, query: str) -> str:
    try:
        metric_name(query)
    except ValueError as error:
        raise SettingsError(f"{settings.origin['datadog.metrics']}: `datadog.metrics`: {error}") from error
    return query
