"""PagerDuty as a sink: one note an incident, found again by its marker and updated in place.

Writing a note is not idempotent at PagerDuty, and an answer can be lost after the note was stored. So the notes are
read before anything is written, and read again when an answer did not come.
"""

from __future__ import annotations

from typing import Any

from connectors.pagerduty.client import LostAnswerError, NotFoundError, PagerDutyClient
from connectors.pagerduty.lists import items_of
from connectors.pagerduty.source import build_client
from connectors.payloads import dig, text_of
from connectors.retries import Patience, TryLaterError
from correlator.errors import SettingsError, SourceError
from correlator.ports import Attached, Note
from correlator.settings import Settings


class PagerDutySink:
    """Implements `ports.Sink`."""

    name = "pagerduty"

    def __init__(self, client: PagerDutyClient) -> None:
        self._client = client

    def attach(self, note: Note) -> Attached:
        """Write the note, or update the one that carries its marker. Raises SourceError.

        A line of the text must begin with the marker: without it the note could not be found again.
        """
        if not _carries(note.text, note.marker):
            raise SourceError(f"the note for {note.incident_id} does not hold its marker", permanent=True)
        existing = self._existing(note)
        if existing is None:
            return self._create(note)
        if existing.get("content") == note.text:
            return Attached(_note_id(existing), written=False)
        return self._update(note, _note_id(existing))

    def _existing(self, note: Note) -> dict[str, Any] | None:
        """The oldest note with the marker: if a race ever made two, all writers agree on this one."""
        notes = items_of(self._client.get(f"/incidents/{note.incident_id}/notes"), "notes")
        ours = [item for item in notes if _carries(text_of(dig(item, "content")) or "", note.marker)]
        return min(ours, key=lambda item: (str(item.get("created_at")), str(item.get("id"))), default=None)

    def _create(self, note: Note) -> Attached:
        try:
            answer = self._client.post(f"/incidents/{note.incident_id}/notes", _body(note))
        except (LostAnswerError, TryLaterError):
            existing = self._existing(note)
            if existing is None:
                raise
            return Attached(_note_id(existing), written=True)
        return Attached(_note_id(answer.get("note")), written=True)

    def _update(self, note: Note, note_id: str) -> Attached:
        try:
            self._client.put(f"/incidents/{note.incident_id}/notes/{note_id}", _body(note))
        except NotFoundError:  # somebody deleted it in this moment
            return self._create(note)
        return Attached(note_id, written=True)


def _carries(text: str, marker: str) -> bool:
    """Whether a line of the text begins with the marker: what somebody quotes inside a line is not our note."""
    return any(line.strip().startswith(marker) for line in text.splitlines())


def _body(note: Note) -> dict[str, Any]:
    return {"note": {"content": note.text}}


def _note_id(note: Any) -> str:
    found = text_of(dig(note, "id"))
    if found is None:
        raise SourceError("PagerDuty answered with a note that has no id")
    return found


def build(settings: Settings, patience: Patience | None = None) -> PagerDutySink:
    """The sink as configured. Raises SettingsError when the key or the author of the notes is missing."""
    if not settings["pagerduty.from"]:
        raise SettingsError(
            "pagerduty.from is not set, so no notes can be written",
            hint="set it to the e-mail address of a PagerDuty user, or set pagerduty.attach to false",
        )
    return PagerDutySink(build_client(settings, patience))
