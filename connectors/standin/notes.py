"""Notes on incidents: written, changed, deleted, kept in memory."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Any, Final

from connectors.standin.incidents import object_id, reference, stamp

MAX_NOTES: Final = 2000


class Notes:
    """All notes by incident, oldest first; safe to use from several requests at a time."""

    def __init__(self) -> None:
        self._notes: dict[str, list[dict[str, Any]]] = {}
        self._count = 0
        self._lock = threading.Lock()

    def of(self, incident_id: str) -> list[dict[str, Any]]:
        with self._lock:
            return [dict(note) for note in self._notes.get(incident_id, [])]

    def add(self, incident_id: str, content: str, author: str, now: datetime) -> dict[str, Any] | None:
        """A new note each time, as the vendor does; None when the incident is full."""
        with self._lock:
            notes = self._notes.setdefault(incident_id, [])
            if len(notes) >= MAX_NOTES:
                return None
            self._count += 1
            note = {
                "id": object_id("note", f"{incident_id} {self._count}"),
                "user": reference("user", object_id("user", author), author, "users"),
                "channel": {"summary": "The PagerDuty website or APIs"},
                "content": content,
                "created_at": stamp(now),
                "updated_at": stamp(now),
            }
            notes.append(note)
            return dict(note)

    def change(self, incident_id: str, note_id: str, content: str, now: datetime) -> dict[str, Any] | None:
        """The note as it stands now; None when there is no such note."""
        with self._lock:
            for note in self._notes.get(incident_id, []):
                if note["id"] == note_id:
                    note |= {"content": content, "updated_at": stamp(now)}
                    return dict(note)
        return None

    def remove(self, incident_id: str, note_id: str) -> bool:
        with self._lock:
            notes = self._notes.get(incident_id, [])
            kept = [note for note in notes if note["id"] != note_id]
            self._notes[incident_id] = kept
            return len(kept) < len(notes)
