"""Status updates of incidents: each is told at most once, so it is entered before it is sent, by one process."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Engine, func, select, update

from correlator.store.database import reading, writing
from correlator.store.inserting import entered
from correlator.store.schema import status_updates
from correlator.text.times import micros

SENDING: Final = "sending"
SENT: Final = "sent"
UNSURE: Final = "unsure"
REFUSED: Final = "refused"


def claim_status_update(engine: Engine, incident_id: str, text_sha256: str, at: datetime) -> bool:
    """Enter that this is being told now; False when it was, may have been, or another process is telling it.

    One that was refused before may be claimed again.
    """
    row = {"incident_id": incident_id, "text_sha256": text_sha256, "state": SENDING, "updated_at": micros(at)}
    with writing(engine) as connection:
        if entered(connection, status_updates, row):
            return True
        again = connection.execute(
            update(status_updates)
            .where(*_same(incident_id, text_sha256), status_updates.c.state == REFUSED)
            .values(state=SENDING, updated_at=micros(at))
        )
        return again.rowcount == 1


def status_update_ended(
    engine: Engine, incident_id: str, text_sha256: str, state: str, at: datetime, error: str = ""
) -> None:
    """Enter how it ended: `sent`, `unsure` (no answer came), or `refused`."""
    values = {"state": state, "last_error": error, "updated_at": micros(at)}
    with writing(engine) as connection:
        connection.execute(update(status_updates).where(*_same(incident_id, text_sha256)).values(values))


def was_told(engine: Engine, incident_id: str) -> bool:
    """Whether anything was, or may have been, told about this incident."""
    told = (status_updates.c.incident_id == incident_id, status_updates.c.state != REFUSED)
    with reading(engine) as connection:
        return bool(connection.execute(select(func.count()).select_from(status_updates).where(*told)).scalar())


def _same(incident_id: str, text_sha256: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return status_updates.c.incident_id == incident_id, status_updates.c.text_sha256 == text_sha256
