"""The outbox: what is to stand where, one row for each sink and target, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Engine, and_, select, update
from sqlalchemy.engine import RowMapping

from correlator.store.database import reading, writing
from correlator.store.facts import put
from correlator.store.schema import attachments
from correlator.text.times import micros, moment

PENDING: Final = "pending"
WRITTEN: Final = "written"
PARTIAL: Final = "partial"
UNSURE: Final = "unsure"
FAILED: Final = "failed"
STANDING: Final = frozenset({WRITTEN, UNSURE})
"""States in which nothing is left to be done."""
_FIRST_WAIT: Final = timedelta(minutes=10)
_LONGEST_WAIT: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be written: `target` is what it stands on (an incident, a ticket, a finding) in the world of `sink`.

    `marker` is the line by which the note is found again when the answer to its writing was lost.
    """

    sink: str
    target: str
    finding_id: str
    marker: str
    text_sha256: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """One note. state: `pending` (to be written), `written`, `partial` (written, but what was to go with it was not),
    `unsure` (may have been written, and cannot be looked up: counts as written) or `failed` (tried).

    Those that are pending, partial or failed are tried again, from `next_at` on where that is set; `failures` counts
    those in a row, `last_error` says why. `planned_at`: when the first note for this target was entered.
    """

    sink: str
    target: str
    finding_id: str
    marker: str
    text_sha256: str
    note_id: str
    state: str
    attempts: int
    failures: int
    last_error: str
    planned_at: datetime
    updated_at: datetime
    next_at: datetime | None

    def stands(self, text_sha256: str) -> bool:
        """Whether this is written, with all that goes with it."""
        return self.state in STANDING and self.text_sha256 == text_sha256

    def waits(self, now: datetime) -> bool:
        """Whether it is too early to try it again."""
        return self.next_at is not None and now < self.next_at


def plan_attachment(engine: Engine, plan: Plan, at: datetime) -> Attachment | None:
    """Enter, before anything is sent, what is to be written; gives the row as it stood before, None for a new one.

    What is written already stays as it is.
    """
    with writing(engine) as connection:
        found = connection.execute(select(attachments).where(_of(plan.sink, plan.target))).mappings().first()
        before = None if found is None else _attachment(found)
        if before is not None and before.stands(plan.text_sha256):
            return before
        row = {
            "sink": plan.sink,
            "target": plan.target,
            "finding_id": plan.finding_id,
            "marker": plan.marker,
            "text_sha256": plan.text_sha256,
            "note_id": before.note_id if before else "",
            "state": PENDING,
            "attempts": before.attempts if before else 0,
            "failures": before.failures if before else 0,
            "last_error": before.last_error if before else "",
            "planned_at": micros(before.planned_at if before else at),
            "updated_at": micros(at),
            "next_at": None,
        }
        put(connection, attachments, [row], keys=("sink", "target"))
    return before


def attachment_written(
    engine: Engine, plan: Plan, note_id: str, at: datetime, *, missing: str = "", unsure: bool = False
) -> None:
    """The sink says the note stands there; `missing` is what was to go with it and could not be done."""
    state = PARTIAL if missing else UNSURE if unsure else WRITTEN
    values = {"note_id": note_id, "state": state, "last_error": missing, "updated_at": micros(at), "next_at": None}
    _update(engine, plan, values | {"failures": 0})


def attachment_failed(
    engine: Engine, plan: Plan, error: str, at: datetime, *, wait_seconds: float | None = None
) -> None:
    """Writing failed: it is tried again at the next look, after a second failure in a row later and later, up to an
    hour; and not before the `wait_seconds` that the other side asked for have passed."""
    before = get_attachment(engine, plan.sink, plan.target)
    failures = 1 if before is None else before.failures + 1
    wait = max(_backoff(failures), timedelta(seconds=wait_seconds or 0.0))
    values = {"state": FAILED, "last_error": error, "updated_at": micros(at), "failures": failures}
    _update(engine, plan, values | {"next_at": micros(at + wait) if wait else None})


def _backoff(failures: int) -> timedelta:
    """Nothing, 10, 20, 40, 60 minutes, and 60 from there on."""
    if failures < 2:
        return timedelta(0)
    return min(_FIRST_WAIT * (1 << min(failures - 2, 10)), _LONGEST_WAIT)


def get_attachment(engine: Engine, sink: str, target: str) -> Attachment | None:
    """The note of one sink for one target, if one was ever planned."""
    with reading(engine) as connection:
        row = connection.execute(select(attachments).where(_of(sink, target))).mappings().first()
    return None if row is None else _attachment(row)


def list_attachments(
    engine: Engine, state: str | None = None, *, sink: str | None = None, finding_id: str | None = None
) -> list[Attachment]:
    """All notes, or those in one state, of one sink, of one finding; by sink and target."""
    statement = select(attachments).order_by(attachments.c.sink, attachments.c.target)
    for column, wanted in (("state", state), ("sink", sink), ("finding_id", finding_id)):
        if wanted is not None:
            statement = statement.where(attachments.c[column] == wanted)
    with reading(engine) as connection:
        return [_attachment(row) for row in connection.execute(statement).mappings()]


def _of(sink: str, target: str) -> ColumnElement[bool]:
    return and_(attachments.c.sink == sink, attachments.c.target == target)


def _update(engine: Engine, plan: Plan, values: dict[str, object]) -> None:
    counted = values | {"attempts": attachments.c.attempts + 1}
    with writing(engine) as connection:
        connection.execute(update(attachments).where(_of(plan.sink, plan.target)).values(counted))


def _attachment(row: RowMapping) -> Attachment:
    times = {name: moment(row[name]) for name in ("planned_at", "updated_at", "next_at")}
    return Attachment(**{**row, **times})
