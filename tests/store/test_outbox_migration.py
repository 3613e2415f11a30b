"""The outbox of before had one row for each incident: those notes are PagerDuty's, and are found again."""

from __future__ import annotations

from sqlalchemy import Engine, text

from correlator.store.attachments import list_attachments
from correlator.store.database import open_store, writing
from correlator.store.upgrading import migrate

_OLD_ROW = (
    "INSERT INTO attachments (incident_id, finding_id, marker, text_sha256, note_id, state, attempts, last_error,"
    " updated_at) VALUES (:incident, 'F-1', 'm', 'hash', :note, :state, 2, '', 1000000)"
)


def test_older_notes_are_kept(bare: Engine, store_url: str) -> None:
    with writing(bare) as connection:
        migrate(connection, "0009")
        for incident, note, state in (("P1", "N1", "written"), ("P2", "", "pending")):
            connection.execute(text(_OLD_ROW), {"incident": incident, "note": note, "state": state})
    engine = open_store(store_url)
    written, pending = list_attachments(engine)
    assert (written.sink, written.target, written.note_id, written.attempts) == ("pagerduty", "P1", "N1", 2)
    assert written.stands("hash")
    assert (pending.target, pending.state, pending.failures, pending.next_at) == ("P2", "pending", 0, None)
    assert pending.planned_at == pending.updated_at
    engine.dispose()
