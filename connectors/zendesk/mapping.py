"""A note as an internal comment; how tickets name findings and incidents. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.payloads import text_of
from correlator.ports import Note


def revision_line(note: Note) -> str:
    """The last line of a comment, by which this revision of the note is found again.

    >>> revision_line(Note("4711", "[incident-correlator", "…", revision="ended-0123456789abcdef"))
    '[incident-correlator 4711 ended-0123456789]'
    """
    return f"{note.marker} {note.target} {note.revision[:16]}]"


def comment(note: Note) -> dict[str, Any]:
    """The body of a ticket's update: one comment that only agents see."""
    lines = [line for line in note.text.splitlines() if not line.startswith(note.marker)]
    return {"ticket": {"comment": {"body": "\n".join([*lines, revision_line(note)]), "public": False}}}


def carries(item: Any, note: Note) -> bool:
    """Whether a comment is this revision of the note."""
    return revision_line(note) in _lines(item)


def carries_any(item: Any, note: Note) -> bool:
    """Whether a comment is any revision of the note on this ticket."""
    return any(line.startswith(f"{note.marker} {note.target} ") for line in _lines(item))


def _lines(item: Any) -> list[str]:
    body = item.get("body") if isinstance(item, dict) else None
    return [line.strip() for line in body.splitlines()] if isinstance(body, str) else []


def names_of(templates: Sequence[str], subjects: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """What tickets may carry, lower case as tags are, and the finding it stands for; the first one wins.

    >>> names_of(["{finding_id}", "incident-{incident_id}"], {"F-1": ["PT4"]})
    {'f-1': 'F-1', 'incident-pt4': 'F-1'}
    """
    found: dict[str, str] = {}
    for template in templates:
        for finding_id, incident_ids in subjects.items():
            for name in _filled(template, finding_id, incident_ids):
                found.setdefault(name.lower(), finding_id)
    return found


def finding_named(ticket: Mapping[str, Any], tags: Mapping[str, str], external_ids: Mapping[str, str]) -> str | None:
    """The finding a ticket stands for, by its external id or else by its tags."""
    external = (text_of(ticket.get("external_id")) or "").lower()
    if external in external_ids:
        return external_ids[external]
    carried = {str(tag).lower() for tag in ticket.get("tags") or []}
    return next((finding_id for name, finding_id in tags.items() if name in carried), None)


def _filled(template: str, finding_id: str, incident_ids: Sequence[str]) -> Iterator[str]:
    if "{incident_id}" not in template:
        yield template.replace("{finding_id}", finding_id)
        return
    for incident_id in incident_ids:
        yield template.replace("{finding_id}", finding_id).replace("{incident_id}", incident_id)
