"""Airflow as a source: `runs`, every try of every task that changed in a window; `edges`, the order of the tasks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from connectors.addressing import base_url
from connectors.airflow.client import AirflowClient, Credentials
from connectors.airflow.edges import Edges
from connectors.airflow.instances import Instances
from connectors.airflow.tries import Tries
from connectors.clock import clocked
from connectors.naming import Naming, compiled
from connectors.retries import Patience
from connectors.windows import Progress, Slicing
from correlator.errors import SettingsError, SourceError
from correlator.model import iso
from correlator.ports import Page, PullWindow
from correlator.settings import Settings

SLICE: Final = timedelta(days=1)
EDGES_EVERY: Final = timedelta(hours=6)
"""The order of tasks takes a request for each DAG, and changes with a deploy only."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings `airflow.*` that the streams go by."""

    naming: Naming
    dags: tuple[re.Pattern[str], ...]
    tenant_conf: str
    errors: bool
    overlap: timedelta
    first_pull: timedelta

    def takes(self, dag_id: str) -> bool:
        return not self.dags or any(pattern.fullmatch(dag_id) for pattern in self.dags)


class AirflowSource:
    """Implements `ports.Source`. `runs` goes by when task instances changed; see `connectors.windows`."""

    name = "airflow"
    streams: tuple[str, ...] = ("runs", "edges")

    def __init__(self, client: AirflowClient, plan: Plan) -> None:
        self._client = client
        self._plan = plan

    def pages(self, stream: str, position: dict[str, Any] | None, window: PullWindow) -> Iterator[Page]:
        """The stream's pages from `position` on. Raises SourceError; what was yielded before stays true."""
        if stream not in self.streams:
            raise SourceError(f"Airflow has no stream `{stream}`", permanent=True)
        pages = self._runs(position, window) if stream == "runs" else self._edges(position, window)
        return clocked(self._client.clock, pages)

    def _runs(self, position: dict[str, Any] | None, window: PullWindow) -> Iterator[Page]:
        plan = self._plan
        tries = Tries(self._client, plan.naming, plan.tenant_conf, plan.errors)
        slicing = Slicing(SLICE, plan.overlap, plan.first_pull)
        return Instances(self._client, tries, plan.takes).pages(Progress.from_position(position), slicing, window)

    def _edges(self, position: dict[str, Any] | None, window: PullWindow) -> Iterator[Page]:
        read_at = (position or {}).get("read_at")
        if window.since is None and read_at and datetime.fromisoformat(read_at) + EDGES_EVERY > window.until:
            return
        sent = self._client.sent
        found = Edges(self._client, self._plan.naming, self._plan.takes).read()
        yield Page(
            "edges",
            found.edges,
            {"read_at": iso(window.until)},
            set_aside=found.set_aside,
            requests=self._client.sent - sent,
            done=True,
            notices=found.notices,
            lists_all_edges=not found.notices,
        )


def build(settings: Settings, patience: Patience | None = None) -> AirflowSource:
    """The source as configured. Raises SettingsError for a setting or secret that is wrong or missing."""
    return AirflowSource(build_client(settings, patience), plan_from(settings))


def build_client(settings: Settings, patience: Patience | None = None) -> AirflowClient:
    return AirflowClient(url=_address(settings), credentials=_credentials(settings), patience=patience)


def plan_from(settings: Settings) -> Plan:
    return Plan(
        Naming(compiled(settings["airflow.job_patterns"], "airflow.job_patterns")),
        tuple(_expression(text) for text in settings["airflow.dags"]),
        settings["airflow.tenant_conf"],
        settings["airflow.errors"],
        timedelta(seconds=settings["airflow.overlap_seconds"]),
        timedelta(days=settings["airflow.first_pull_days"]),
    )


def _expression(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise SettingsError(f"airflow.dags: {text!r} is no regular expression: {error}") from error


def _credentials(settings: Settings) -> Credentials:
    user, way = settings["airflow.user"], settings["airflow.auth"]
    if way not in ("token", "basic"):
        raise SettingsError(f"airflow.auth: {way!r} is neither token nor basic")
    if user:
        return Credentials(user, settings.secret("AIRFLOW_PASSWORD"), basic=way == "basic")
    return Credentials(token=settings.secret("AIRFLOW_TOKEN"))


def _address(settings: Settings) -> str:
    return base_url(
        settings,
        "airflow.url",
        instead="`airflow.user` and AIRFLOW_PASSWORD",
        example="http://airflow.example.com:8080",
    )
