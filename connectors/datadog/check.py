"""What the keys may do: each operation the source needs, asked for one item of the last day."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from connectors.datadog.catalog import DEPENDS_ON
from connectors.datadog.client import DatadogClient
from connectors.datadog.plan import Plan, plan_from
from connectors.datadog.run_mapping import RunMapping
from connectors.datadog.sink import OPEN_INCIDENTS, build_writer
from connectors.datadog.sink import build as build_sink
from connectors.datadog.source import build_client
from connectors.payloads import millis
from connectors.probing import patience_to_check, probe
from connectors.retries import Patience
from correlator.model import iso
from correlator.ports import Probe
from correlator.settings import Settings

_LOOKED_AT: Final = timedelta(days=1)


def check(settings: Settings, patience: Patience | None = None) -> list[Probe]:
    """Probes of the searches and queries that pulls make. Raises SettingsError for settings or keys that are none."""
    patience = patience or patience_to_check()
    plan, client = plan_from(settings), build_client(settings, patience)
    read = [*(_runs(client, mapping) for mapping in plan.mappings), *_beside(client, plan)]
    return [*read, *(_written(settings, patience) if settings["datadog.attach"] else [])]


def _written(settings: Settings, patience: Patience) -> Iterator[Probe]:
    """What is looked for before anything is written; whether it may be written shows when it is. Raises SettingsError
    for a sink that cannot be built."""
    build_sink(settings, patience)
    if "incidents" in settings["datadog.writes"]:
        ask = partial(_allowed, partial(build_writer(settings, patience).search_incidents, OPEN_INCIDENTS, 1, 0))
        yield _spared("incidents", ask, "incident_read", "no links on incidents")


def _beside(client: DatadogClient, plan: Plan) -> Iterator[Probe]:
    """What is read beside runs, as far as it is switched on: findings say less without, but are made."""
    events = (("events", plan.events_query, "no changes"), ("monitors", plan.monitors_query, "no monitors' states"))
    for name, query, without in events:
        if query:
            ask = partial(_found, client.search_events, query, f"`datadog.{name}_query`")
            yield _spared(f"events search for {name}", ask, "events_read", without)
    if plan.deployments:
        yield _spared("deployments", partial(_deployments, client), "dora_metrics_read", "no changes from DORA Metrics")
    if plan.catalog:
        ask = partial(_allowed, partial(client.relations, DEPENDS_ON, 0, 1))
        yield _spared("catalog relations", ask, "apm_service_catalog_read", "no dependencies from the catalog")
    if plan.metrics:
        yield _spared("timeseries query", partial(_metrics, client, plan.metrics), "timeseries_query", "no metrics")


def _spared(name: str, ask: Callable[[], str], permission: str, without: str) -> Probe:
    return probe(name, ask, permission=permission, without=without, needed=False)


def _allowed(ask: Callable[[], object]) -> str:
    ask()
    return "allowed"


def _deployments(client: DatadogClient) -> str:
    until = datetime.now(UTC)
    body = {"from": iso(until - _LOOKED_AT), "to": iso(until), "limit": 1, "sort": "started_at"}
    return _allowed(partial(client.deployments, body))


_SEARCHES: Final = {
    "spans": ("search_spans", "apm_read"),
    "logs": ("search_logs", "logs_read_data"),
    "ci_pipelines": ("search_pipelines", "ci_visibility_read"),
    "events": ("search_events", "events_read"),
}


def _runs(client: DatadogClient, mapping: RunMapping) -> Probe:
    search, permission = _SEARCHES[mapping.kind]
    return probe(
        f"{mapping.kind.replace('_', ' ')} search",
        lambda: _found(getattr(client, search), mapping.query, f"the query of `{mapping.name}`"),
        permission=permission,
        without=f"no job runs by the mapping `{mapping.name}`",
    )


def _found(search: Callable[[dict[str, Any]], dict[str, Any]], query: str, setting: str) -> str:
    """One item of a search, in words: an empty answer is allowed, and often a query that selects nothing."""
    until = datetime.now(UTC)
    since = until - _LOOKED_AT
    body = {
        "filter": {"query": query, "from": str(millis(since)), "to": str(millis(until))},
        "page": {"limit": 1},
        "sort": "timestamp",
    }
    if search(body).get("data"):
        return f"{setting} finds items of the last day"
    return f"allowed, but {setting} ({query}) finds nothing in the last day"


def _metrics(client: DatadogClient, queries: tuple[str, ...]) -> str:
    """The first of the metrics, over the last hour."""
    until = millis(datetime.now(UTC))
    body = {
        "from": until - 3_600_000,
        "to": until,
        "interval": 300_000,
        "queries": [{"data_source": "metrics", "name": "q0", "query": queries[0]}],
        "formulas": [{"formula": "q0"}],
    }
    return _allowed(partial(client.timeseries, body))
