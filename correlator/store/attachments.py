"""The outbox of notes: what is to stand on which incident, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select, update
from sqlalchemy.engine import RowMapping

from correlator.store.database import reading, writing
from correlator.store.facts import put
from correlator.store.schema import attachments
from correlator.store.times import micros, moment


@dataclass(frozen=True, slots=True)
class Attachment:
    """One incident's note. state: `pending` (to be written), `written`, `partial` (written, but what was to go with it
    was not), or `failed` (tried); the last two say why in `last_error`, and are tried again.

    `marker` is the line by which the note is found again when the answer to its writing was lost.
    """

    incident_id: str
    finding_id: str
    marker: str
    text_sha256: str
    note_id: str
    state: str
    attempts: int
    last_error: str
    updated_at: datetime


def plan_attachment(
    engine: Engine, incident_id: str, finding_id: str, marker: str, text_sha256: str, at: datetime
) -> bool:
    """Enter, before anything is sent, what is to be written. False when exactly this is written already."""
    with writing(engine) as connection:
        before = (
            connection.execute(select(attachments).where(attachments.c.incident_id == incident_id)).mappings().first()
        )
        if before is not None and before["state"] == "written" and before["text_sha256"] == text_sha256:
            return False
        row = {
            "incident_id": incident_id,
            "finding_id": finding_id,
            "marker": marker,
            "text_sha256": text_sha256,
            "note_id": before["note_id"] if before else "",
            "state": "pending",
            "attempts": before["attempts"] if before else 0,
            "last_error": before["last_error"] if before else "",
            "updated_at": micros(at),
        }
        put(connection, attachments, [row], keys=("incident_id",))
    return True


def attachment_written(engine: Engine, incident_id: str, note_id: str, at: datetime, *, missing: str = "") -> None:
    """The sink says the note stands there; `missing` is what was to go with it and could not be done."""
    state = "partial" if missing else "written"
    values = {"note_id": note_id, "state": state, "last_error": missing, "updated_at": micros(at)}
    _update(engine, incident_id, values)


def attachment_failed(engine: Engine, incident_id: str, error: str, at: datetime) -> None:
    """Writing failed; it will be tried again."""
    _update(engine, incident_id, {"state": "failed", "last_error": error, "updated_at": micros(at)})


def get_attachment(engine: Engine, incident_id: str) -> Attachment | None:
    """The note of one incident, if one was ever planned."""
    with reading(engine) as connection:
        row = connection.execute(select(attachments).where(attachments.c.incident_id == incident_id)).mappings().first()
    return None if row is None else _attachment(row)


def list_attachments(engine: Engine, state: str | None = None) -> list[Attachment]:
    """All notes, or those in one state, by incident."""
    statement = select(attachments).order_by(attachments.c.incident_id)
    if state is not None:
        statement = statement.where(attachments.c.state == state)
    with reading(engine) as connection:
        return [_attachment(row) for row in connection.execute(statement).mappings()]


def _update(engine: Engine, incident_id: str, values: dict[str, object]) -> None:
    counted = values | {"attempts": attachments.c.attempts + 1}
    with writing(engine) as connection:
        connection.execute(update(attachments).where(attachments.c.incident_id == incident_id).values(counted))


def _attachment(row: RowMapping) -> Attachment:
    return Attachment(**{**row, "updated_at": moment(row["updated_at"])})
