"""Datadog's incidents as incidents; a note as the link on one, or as an event with tags. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors.payloads import dig, identifier, moment, optional_moment, text_of
from correlator.model import Incident, Verdict
from correlator.ports import About, Event, Note
from correlator.text.quantities import whole_words

OURS: Final = "incident_correlator:finding"
"""The tag of every event that is posted: pulls leave these out."""
_TITLE: Final = 200
_MESSAGE: Final = 4000
_TAG: Final = 200
_STATUS: Final[Mapping[Event, str]] = {Event.RAISED: "error", Event.CHANGED: "error", Event.ENDED: "ok"}
_NOT_IN_TAGS: Final = re.compile(r"[^a-z0-9_\-:./]+")


def incident_from(item: Any, names: Mapping[str, str], patterns: Sequence[re.Pattern[str]]) -> Incident:
    """An incident of the search. Job and tenant come from fields of these names (the setting `datadog.tags`), else from
    the title by `patterns`; the service from the field `services`. Raises UnmappableError.
    """
    attributes = dig(item, "data.attributes")
    title = text_of(dig(attributes, "title"))
    found = {
        name: _field(attributes, names[name]) or _in_title(title or "", name, patterns) for name in ("job", "tenant")
    }
    return Incident(
        incident_id=identifier(dig(item, "data.id"), "id"),
        created_at=moment(dig(attributes, "created"), "created"),
        resolved_at=optional_moment(dig(attributes, "resolved"), "resolved"),
        title=title,
        service=_field(attributes, "services"),
        job=found["job"],
        tenant=found["tenant"] or "",
        status=_field(attributes, "state"),
    )


def without_ours(query: str) -> str:
    """A search for events that leaves out those that this program posted: they are no changes, and no monitor's.

    >>> without_ours("source:deploy OR source:flag")
    '(source:deploy OR source:flag) -incident_correlator:finding'
    """
    return f"({query}) -{OURS}"


def link_title(note: Note) -> str:
    """What the link is called: the first line of the note."""
    return whole_words(note.text.partition("\n")[0], _TITLE)


def event_attributes(note: Note, about: About) -> dict[str, Any]:
    """What is posted as an event: all events of a finding have one aggregation key, each revision a tag of its own."""
    links = [{"category": "resource", "title": "Evidence", "url": note.link}] if note.link else []
    return {
        "title": whole_words(note.text.partition("\n")[0], _TITLE),
        "message": note.text[:_MESSAGE],
        "category": "alert",
        "integration_id": "custom-events",
        "aggregation_key": f"incident-correlator-{about.finding_id.lower()}",
        "tags": event_tags(note, about),
        "attributes": {"status": _STATUS[about.event], "priority": "3", "custom": _custom(about)}
        | ({"links": links} if links else {}),
    }


def event_tags(note: Note, about: About) -> list[str]:
    """The finding's tags, as Datadog keeps tags: lower case, few signs."""
    finding = about.finding
    pairs = {
        "finding": about.finding_id,
        "finding_event": about.event.value,
        "finding_revision": revision_of(note),
        "verdict": finding.verdict.value,
        "cause": finding.cause.value if finding.verdict is Verdict.SYSTEMIC else "",
        "job": finding.job,
        "tenant": finding.tenant,
        "root_job": finding.root_job or "",
    }
    return [OURS, *(f"{key}:{_tag_value(value)}"[:_TAG] for key, value in pairs.items() if value)]


def revision_of(note: Note) -> str:
    """Enough of the revision to tell it from others."""
    return note.revision[:24]


def _custom(about: About) -> dict[str, Any]:
    finding = about.finding
    figures = {
        "path": " > ".join(finding.path),
        "confidence": finding.confidence,
        "observed": finding.observed,
        "expected_by_chance": finding.expected_by_chance,
    }
    return {"finding": about.finding_id} | {key: value for key, value in figures.items() if value not in (None, "")}


def _field(attributes: Any, name: str) -> str | None:
    """A field of an incident, which holds one value or a list of them; the first."""
    value = dig(attributes, f"fields.{name}.value")
    return text_of(value[0] if isinstance(value, list) and value else value)


def _in_title(title: str, name: str, patterns: Sequence[re.Pattern[str]]) -> str | None:
    for pattern in patterns:
        if (found := pattern.search(title)) and found.groupdict().get(name):
            return found[name]
    return None


def _tag_value(value: str) -> str:
    return _NOT_IN_TAGS.sub("_", value.lower())
