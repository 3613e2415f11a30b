"""What an account of PagerDuty holds beside incidents and services, and what its plan leaves out."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from connectors.standin.incidents import API, SITE, object_id, reference, stamp
from correlator.model import Change, Incident

PRIORITIES: Final = ("P1", "P2", "P3", "P4", "P5")
BUSINESS: Final = "Everything customers see"
NEAR: Final = timedelta(hours=1)
MOST_RELATED: Final = 20


@dataclass
class Account:
    """Fields may be set while it is served. `missing` are the operations the plan lacks, by the last part of their path
    (`past_incidents`): they are answered with 403. `fields` are the names of the custom fields of incidents."""

    changes: list[Change] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)
    fields: tuple[str, ...] = ("evidence_link",)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    status_updates: list[tuple[str, str]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def lacks(self, path: str) -> bool:
        """Whether the plan leaves out the operation at this path."""
        return any(name in self.missing for name in path.split("/"))

    def field_values(self, incident_id: str) -> list[dict[str, Any]]:
        """The custom fields of an incident, all of them, with a null where nothing stands."""
        with self._lock:
            set_here = dict(self.values.get(incident_id, {}))
        return [_field_value(name, set_here.get(name)) for name in self.fields]

    def set_fields(self, incident_id: str, given: Iterable[Mapping[str, Any]]) -> bool:
        """Set fields by name; False, and nothing set, when one of them is not there or its value too long."""
        named = {str(item.get("name")): item.get("value") for item in given}
        right = all(isinstance(value, str) and len(value) <= 200 for value in named.values())
        if not right or not set(named) <= set(self.fields):
            return False
        with self._lock:
            self.values.setdefault(incident_id, {}).update({name: str(value) for name, value in named.items()})
        return True

    def publish(self, incident_id: str, message: str, author: str, now: datetime) -> dict[str, Any]:
        """One more status update, each time: this operation is not idempotent."""
        with self._lock:
            self.status_updates.append((incident_id, message))
            number = len(self.status_updates)
        return {
            "id": object_id("status update", f"{incident_id} {number}"),
            "message": message,
            "sender": reference("user", object_id("user", author), author, "users"),
            "created_at": stamp(now),
        }


def _field_value(name: str, value: str | None) -> dict[str, Any]:
    return {
        "id": object_id("field", name),
        "type": "field_value",
        "name": name,
        "description": "Set by a program",
        "display_name": name.replace("_", " ").capitalize(),
        "data_type": "string",
        "field_type": "single_value",
        "value": value,
    }


def priority_document(name: str) -> dict[str, Any]:
    key = object_id("priority", name)
    return {
        "id": key,
        "type": "priority",
        "summary": name,
        "self": f"{API}/priorities/{key}",
        "name": name,
        "description": f"Priority {name}",
    }


def user_document(address: str) -> dict[str, Any]:
    user = reference("user", object_id("user", address), address, "users")
    return {**user, "type": "user", "name": address, "email": address}


def business_document(name: str) -> dict[str, Any]:
    key = object_id("business service", name)
    return {
        "id": key,
        "type": "business_service",
        "summary": name,
        "self": f"{API}/business_services/{key}",
        "html_url": f"{SITE}/business-services/{key}",
        "name": name,
        "description": "What the last services of all chains are for",
        "point_of_contact": "On call",
        "team": None,
    }


def change_document(change: Change) -> dict[str, Any]:
    """A change event; its service stands there by id alone."""
    pairs = (("job", change.job), ("tenant", change.tenant))
    service = {"id": object_id("service", change.service or ""), "type": "service_reference"}
    return {
        "id": change.change_id,
        "type": "change_event",
        "summary": change.title,
        "timestamp": stamp(change.at),
        "source": "deploy",
        "integration": {"id": "PINTEGR", "type": "inbound_integration_reference"},
        "services": [service] if change.service else [],
        "custom_details": {key: value for key, value in pairs if value},
        "links": [],
    }


def related_document(other: Incident) -> dict[str, Any]:
    metadata = {"grouping_classification": "similar_contents"}
    return {
        "incident": _short(other),
        "relationships": [{"type": "machine_learning_inferred", "metadata": metadata}],
    }


def past_document(other: Incident, score: float) -> dict[str, Any]:
    return {"incident": _short(other), "score": score}


def related(incident: Incident, others: Iterable[Incident]) -> list[Incident]:
    """Incidents on other services that were opened within the hour, the newest first."""
    near = [
        other
        for other in others
        if other.service != incident.service and abs(other.created_at - incident.created_at) <= NEAR
    ]
    return sorted(near, key=lambda other: (other.created_at, other.incident_id), reverse=True)[:MOST_RELATED]


def past(incident: Incident, others: Iterable[Incident]) -> list[tuple[Incident, float]]:
    """Earlier incidents on the same service, those with the same title first."""
    earlier = [
        other for other in others if other.service == incident.service and other.created_at < incident.created_at
    ]
    scored = [(other, 46.8 if other.title == incident.title else 0.0) for other in earlier]
    return sorted(scored, key=lambda pair: (pair[1], pair[0].created_at, pair[0].incident_id), reverse=True)


def _short(incident: Incident) -> dict[str, Any]:
    return {
        "id": incident.incident_id,
        "created_at": stamp(incident.created_at),
        "self": f"{API}/incidents/{incident.incident_id}",
        "title": incident.title or incident.incident_id,
    }
