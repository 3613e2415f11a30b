"""Whether the server is there, and whether the user may read what pulls read."""

from __future__ import annotations

from connectors.airflow.client import AirflowClient
from connectors.airflow.source import build_client, plan_from
from connectors.payloads import dig, text_of
from connectors.probing import patience_to_check, probe
from connectors.retries import Patience
from correlator.ports import Found, Probe
from correlator.settings import Settings


def check(settings: Settings, patience: Patience | None = None) -> list[Probe]:
    """Probes of each address that pulls ask. Raises SettingsError for settings that are wrong."""
    patience = patience or patience_to_check()
    plan_from(settings)
    client = build_client(settings, patience)
    server = probe("server", lambda: _version(client), without="nothing is read")
    if server.found is not Found.OK:
        return [server]
    return [
        server,
        probe(
            "task instances",
            lambda: _count(client, "/dags/~/dagRuns/~/taskInstances"),
            permission="may read task instances of all DAGs",
            without="no job runs",
        ),
        probe(
            "DAGs",
            lambda: _count(client, "/dags"),
            permission="may read DAGs",
            without="no edges between tasks",
            needed=False,
        ),
        probe(
            "assets",
            lambda: _count(client, "/assets"),
            permission="may read assets",
            without="no edges between DAGs",
            needed=False,
        ),
    ]


def _version(client: AirflowClient) -> str:
    return f"Airflow {text_of(client.get('/version').get('version')) or 'of an unknown version'}"


def _count(client: AirflowClient, path: str) -> str:
    return f"{text_of(dig(client.get(path, {'limit': 1}), 'total_entries')) or 'unknown how many'} in all"
