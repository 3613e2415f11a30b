"""What the keys may do: each operation the source needs, asked for one item of the last day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from connectors.datadog.client import DatadogClient
from connectors.datadog.plan import plan_from
from connectors.datadog.run_mapping import RunMapping
from connectors.datadog.source import build_client
from connectors.payloads import millis
from connectors.probing import IMPATIENT, probe
from connectors.retries import Patience
from correlator.ports import Probe
from correlator.settings import Settings

_LOOKED_AT: Final = timedelta(days=1)


def check(settings: Settings, patience: Patience = IMPATIENT) -> list[Probe]:
    """Probes of the searches and queries that pulls make. Raises SettingsError for settings or keys that are none."""
    plan, client = plan_from(settings), build_client(settings, patience)
    probes = [
        *(_runs(client, mapping) for mapping in plan.mappings),
        probe(
            "events search",
            lambda: _found(client.search_events, plan.events_query, "`datadog.events_query`"),
            permission="events_read",
            without="no changes: nothing is laid to a deploy",
            needed=False,
        ),
    ]
    return [*probes, _metrics(client, plan.metrics)] if plan.metrics else probes


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


def _metrics(client: DatadogClient, queries: tuple[str, ...]) -> Probe:
    """The first of the metrics, over the last hour."""
    until = millis(datetime.now(UTC))
    body = {
        "from": until - 3_600_000,
        "to": until,
        "interval": 300_000,
        "queries": [{"data_source": "metrics", "name": "q0", "query": queries[0]}],
        "formulas": [{"formula": "q0"}],
    }

    def ask() -> str:
        client.timeseries(body)
        return "allowed"

    without = "no metrics beside failures"
    return probe("timeseries query", ask, permission="timeseries_query", without=without, needed=False)
