"""Messages to customers, and every step each of them took. A step is taken only from the version that the caller saw,
so that of two who act at once one does nothing."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, Select, func, insert, select, update
from sqlalchemy.engine import RowMapping

from correlator.store.database import reading, took, writing
from correlator.store.facts import dumped
from correlator.store.ids_by_time import insert_by_time
from correlator.store.schema import customer_message_steps, customer_messages
from correlator.text.times import micros, moment

LISTED: Final = 50
_TIMES: Final = ("begun_at", "updated_at", "data_as_of", "next_update_at", "sent_at")
_NOT_SHOWN: Final = frozenset({"open_for"})


@dataclass(frozen=True, slots=True)
class MessageStep:
    """One line of the log: who did what when; `text`: the message as it stood then, where it was written anew."""

    number: int
    at: datetime
    step: str
    actor: str
    words: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """`finding_id` and `tenant`: of whom it tells, and to whom it goes; `facts`: what the draft was made of;
    `approved_sha256`: the hash of the text that was approved, "" where none stands approved."""

    id: int
    finding_id: str
    tenant: str
    state: str
    text: str
    facts: Mapping[str, Any]
    version: int
    begun_at: datetime
    updated_at: datetime
    data_as_of: datetime | None
    next_update_at: datetime | None
    approved_by: str = ""
    approved_sha256: str = ""
    sent_by: str = ""
    channel: str = ""
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A draft before it has an id."""

    finding_id: str
    tenant: str
    text: str
    facts: Mapping[str, Any]
    data_as_of: datetime | None
    next_update_at: datetime | None


def add_message(engine: Engine, new: NewMessage, state: str, actor: str, at: datetime) -> tuple[int, bool]:
    """Enter a draft; gives its id, and False where one about this finding was open, whose id it then is."""
    row = {
        "finding_id": new.finding_id,
        "tenant": new.tenant,
        "state": state,
        "text": new.text,
        "facts": dumped(dict(new.facts)),
        "version": 1,
        "open_for": new.finding_id,
        "updated_at": micros(at),
        "data_as_of": micros(new.data_as_of),
        "next_update_at": micros(new.next_update_at),
    }
    with writing(engine) as connection:
        standing = select(customer_messages.c.id).where(customer_messages.c.open_for == new.finding_id)
        made, is_new = insert_by_time(connection, customer_messages, row, at, standing)
        if is_new:
            _log(connection, made, MessageStep(0, at, "drafted", actor, text=new.text))
        return made, is_new


def move_message(
    engine: Engine,
    message_id: int,
    version: int,
    before: Collection[str],
    values: Mapping[str, Any],
    steps: Collection[MessageStep],
) -> bool:
    """Take steps on the message, if it still has this version and stands in one of the states `before`.

    `values`: columns, times as datetimes. False where it stands otherwise, and nothing is changed.
    """
    row = {name: micros(value) if isinstance(value, datetime) else value for name, value in values.items()}
    last = max(step.at for step in steps)
    same = (
        customer_messages.c.id == message_id,
        customer_messages.c.version == version,
        customer_messages.c.state.in_(sorted(before)),
    )
    with writing(engine) as connection:
        moved = (
            update(customer_messages).where(*same).values(row | {"version": version + 1, "updated_at": micros(last)})
        )
        if not took(connection, moved):
            return False
        for step in steps:
            _log(connection, message_id, step)
        return True


def get_message(engine: Engine, message_id: int) -> StoredMessage | None:
    """None for an unknown id."""
    found = _messages(engine, select(customer_messages).where(customer_messages.c.id == message_id))
    return found[0] if found else None


def messages_about(engine: Engine, finding_id: str) -> list[StoredMessage]:
    """The latest LISTED messages about this finding, the newest first."""
    wanted = customer_messages.c.finding_id == finding_id
    statement = select(customer_messages).where(wanted).order_by(customer_messages.c.id.desc()).limit(LISTED)
    return _messages(engine, statement)


def list_messages(
    engine: Engine, before: int | None = None, most: int = LISTED, about: str | None = None
) -> list[StoredMessage]:
    """The newest first, older than `before`, `about` this finding or any; at most so many and one, which tells that
    there are more."""
    statement = select(customer_messages).order_by(customer_messages.c.id.desc()).limit(most + 1)
    if about is not None:
        statement = statement.where(customer_messages.c.finding_id == about)
    return _messages(engine, statement if before is None else statement.where(customer_messages.c.id < before))


def newest_about(engine: Engine, finding_ids: Collection[str]) -> dict[str, StoredMessage]:
    """The newest message about each of these findings, by the finding's id."""
    wanted = customer_messages.c.finding_id.in_(sorted(finding_ids))
    newest = select(func.max(customer_messages.c.id)).where(wanted).group_by(customer_messages.c.finding_id)
    found = _messages(engine, select(customer_messages).where(customer_messages.c.id.in_(newest)))
    return {one.finding_id: one for one in found}


def latest_sent(engine: Engine) -> list[StoredMessage]:
    """The latest LISTED messages that were sent, the newest first."""
    sent = select(customer_messages).where(customer_messages.c.sent_at.is_not(None))
    return _messages(engine, sent.order_by(customer_messages.c.sent_at.desc()).limit(LISTED))


def last_sent(engine: Engine, finding_id: str) -> StoredMessage | None:
    """The last message about this finding that was sent."""
    sent = (customer_messages.c.finding_id == finding_id, customer_messages.c.sent_at.is_not(None))
    statement = select(customer_messages).where(*sent).order_by(customer_messages.c.sent_at.desc()).limit(1)
    found = _messages(engine, statement)
    return found[0] if found else None


def sent_since(engine: Engine, since: datetime) -> list[StoredMessage]:
    """The latest LISTED messages sent at or after `since`, the newest first."""
    lately = customer_messages.c.sent_at >= micros(since)
    statement = select(customer_messages).where(lately).order_by(customer_messages.c.sent_at.desc()).limit(LISTED)
    return _messages(engine, statement)


def open_messages(engine: Engine) -> list[StoredMessage]:
    """Those neither sent nor dropped, at most LISTED, the oldest first."""
    still = customer_messages.c.open_for.is_not(None)
    return _messages(engine, select(customer_messages).where(still).order_by(customer_messages.c.id).limit(LISTED))


def steps_of_message(engine: Engine, message_id: int) -> list[MessageStep]:
    """All that was done, in order."""
    table = customer_message_steps
    statement = select(table).where(table.c.message_id == message_id).order_by(table.c.number)
    with reading(engine) as connection:
        return [
            MessageStep(row.number, moment(row.at), row.step, row.actor, row.words, row.text)
            for row in connection.execute(statement)
        ]


def _messages(engine: Engine, statement: Select[Any]) -> list[StoredMessage]:
    with reading(engine) as connection:
        return [_message(row) for row in connection.execute(statement).mappings()]


def _message(row: RowMapping) -> StoredMessage:
    times = {name: moment(row[name]) for name in _TIMES}
    rest = {name: value for name, value in row.items() if name not in _NOT_SHOWN}
    return StoredMessage(**{**rest, **times, "facts": json.loads(row["facts"])})


def _log(connection: Connection, message_id: int, step: MessageStep) -> None:
    table = customer_message_steps
    last = select(func.coalesce(func.max(table.c.number), 0)).where(table.c.message_id == message_id)
    number = connection.execute(last).scalar_one() + 1
    texts = {"step": step.step, "actor": step.actor, "words": step.words, "text": step.text}
    row = {"message_id": message_id, "number": number, "at": micros(step.at), **texts}
    connection.execute(insert(table).values(row))
