"""Whether the server is there, how far back it remembers, and what each configured query gives."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from connectors.payloads import dig, text_of
from connectors.probing import patience_to_check, probe
from connectors.prometheus.client import PrometheusClient
from connectors.prometheus.mapping import points_from_matrix
from connectors.prometheus.queries import filled
from connectors.prometheus.source import Plan, build_client, plan_from
from connectors.retries import Patience
from correlator.errors import SourceError
from correlator.ports import Found, Probe
from correlator.settings import Settings

_HOUR_SECONDS: Final = 3600
_POINTS: Final = 12


def check(settings: Settings, patience: Patience | None = None) -> list[Probe]:
    """Probes of the server and of each metric. Raises SettingsError for settings that are wrong."""
    patience = patience or patience_to_check()
    plan, client = plan_from(settings), build_client(settings, patience)
    server = probe("server", lambda: _version(client), without="no metrics beside failures")
    if server.found is not Found.OK:
        return [server]
    return [server, _retention(client), *(_metric(client, plan, name) for name in plan.metrics), *_nothing(plan)]


def _version(client: PrometheusClient) -> str:
    """That it answers queries, and its version: what only speaks Prometheus' API may not say one."""
    client.query("1", int(datetime.now(UTC).timestamp()))
    return f"answers queries; {_status(client, 'buildinfo', 'version', 'version') or 'it does not say its version'}"


def _status(client: PrometheusClient, what: str, key: str, label: str) -> str:
    try:
        found = text_of(dig(client.status(what).data, key))
    except SourceError:
        return ""  # optional in the API, and absent from most of what imitates it: told as "does not say"
    return f"{label} {found}" if found else ""


def _retention(client: PrometheusClient) -> Probe:
    said = _status(client, "runtimeinfo", "storageRetention", "keeps metrics for")
    found = Found.OK if said else Found.UNKNOWN
    without = "" if said else "whether first pulls and backfills find old metrics is not known"
    return Probe("retention", found, said=said or "the server does not say", without=without, needed=False)


def _metric(client: PrometheusClient, plan: Plan, name: str) -> Probe:
    """The query of one metric, over the last hour."""

    def ask() -> str:
        now = int(datetime.now(UTC).timestamp())
        step = _HOUR_SECONDS // _POINTS
        query = filled(plan.metrics[name], None, None, step)
        answer = client.query_range(query, now - _HOUR_SECONDS, now, step)
        return _in_words(answer.data, name, plan)

    return probe(f"metric {name}", ask, without=f"no {name} beside failures")


def _in_words(data: Any, name: str, plan: Plan) -> str:
    mapped = points_from_matrix(data, name, plan.labels)
    jobs = {point.job for point in mapped.points}
    if not mapped.points and mapped.set_aside:
        raise SourceError(f"no series can be used: {mapped.set_aside[0].reason}", hint=_LABELS, permanent=True)
    if not jobs:
        return "no values in the last hour"
    aside = f"; {len(mapped.set_aside)} series set aside: {mapped.set_aside[0].reason}" if mapped.set_aside else ""
    return f"values of {len(jobs)} {'job' if len(jobs) == 1 else 'jobs'} in the last hour{aside}"


def _nothing(plan: Plan) -> list[Probe]:
    if plan.metrics:
        return []
    return [
        Probe(
            "metrics",
            Found.MISSING,
            said="no query is configured",
            without="nothing is pulled from it",
            hint="name metrics and their queries in `prometheus.metrics`",
        )
    ]


_LABELS: Final = "check `prometheus.labels`: which label of the result holds the job?"
