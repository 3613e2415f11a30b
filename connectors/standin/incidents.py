"""Incidents, their alerts and log entries, and services, in PagerDuty's shapes; pure."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any, Final

from correlator.model import Attempt, Dependency, Incident

API: Final = "https://api.pagerduty.com"
SITE: Final = "https://pagerduty.example.com"
POLICY: Final = {"id": "PPOLICY", "type": "escalation_policy_reference", "summary": "On call"}


def object_id(kind: str, name: str) -> str:
    """A stable id in the form PagerDuty's ids have."""
    return "P" + hashlib.sha256(f"{kind} {name}".encode()).hexdigest()[:13].upper()


def stamp(moment: datetime) -> str:
    """ISO 8601; PagerDuty gives whole seconds, a fraction is shown only where the history has one."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def reference(kind: str, key: str, summary: str, path: str) -> dict[str, Any]:
    return {
        "id": key,
        "type": f"{kind}_reference",
        "summary": summary,
        "self": f"{API}/{path}/{key}",
        "html_url": f"{SITE}/{path}/{key}",
    }


def service_reference(name: str) -> dict[str, Any]:
    return reference("service", object_id("service", name), name, "services")


def incident_reference(incident: Incident) -> dict[str, Any]:
    return reference("incident", incident.incident_id, incident.title or incident.incident_id, "incidents")


def incident_document(incident: Incident, number: int, with_details: bool) -> dict[str, Any]:
    """One incident; `with_details` fills in its first trigger log entry, as `include[]` asks."""
    resolved = incident.resolved_at
    changed = resolved or incident.created_at
    entry = trigger_entry(incident, with_channel=True)
    title = incident.title or incident.incident_id
    return {
        **incident_reference(incident),
        "type": "incident",
        "summary": f"[#{number}] {title}",
        "incident_number": number,
        "title": title,
        "created_at": stamp(incident.created_at),
        "updated_at": stamp(changed),
        "status": "resolved" if resolved else "triggered",
        "incident_key": hashlib.sha256(incident.incident_id.encode()).hexdigest()[:32],
        "service": service_reference(incident.service or "unnamed"),
        "assignments": [],
        "assigned_via": "escalation_policy",
        "last_status_change_at": stamp(changed),
        "resolved_at": stamp(resolved) if resolved else None,
        "first_trigger_log_entry": entry if with_details else _entry_reference(entry),
        "alert_counts": {"all": 1, "triggered": 0 if resolved else 1, "resolved": 1 if resolved else 0},
        "is_mergeable": True,
        "escalation_policy": POLICY,
        "teams": [],
        "pending_actions": [],
        "acknowledgements": [],
        "urgency": incident.urgency if incident.urgency in ("high", "low") else "high",
        "priority": _priority(incident.priority),
    }


def _priority(name: str | None) -> dict[str, Any] | None:
    if name is None:
        return None
    key = object_id("priority", name)
    return {"id": key, "type": "priority_reference", "summary": name, "self": f"{API}/priorities/{key}"}


def _entry_reference(entry: dict[str, Any]) -> dict[str, Any]:
    kept = {key: entry[key] for key in ("id", "summary", "self", "html_url")}
    return {**kept, "type": f"{entry['type']}_reference"}


def details(incident: Incident) -> dict[str, str]:
    """What the monitor sent along: the fields by which an incident finds its job."""
    pairs = (("job", incident.job), ("tenant", incident.tenant), ("service", incident.service))
    return {key: value for key, value in pairs if value}


def alert_document(incident: Incident) -> dict[str, Any]:
    key = object_id("alert", incident.incident_id)
    return {
        **reference("alert", key, incident.title or incident.incident_id, f"incidents/{incident.incident_id}/alerts"),
        "type": "alert",
        "created_at": stamp(incident.created_at),
        "status": "resolved" if incident.resolved_at else "triggered",
        "alert_key": hashlib.sha256(key.encode()).hexdigest()[:32],
        "service": service_reference(incident.service or "unnamed"),
        "body": {"type": "alert_body", "contexts": [], "details": details(incident)},
        "incident": incident_reference(incident),
        "suppressed": False,
        "severity": "critical" if incident.urgency == "high" else "warning",
    }


def trigger_entry(incident: Incident, with_channel: bool) -> dict[str, Any]:
    """The log entry of the beginning; its channel holds what the monitor sent, when it is asked for."""
    channel: dict[str, Any] = {"type": "api"}
    if with_channel:
        channel |= {"summary": incident.title or "", "description": incident.title or "", "details": details(incident)}
    agent = service_reference(incident.service or "unnamed")
    entry = _entry(incident, "trigger", incident.created_at, "Triggered through the API", agent)
    return {**entry, "channel": channel, "event_details": {"description": incident.title or ""}}


def log_entries(incident: Incident, with_channel: bool) -> list[dict[str, Any]]:
    """The log of one incident, newest first."""
    entries = [trigger_entry(incident, with_channel)]
    if incident.resolved_at:
        agent = service_reference(incident.service or "unnamed")
        entry = _entry(incident, "resolve", incident.resolved_at, "Resolved through the API", agent)
        entries.insert(0, {**entry, "channel": {"type": "api"}})
    return entries


def _entry(incident: Incident, kind: str, at: datetime, summary: str, agent: dict[str, Any]) -> dict[str, Any]:
    key = object_id(kind, incident.incident_id)
    return {
        **reference("log_entry", key, summary, "log_entries"),
        "type": f"{kind}_log_entry",
        "created_at": stamp(at),
        "agent": agent,
        "incident": incident_reference(incident),
        "service": service_reference(incident.service or "unnamed"),
        "teams": [],
        "contexts": [],
    }


def service_document(name: str, created: datetime) -> dict[str, Any]:
    return {
        **service_reference(name),
        "type": "service",
        "name": name,
        "auto_resolve_timeout": 14400,
        "acknowledgement_timeout": 1800,
        "created_at": stamp(created),
        "status": "active",
        "alert_creation": "create_alerts_and_incidents",
        "integrations": [],
        "escalation_policy": POLICY,
        "teams": [],
        "incident_urgency_rule": {"type": "constant", "urgency": "high"},
        "scheduled_actions": [],
    }


def service_edges(attempts: list[Attempt], dependencies: tuple[Dependency, ...]) -> set[tuple[str, str]]:
    """(supporting, dependent) service names, from the jobs' dependencies and the services the jobs belong to."""
    service = {attempt.job: attempt.service for attempt in attempts if attempt.service}
    edges = {(service.get(edge.upstream), service.get(edge.downstream)) for edge in dependencies}
    return {(up, down) for up, down in edges if up and down and up != down}


def relationship(upstream: str, downstream: str, *, business: bool = False) -> dict[str, Any]:
    """`downstream` needs `upstream`; with `business` the downstream is a business service."""
    kind, place = ("business_service", "business service") if business else ("technical_service", "service")
    return {
        "id": object_id("dependency", f"{upstream} {downstream}"),
        "type": "service_dependency",
        "supporting_service": {"id": object_id("service", upstream), "type": "technical_service_reference"},
        "dependent_service": {"id": object_id(place, downstream), "type": f"{kind}_reference"},
    }
