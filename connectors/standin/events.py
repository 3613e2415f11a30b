"""Changes, and what monitors saw, as events: `POST /api/v2/events/search`; and events that were posted."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from connectors.standin.facts import Facts, millis
from connectors.standin.paging import Search
from connectors.standin.query import Lookup
from connectors.standin.searching import Key, inside, search_page, tagged
from correlator.model import Change, Incident


def search_events(
    facts: Facts, posted: list[dict[str, Any]], search: Search
) -> tuple[list[dict[str, Any]], Key | None]:
    """One page of events, and the key of its last one: deploys, monitors' events, and those that were posted."""
    rows = [
        *((at, key, event_of(change)) for at, key, change in facts.changes_between(search.start, search.end)),
        *((at, event["id"], event) for at, event in _monitors(facts) if search.start <= at < search.end),
        *((at, event["id"], event) for at, event in map(_timed, posted) if search.start <= at < search.end),
    ]
    return search_page(rows, search, _lookup, lambda event: event)


def _timed(event: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    return int(event["attributes"]["attributes"]["timestamp"]), event


def _monitors(facts: Facts) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each incident was opened by a monitor on its job: it goes to Alert, and back when the incident is over."""
    for incident in facts.incidents_between(0, 2**62):
        yield millis(incident.created_at), _monitor_event(incident, incident.created_at, ("OK", "Alert", "Triggered"))
        if incident.resolved_at is not None:
            after = incident.resolved_at
            yield millis(after), _monitor_event(incident, after, ("Alert", "OK", "Recovered"))


def _monitor_event(incident: Incident, at: datetime, states: tuple[str, str, str]) -> dict[str, Any]:
    before, state, word = states
    number = int.from_bytes(hashlib.sha256(f"monitor {incident.job}".encode()).digest()[:4], "big")
    groups = [f"{key}:{value}" for key, value in (("job", incident.job), ("tenant", incident.tenant)) if value]
    name = f"Failures of {incident.job or incident.service or 'the platform'}"
    transition = {"source_state": before, "destination_state": state, "trans_name": word}
    inner: dict[str, Any] = {
        "aggregation_key": f"monitor-{number}",
        "monitor": {"id": number, "name": name, "type": "event-v2 alert", "transition": transition},
        "monitor_groups": groups,
        "monitor_id": number,
        "status": "error" if state == "Alert" else "success",
        "timestamp": millis(at),
        "title": f"[{word} on {{{','.join(groups)}}}] {name}",
    }
    event_id = hashlib.sha256(f"{incident.incident_id} {state}".encode()).hexdigest()[:32]
    attributes = {"attributes": inner, "message": name, "tags": ["source:alert", *groups], "timestamp": _outer(at)}
    return {"id": event_id, "type": "event", "attributes": attributes}


def posted_event(attributes: dict[str, Any], now: datetime) -> dict[str, Any]:
    """What the search gives of an event that was posted."""
    event_id = hashlib.sha256(f"{millis(now)} {attributes}".encode()).hexdigest()[:32]
    inner = {
        "aggregation_key": attributes.get("aggregation_key", ""),
        "custom": attributes["attributes"].get("custom", {}),
        "evt": {"id": str(int(event_id[:12], 16)), "uid": event_id},
        "status": attributes["attributes"].get("status", "info"),
        "timestamp": millis(now),
        "title": attributes["title"],
    }
    tags = [*attributes.get("tags", []), "source:custom_events"]
    outer = {"attributes": inner, "message": attributes.get("message", ""), "tags": tags, "timestamp": _outer(now)}
    return {"id": event_id, "type": "event", "attributes": outer}


def _outer(at: datetime) -> str:
    """The outer timestamp: whole seconds."""
    return at.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def event_of(change: Change) -> dict[str, Any]:
    """A deploy as one item of the answer: the outer timestamp in whole seconds, the inner one in ms."""
    number = int.from_bytes(hashlib.sha256(change.change_id.encode()).digest()[:7], "big")
    inner: dict[str, Any] = {
        "aggregation_key": change.change_id,
        "evt": {"id": str(number), "name": change.title, "source_id": 36},
        "priority": "normal",
        "status": "info",
        "tags": _tags(change),
        "timestamp": millis(change.at),
        "title": change.title,
    }
    if change.service:
        inner["service"] = change.service
    attributes = {"attributes": inner, "message": change.title, "tags": _tags(change), "timestamp": _outer(change.at)}
    return {"id": change.change_id, "type": "event", "attributes": attributes}


def _tags(change: Change) -> list[str]:
    pairs = (
        ("source", "deploy"),
        ("change_id", change.change_id),
        ("job", change.job),
        ("tenant", change.tenant),
        ("service", change.service),
    )
    return [f"{key}:{value}" for key, value in pairs if value]


def _lookup(event: dict[str, Any]) -> Lookup:
    attributes = event["attributes"]

    def values(key: str) -> list[str]:
        if key in ("", "title"):
            return [attributes["attributes"]["title"]]
        return inside(attributes["attributes"], key[1:]) if key.startswith("@") else tagged(attributes["tags"], key)

    return values
