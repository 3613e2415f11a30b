"""How each sink stands: whether the last round could use it, and if not, since when and why."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, delete, select

from correlator.store.database import reading, writing
from correlator.store.facts import put
from correlator.store.schema import sink_status
from correlator.text.times import micros, moment


@dataclass(frozen=True, slots=True)
class SinkStatus:
    """One sink after the last round, at `at`. `error` is "" where all went well."""

    sink: str
    at: datetime
    error: str = ""
    hint: str = ""
    failing_since: datetime | None = None


def record_sinks(engine: Engine, found: Collection[SinkStatus]) -> None:
    """Enter how each sink stands; sinks that are not among them are used no more and forgotten. A failure that goes on
    keeps its beginning. Raises StoreError."""
    with writing(engine) as connection:
        before = {row.sink: row.failing_since for row in connection.execute(select(sink_status))}
        rows = [_row(status, before.get(status.sink)) for status in found]
        connection.execute(delete(sink_status).where(sink_status.c.sink.not_in([row["sink"] for row in rows])))
        if rows:
            put(connection, sink_status, rows, keys=("sink",))


def _row(status: SinkStatus, since: int | None) -> dict[str, object]:
    at = micros(status.at)
    failing = (since if since is not None else at) if status.error else None
    return {"sink": status.sink, "at": at, "error": status.error, "hint": status.hint, "failing_since": failing}


def list_sinks(engine: Engine) -> tuple[SinkStatus, ...]:
    """All sinks of the last round, by name."""
    with reading(engine) as connection:
        rows = connection.execute(select(sink_status).order_by(sink_status.c.sink))
        return tuple(SinkStatus(r.sink, moment(r.at), r.error, r.hint, moment(r.failing_since)) for r in rows)
