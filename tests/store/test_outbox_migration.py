"""The outbox of before had one row for each incident: those notes are PagerDuty's, and are found again."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, make_url, text

import correlator.store.database as database
from correlator.store.attachments import list_attachments
from correlator.store.database import open_store, writing

_OLD_ROW = (
    "INSERT INTO attachments (incident_id, finding_id, marker, text_sha256, note_id, state, attempts, last_error,"
    " updated_at) VALUES (:incident, 'F-1', 'm', 'hash', :note, :state, 2, '', 1000000)"
)


def test_older_notes_are_kept(store_url: str) -> None:
    url = make_url(store_url)
    before = create_engine(url.set(drivername="postgresql+psycopg") if url.get_backend_name() != "sqlite" else url)
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
    with writing(before) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0009")
        for incident, note, state in (("P1", "N1", "written"), ("P2", "", "pending")):
            connection.execute(text(_OLD_ROW), {"incident": incident, "note": note, "state": state})
    before.dispose()
    engine = open_store(store_url)
    written, pending = list_attachments(engine)
    assert (written.sink, written.target, written.note_id, written.attempts) == ("pagerduty", "P1", "N1", 2)
    assert written.stands("hash")
    assert (pending.target, pending.state, pending.failures, pending.next_at) == ("P2", "pending", 0, None)
    assert pending.planned_at == pending.updated_at
    engine.dispose()
