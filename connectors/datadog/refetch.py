"""Asks Datadog once more for an item that a bundle quotes. The bundle may be a stranger's: what it says was asked is
read strictly, and only searches are sent, around the time of the item."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from connectors.datadog.client import DatadogClient
from connectors.datadog.source import PATHS, TIME_PATHS, build_client
from connectors.payloads import UnmappableError, dig, millis, moment
from connectors.retries import Patience
from correlator.errors import InputError
from correlator.model import iso
from correlator.settings import Settings

_AROUND: Final = timedelta(minutes=5)
_LONGEST_QUERY: Final = 4000
_DEPLOYMENT: Final = re.compile(r"GET /api/v2/dora/deployments/[\w.:-]{1,200}")
_MOST: Final = 1000


@dataclass(frozen=True, slots=True)
class DatadogAsker:
    """Implements `ports.Asker`."""

    client: DatadogClient

    def refetch(self, request: str, body: Any) -> Any:
        """The item with the id of the quoted one; None when a search around its time does not find it.

        Raises InputError for a request that this source never makes, SourceError when Datadog cannot be asked.
        """
        if _DEPLOYMENT.fullmatch(request):
            return self._found(self.client.deployments(_deployments(body)), body)
        kind, query = _search(request)
        at = _time(body, TIME_PATHS[kind])
        asked = {
            "filter": {"query": query, "from": str(millis(at - _AROUND)), "to": str(millis(at + _AROUND))},
            "options": {"timezone": "UTC"},
            "page": {"limit": _MOST},
            "sort": "timestamp",
        }
        return self._found(self._asks[kind](asked), body)

    @property
    def _asks(self) -> dict[str, Callable[[dict[str, Any]], dict[str, Any]]]:
        client = self.client
        return {
            "spans": client.search_spans,
            "logs": client.search_logs,
            "ci_pipelines": client.search_pipelines,
            "events": client.search_events,
        }

    def _found(self, document: dict[str, Any], body: Any) -> Any:
        items = document.get("data")
        wanted = dig(body, "id")
        return next((item for item in items if dig(item, "id") == wanted), None) if isinstance(items, list) else None


def _search(request: str) -> tuple[str, str]:
    """The kind of search, and its query."""
    for kind, path in PATHS.items():
        if request.startswith(start := f"POST {path} "):
            try:
                query = json.loads(request[len(start) :])["filter"]["query"]
            except (ValueError, KeyError, TypeError, RecursionError):
                break
            if isinstance(query, str) and len(query) <= _LONGEST_QUERY:
                return kind, query
    raise InputError("Datadog is never asked like this, so it is not asked again")


def _deployments(body: Any) -> dict[str, Any]:
    at = _time(body, "attributes.started_at")
    return {"from": iso(at - _AROUND), "to": iso(at + _AROUND), "limit": _MOST, "sort": "started_at"}


def _time(body: Any, path: str) -> Any:
    try:
        return moment(dig(body, path), path)
    except UnmappableError as error:
        raise InputError(f"the quoted item has no time to look around: {error}") from error


def build(settings: Settings, patience: Patience | None = None) -> DatadogAsker:
    """As configured. Raises SettingsError for a missing key or an unknown site."""
    return DatadogAsker(build_client(settings, patience))
