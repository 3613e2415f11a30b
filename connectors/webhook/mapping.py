"""A note as the JSON document of a delivery, and the id it is known by. Pure."""

from __future__ import annotations

import hashlib
from typing import Any

from correlator.model import Incident, iso
from correlator.ports import About, Note


def message_id(note: Note) -> str:
    """The same for each try of the same news, and for nothing else: receivers drop repeats by it."""
    return f"msg_{hashlib.sha256(f'{note.target}|{note.revision}'.encode()).hexdigest()[:32]}"


def message(note: Note) -> dict[str, Any]:
    """The document: `type`, `timestamp`, `data`, as Standard Webhooks advises."""
    about = note.about
    if about is None:
        return {"type": "finding.ended", "timestamp": None, "data": {"finding_id": note.target, "text": note.text}}
    return {"type": f"finding.{about.event}", "timestamp": iso(about.at), "data": _data(about, note)}


def _data(about: About, note: Note) -> dict[str, Any]:
    finding = about.finding
    return {
        "finding_id": about.finding_id,
        "tenant": finding.tenant,
        "job": finding.job,
        "verdict": finding.verdict.value,
        "cause": finding.cause.value,
        "root_job": finding.root_job,
        "path": list(finding.path),
        "confidence": finding.confidence,
        "observed": finding.observed,
        "expected_by_chance": finding.expected_by_chance,
        "onset": iso(finding.onset) if finding.onset else None,
        "incidents": [_incident(one) for one in about.incidents],
        "text": note.text,
        "link": note.link or None,
    }


def _incident(incident: Incident) -> dict[str, Any]:
    return {"incident_id": incident.incident_id, "title": incident.title, "url": incident.url}
