"""PagerDuty as a sink: one note an incident, found again by its marker and updated in place.

Writing a note is not idempotent at PagerDuty, and an answer can be lost after the note was stored. So the notes are
read before anything is written, and read again when an answer did not come. A custom field can take the link (reading
it first spares most writes), and a status update can tell the followers of the incident; both are off by default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from connectors.pagerduty.client import NotFoundError, PagerDutyClient
from connectors.pagerduty.lists import items_of
from connectors.pagerduty.source import build_client
from connectors.payloads import dig, text_of
from connectors.retries import LostAnswerError, Patience, patience_to_write
from correlator.errors import SettingsError, SourceError
from correlator.ports import Attached, Note, Place, Way
from correlator.settings import Settings

LONGEST_FIELD: Final = 200
"""Characters of a custom field that holds a text or an address."""


class PagerDutySink:
    """Implements `ports.Sink`. `field` is the name of the custom field that takes the link, "" for none."""

    name = "pagerduty"
    ways: Mapping[Place, Way] = MappingProxyType({Place.INCIDENT: Way()})

    def __init__(self, client: PagerDutyClient, field: str = "") -> None:
        self._client = client
        self._field = field

    def attach(self, note: Note) -> Attached:
        """Write the note, or update the one that carries its marker. Raises SourceError.

        A line of the text must begin with the marker: without it the note could not be found again.
        """
        if not _carries(note.text, note.marker):
            raise SourceError(f"the note for {note.target} does not hold its marker", permanent=True)
        return replace(self._note(note), failures=self._linked(note))

    def _note(self, note: Note) -> Attached:
        existing = self._existing(note)
        if existing is None:
            return Attached("", written=False) if note.only_if_there else self._create(note)
        if existing.get("content") == note.text:
            return Attached(_note_id(existing), written=False)
        return self._update(note, _note_id(existing))

    def _existing(self, note: Note) -> dict[str, Any] | None:
        """The oldest note with the marker: if a race ever made two, all writers agree on this one."""
        notes = items_of(self._client.get(f"/incidents/{note.target}/notes"), "notes")
        ours = [item for item in notes if _carries(text_of(dig(item, "content")) or "", note.marker)]
        return min(ours, key=lambda item: (str(item.get("created_at")), str(item.get("id"))), default=None)

    def _create(self, note: Note) -> Attached:
        try:
            answer = self._client.post(f"/incidents/{note.target}/notes", _body(note))
        except LostAnswerError:
            existing = self._existing(note)
            if existing is None:
                raise
            return Attached(_note_id(existing), written=True)
        return Attached(_note_id(answer.get("note")), written=True)

    def _update(self, note: Note, note_id: str) -> Attached:
        try:
            self._client.put(f"/incidents/{note.target}/notes/{note_id}", _body(note))
        except NotFoundError:  # somebody deleted it in this moment
            return self._create(note)
        return Attached(note_id, written=True)

    def _linked(self, note: Note) -> tuple[str, ...]:
        """The link in its field; why it is not there, or nothing. A note is not held up by its field."""
        if not self._field or not note.link:
            return ()
        try:
            self._set_field(note)
        except SourceError as error:
            return (f"the custom field {self._field} was not set: {error.message}",)
        return ()

    def _set_field(self, note: Note) -> None:
        if len(note.link) > LONGEST_FIELD:
            raise SourceError(f"the link is longer than {LONGEST_FIELD} characters", permanent=True)
        path = f"/incidents/{note.target}/custom_fields/values"
        values = items_of(self._client.get(path), "custom_fields")
        if any(dig(item, "name") == self._field and dig(item, "value") == note.link for item in values):
            return
        self._client.put(path, {"custom_fields": [{"name": self._field, "value": note.link}]})


class AnnouncingSink(PagerDutySink):
    """Implements `ports.Announcer` too, by status updates, which go to all who subscribed to the incident."""

    def announce(self, incident_id: str, text: str) -> bool:
        """See `ports.Announcer`."""
        try:
            self._client.post(f"/incidents/{incident_id}/status_updates", {"message": text})
        except LostAnswerError:
            return False
        return True


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
    """The sink as configured. Raises SettingsError when the key, the author or the address of the pages is missing."""
    if not settings["pagerduty.from"]:
        raise SettingsError(
            "pagerduty.from is not set, so no notes can be written",
            hint="set it to the e-mail address of a PagerDuty user, or set pagerduty.attach to false",
        )
    if "@" not in settings["pagerduty.from"]:
        raise SettingsError(
            f"{settings.origin['pagerduty.from']}: pagerduty.from is no e-mail address",
            hint="PagerDuty knows users by their address, not by their name",
        )
    field = settings["pagerduty.custom_field"]
    if field and not settings["web.base_url"]:
        raise SettingsError(
            "pagerduty.custom_field takes the link to the finding, and nobody said how others reach the pages",
            hint="set web.base_url to the address of the pages",
        )
    kind = AnnouncingSink if settings["pagerduty.status_update"] else PagerDutySink
    return kind(build_client(settings, patience or patience_to_write()), field)
