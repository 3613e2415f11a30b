"""PagerDuty's payloads as facts. Pure: no clock, no network; what cannot be mapped raises with the reason."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from connectors.pagerduty.log_texts import log_text
from connectors.payloads import UnmappableError, dig, identifier, moment, optional_moment, text_of
from correlator.model import Incident
from correlator.ports import IncidentEntry, Service

_DETAIL_PLACES: Final = (
    "channel.details",
    "channel.cef_details.details",
    "channel.body.details",
    "event_details",
    "body.details",
    "body.cef_details.details",
)
"""Where a trigger's log entry or an alert carries what the monitor sent; which one depends on the integration."""


@dataclass(frozen=True, slots=True)
class Ties:
    """How an incident is tied to a job and a tenant: `details` (field -> dotted path), then patterns with groups."""

    details: Mapping[str, str]
    title_patterns: Sequence[re.Pattern[str]] = ()
    service_patterns: Sequence[re.Pattern[str]] = ()

    def find(self, evidence: Iterable[Any], title: str | None, service: str | None) -> dict[str, str]:
        """`{"job": …, "tenant": …}` as far as known, from details first, then the title, then the service's name."""
        found: dict[str, str] = {}
        for details in evidence:
            _fill(found, ((name, text_of(dig(details, path))) for name, path in self.details.items()))
        for patterns, text in ((self.title_patterns, title), (self.service_patterns, service)):
            for pattern in patterns:
                if match := pattern.search(text or ""):
                    _fill(found, match.groupdict().items())
        return found


def _fill(found: dict[str, str], values: Iterable[tuple[str, str | None]]) -> None:
    for name, value in values:
        if value:
            found.setdefault(name, value)


def detail_objects(item: Any) -> Iterator[Mapping[str, Any]]:
    """Every object in a log entry or alert that may hold what the monitor sent, `custom_details` inside it first."""
    for place in _DETAIL_PLACES:
        details = dig(item, place)
        if isinstance(details, Mapping):
            custom = details.get("custom_details")
            if isinstance(custom, Mapping):
                yield custom
            yield details


def incident_from(payload: Any, ties: Ties, alerts: Iterable[Any] = ()) -> Incident:
    """An incident of the REST API, tied by its first trigger and its alerts. Raises UnmappableError."""
    incident_id = _id(payload)
    title = text_of(payload.get("title")) or text_of(payload.get("summary"))
    service = text_of(dig(payload, "service.summary")) or text_of(dig(payload, "service.name"))
    sent = [payload.get("first_trigger_log_entry"), payload, *alerts]
    tied = ties.find((details for item in sent for details in detail_objects(item)), title, service)
    created_at = moment(payload.get("created_at"), "created_at")
    resolved_at = _resolved_at(payload)
    if resolved_at is not None and resolved_at < created_at:
        raise UnmappableError("resolved_at before created_at")
    return Incident(
        incident_id=incident_id,
        created_at=created_at,
        resolved_at=resolved_at,
        title=title,
        service=service,
        urgency=text_of(payload.get("urgency")),
        job=tied.get("job"),
        tenant=tied.get("tenant", ""),
        url=text_of(payload.get("html_url")),
        status=text_of(payload.get("status")),
        priority=text_of(dig(payload, "priority.summary")) or text_of(dig(payload, "priority.name")),
        number=_number(payload),
    )


def _number(payload: Mapping[str, Any]) -> str | None:
    """The REST API calls it `incident_number`, webhooks `number`."""
    number = payload.get("incident_number", payload.get("number"))
    return str(number) if isinstance(number, int) else None


def _resolved_at(payload: Mapping[str, Any]) -> Any:
    """An incident that was opened again may still carry the time it was resolved first."""
    if payload.get("status") != "resolved":
        return None
    return optional_moment(payload.get("resolved_at") or payload.get("last_status_change_at"), "resolved_at")


def _id(payload: Any) -> str:
    return identifier(payload.get("id") if isinstance(payload, Mapping) else None, "id")


def log_entry_from(payload: Any) -> IncidentEntry:
    """A line of an incident's log, in words whatever its type. Raises UnmappableError."""
    return _entry(payload, "log_entry", text_of(dig(payload, "incident.id")), log_text(payload))


def alert_from(payload: Any, incident_id: str) -> IncidentEntry:
    """An alert of this incident. Raises UnmappableError."""
    text = text_of(dig(payload, "summary")) or text_of(dig(payload, "type")) or ""
    return _entry(payload, "alert", incident_id, text)


def _entry(payload: Any, kind: str, incident_id: str | None, text: str) -> IncidentEntry:
    entry_id = _id(payload)
    if incident_id is None:
        raise UnmappableError("it belongs to no incident")
    return IncidentEntry(entry_id, incident_id, kind, moment(payload.get("created_at"), "created_at"), text)


def service_from(payload: Any, relationships: Iterable[Any] = (), kind: str = "technical") -> Service:
    """A service with the ids of what it depends on: the relationships in which it is the dependent one."""
    service_id = _id(payload)
    needs = {
        supporting
        for edge in relationships
        if text_of(dig(edge, "dependent_service.id")) == service_id
        and (supporting := text_of(dig(edge, "supporting_service.id"))) is not None
    }
    name = text_of(payload.get("name")) or text_of(payload.get("summary")) or service_id
    return Service(service_id, name, tuple(sorted(needs)), text_of(payload.get("html_url")), kind)
