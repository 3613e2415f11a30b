"""What is written to Datadog, and what is looked up for it: incidents, their links, and events that are posted.

Incidents are in the package as unstable operations: those used here are switched on, and it is kept from warning of
each call. A write is repeated after a rate limit alone; any other failure leaves open whether it was done.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Final

from connectors.datadog.client import DatadogClient, OverLimitError
from connectors.retries import LostAnswerError, TryLaterError

UNSTABLE: Final = (
    "search_incidents",
    "list_incident_attachments",
    "create_incident_attachment",
    "delete_incident_attachment",
)


class DatadogWriter(DatadogClient):
    """One organisation that is written to."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        for operation in UNSTABLE:
            self._api.configuration.unstable_operations[operation] = True

    def search_incidents(self, query: str, size: int, offset: int) -> dict[str, Any]:
        """`GET /api/v2/incidents/search`, newest first. Raises SourceError."""
        api = self._incidents()
        return self._call(
            "incidents search",
            _quiet(lambda: api.search_incidents(query, sort="-created", page_size=size, page_offset=offset)),
        )

    def links(self, incident_id: str) -> dict[str, Any]:
        """`GET /api/v2/incidents/{id}/attachments`, links alone. Raises SourceError."""
        api = self._incidents()
        return self._call(
            "incident attachments",
            _quiet(lambda: api.list_incident_attachments(incident_id, filter_attachment_type="link")),
        )

    def add_link(self, incident_id: str, title: str, url: str) -> dict[str, Any]:
        """`POST /api/v2/incidents/{id}/attachments`. Raises LostAnswerError, SourceError."""
        attributes = {"attachment_type": "link", "attachment": {"documentUrl": url, "title": title}}
        body = {"data": {"type": "incident_attachments", "attributes": attributes}}
        api = self._incidents()
        return self._write("incident attachment", lambda: api.create_incident_attachment(incident_id, body))

    def remove_link(self, incident_id: str, attachment_id: str) -> None:
        """`DELETE /api/v2/incidents/{id}/attachments/{id}`. Raises LostAnswerError, SourceError."""
        api = self._incidents()
        self._write("incident attachment", lambda: api.delete_incident_attachment(incident_id, attachment_id))

    def post_event(self, attributes: dict[str, Any]) -> dict[str, Any]:
        """`POST /api/v2/events`. Raises LostAnswerError, SourceError."""
        body = {"data": {"type": "event", "attributes": attributes}}
        api = self._part("events_api", "EventsApi")
        return self._write("event", lambda: api.create_event(body=body))

    def _incidents(self) -> Any:
        return self._part("incidents_api", "IncidentsApi")

    def _write(self, what: str, request: Callable[[], Any]) -> dict[str, Any]:
        return self._patience.call(lambda: self._written(f"Datadog {what} at {self._where}", request), limit=what)

    def _written(self, what: str, request: Callable[[], Any]) -> dict[str, Any]:
        try:
            return self._once(what, _quiet(request))
        except OverLimitError:
            raise
        except TryLaterError as error:
            raise LostAnswerError(error.message, hint=error.hint) from None

    def _document(self, what: str, data: bytes, kind: str) -> dict[str, Any]:
        """As for reading; what is deleted is answered with nothing."""
        return super()._document(what, data, kind) if data else {}


def _quiet(request: Callable[[], Any]) -> Callable[[], Any]:
    def asked() -> Any:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Using unstable operation")
            return request()

    return asked
