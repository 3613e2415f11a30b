"""What PagerDuty lays beside an incident: what goes on elsewhere, and what looked alike before. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors.payloads import dig, identifier, optional_moment, text_of
from correlator.ports import IncidentRelation

_CLASSES: Final = {
    "similar_contents": "its contents are similar",
    "prior_feedback": "people said so of such incidents before",
}


def related_from(payload: Any, incident_id: str) -> IncidentRelation:
    """One of `related_incidents`, with why it is one. Raises UnmappableError."""
    relationships = dig(payload, "relationships")
    reasons = [_reason(item) for item in relationships] if isinstance(relationships, list) else []
    return _relation(payload, incident_id, "related", "; ".join(reason for reason in reasons if reason), None)


def past_from(payload: Any, incident_id: str) -> IncidentRelation:
    """One of `past_incidents`, with its score. Raises UnmappableError."""
    score = dig(payload, "score")
    known = float(score) if isinstance(score, int | float) and not isinstance(score, bool) else None
    return _relation(payload, incident_id, "past", "alike, on the same service", known)


def _relation(payload: Any, incident_id: str, kind: str, reason: str, score: float | None) -> IncidentRelation:
    other = dig(payload, "incident")
    return IncidentRelation(
        incident_id,
        kind,
        identifier(dig(other, "id"), "incident.id"),
        optional_moment(dig(other, "created_at"), "incident.created_at"),
        text_of(dig(other, "title")) or text_of(dig(other, "summary")),
        reason,
        score,
    )


def _reason(relationship: Any) -> str:
    """Why, in words: PagerDuty learned it, or one of the services needs the other."""
    kind = text_of(dig(relationship, "type")) or ""
    metadata = dig(relationship, "metadata")
    if kind == "service_dependency":
        ends = [_service(metadata, name) for name in ("dependent_services", "supporting_services")]
        return f"{ends[0]} needs {ends[1]}"
    found = text_of(dig(metadata, "grouping_classification")) or ""
    return _CLASSES.get(found, found.replace("_", " ")) or kind.replace("_", " ")


def _service(metadata: Any, name: str) -> str:
    """The service at one end: the document shows one object, its schema a list of them."""
    found = dig(metadata, name)
    one = found[0] if isinstance(found, list) and found else found
    known = text_of(dig(one, "summary")) or text_of(dig(one, "id")) if isinstance(one, Mapping) else None
    return f"service {known}" if known else "a service"
