"""What to ask Datadog for: the settings `datadog.*` that the streams go by, checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from connectors.datadog.mapping_files import chosen_mappings, read_mappings
from connectors.datadog.run_mapping import RunMapping
from connectors.datadog.timeseries import full_query, parse_query
from correlator.errors import SettingsError
from correlator.settings import Settings


@dataclass(frozen=True, slots=True)
class Plan:
    """An empty query, and a False, leave that stream out."""

    mappings: tuple[RunMapping, ...]
    tags: Mapping[str, str]
    events_query: str
    monitors_query: str
    deployments: bool
    catalog: bool
    metrics: tuple[str, ...]
    first_pull: timedelta
    overlap: timedelta
    catalog_every: timedelta
    interval_seconds: int
    keep_raw: str

    @property
    def streams(self) -> tuple[str, ...]:
        """The streams there are to pull, runs first: what else is asked for depends on them."""
        return tuple(self._streams())

    def _streams(self) -> Iterator[str]:
        yield from (stream_of(mapping) for mapping in self.mappings)
        yield from ["changes"] if self.events_query else []
        yield from ["deployments"] if self.deployments else []
        yield from ["monitors"] if self.monitors_query else []
        yield from ["catalog"] if self.catalog else []
        yield "metrics"

    def mapping_of(self, stream: str) -> RunMapping | None:
        """The mapping of a stream of runs; None for other streams."""
        return next((mapping for mapping in self.mappings if stream_of(mapping) == stream), None)


def stream_of(mapping: RunMapping) -> str:
    """The stream of a mapping's runs; that of `spans` is called just `runs`."""
    return "runs" if mapping.name == "spans" else f"runs_{mapping.name}"


def plan_from(settings: Settings) -> Plan:
    """The plan the settings make. Raises SettingsError with the place of the setting that is wrong."""
    tags = settings["datadog.tags"]
    return Plan(
        mappings=_mappings(settings),
        tags=tags,
        events_query=settings["datadog.events_query"],
        monitors_query=settings["datadog.monitors_query"],
        deployments=settings["datadog.deployments"],
        catalog=settings["datadog.catalog"],
        metrics=tuple(_checked_query(settings, full_query(entry, tags)) for entry in settings["datadog.metrics"]),
        first_pull=timedelta(days=settings["datadog.first_pull_days"]),
        overlap=timedelta(seconds=settings["datadog.overlap_seconds"]),
        catalog_every=timedelta(seconds=settings["datadog.catalog_seconds"]),
        interval_seconds=settings["datadog.metric_interval_seconds"],
        keep_raw=settings["datadog.keep_raw"],
    )


def _mappings(settings: Settings) -> tuple[RunMapping, ...]:
    """The chosen mappings; `datadog.query` is the query of the built-in `spans` where no file says otherwise."""
    file = settings["datadog.mappings"]
    known = read_mappings(Path(file) if file else None, settings["datadog.tags"])
    if known["spans"].query == "*":
        known["spans"] = replace(known["spans"], query=settings["datadog.query"])
    return chosen_mappings(settings["datadog.runs"], known, f"{settings.origin['datadog.runs']}: `datadog.runs`")


def _checked_query(settings: Settings, query: str) -> str:
    try:
        parse_query(query)
    except ValueError as error:
        raise SettingsError(f"{settings.origin['datadog.metrics']}: `datadog.metrics`: {error}") from error
    return query
