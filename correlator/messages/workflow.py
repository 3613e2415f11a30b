"""The way of a message: drafted, edited, approved by a second person, marked sent. Every step is kept.

    draft <──> approved ──> sent
      └───────────┴───────> dropped

An approval holds for one text: it is bound to its hash, and a text that changes loses it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Engine

from correlator.errors import StepRefusedError, UsageError
from correlator.lifecycle.life import wanted_finding
from correlator.messages.drafting import DraftMessage, Manner, draft_message
from correlator.messages.facts import Facts
from correlator.messages.guarding import guard_for
from correlator.messages.lint import Guard, Problem
from correlator.messages.reading import facts_of, sent_before
from correlator.store.customer_messages import (
    MessageStep,
    NewMessage,
    StoredMessage,
    add_message,
    get_message,
    move_message,
    steps_of_message,
)
from correlator.store.findings import StoredFinding
from correlator.text.persons import person, same_person
from correlator.text.quantities import one_line

LONGEST_WORDS: Final = 400
LONGEST_CHANNEL: Final = 200


class State(StrEnum):
    DRAFT = "draft"
    APPROVED = "approved"
    SENT = "sent"
    DROPPED = "dropped"


OPEN: Final = (State.DRAFT, State.APPROVED)
DRAFTED: Final = "drafted"
EDITED: Final = "edited"
WITHDRAWN: Final = "approval withdrawn"
WRITING: Final = frozenset({DRAFTED, EDITED})
"""Steps whose actors wrote a part of the text."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A draft with what must not stand in it."""

    draft: DraftMessage
    guard: Guard

    @property
    def problems(self) -> tuple[Problem, ...]:
        return self.guard.problems(self.draft.text)


def sha256_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def prepare(engine: Engine, stored: StoredFinding, manner: Manner, now: datetime) -> Prepared:
    """What would be written to the finding's tenant now. Nothing is stored. Raises StoreError."""
    facts, last = facts_of(engine, stored), sent_before(engine, stored.id)
    draft = draft_message(facts, manner.what(stored.finding), manner, now, last)
    return Prepared(draft, guard_for(engine, stored.finding, facts, manner).but_for(draft.text))


def begin(engine: Engine, finding_id: str, manner: Manner, actor: str, now: datetime) -> tuple[int, bool]:
    """Enter a draft; gives its id, and False where one about this finding was open.

    Raises UsageError for an unknown finding or a missing name, LintError where the settings put into it what must not
    stand there.
    """
    name, stored = person(actor), wanted_finding(engine, finding_id)
    prepared = prepare(engine, stored, manner, now)
    prepared.guard.refuse(prepared.draft.text)
    draft = prepared.draft
    new = NewMessage(
        stored.id,
        stored.finding.tenant,
        draft.text,
        draft.facts.to_dict(),
        draft.facts.data_as_of,
        draft.next_update_at,
    )
    return add_message(engine, new, State.DRAFT, name, now)


def edit(
    engine: Engine, message_id: int, manner: Manner, actor: str, text: str, seen: int, now: datetime
) -> StoredMessage:
    """Put another text; an approval falls with it. The same text changes nothing.

    Raises LintError for what must not go out, StepRefusedError where it is sent or dropped, or somebody was quicker.
    """
    name, message = person(actor), wanted(engine, message_id)
    clean = text.replace("\r\n", "\n").strip() + "\n"
    _guard_of(engine, message, manner, now).refuse(clean)
    _expect(message, OPEN, seen)
    if clean == message.text:
        return message
    steps = [MessageStep(0, now, EDITED, name, text=clean)]
    if message.state == State.APPROVED:
        steps.append(MessageStep(0, now, WITHDRAWN, name, f"the text that {message.approved_by} approved was changed"))
    values = {"text": clean, "state": State.DRAFT.value, "approved_by": "", "approved_sha256": ""}
    return _moved(engine, message, OPEN, values, steps)


def approve(
    engine: Engine, message_id: int, manner: Manner, actor: str, sha256: str, seen: int, now: datetime
) -> StoredMessage:
    """A second person lets exactly this text go out. `sha256`: of the text that was read.

    Raises StepRefusedError for somebody who wrote a part of it, or a text that is no longer this one.
    """
    name, message = person(actor), wanted(engine, message_id)
    _expect(message, (State.DRAFT,), seen)
    if sha256 != sha256_of(message.text):
        raise StepRefusedError(f"message {message_id} is not the text that was read", hint="read it again")
    for writer in writers_of(engine, message_id):
        if same_person(name, writer):
            raise StepRefusedError(
                f"{name} wrote a part of message {message_id}: a second person has to approve it",
                hint="four eyes see more than two",
            )
    _guard_of(engine, message, manner, now).refuse(message.text)
    values = {"state": State.APPROVED.value, "approved_by": name, "approved_sha256": sha256}
    return _moved(engine, message, (State.DRAFT,), values, [MessageStep(0, now, "approved", name, sha256)])


def mark_sent(engine: Engine, message_id: int, actor: str, channel: str, seen: int, now: datetime) -> StoredMessage:
    """Enter that it went out, and by which channel. Raises StepRefusedError unless it stands approved as it is."""
    name, message, way = person(actor), wanted(engine, message_id), one_line(channel, LONGEST_CHANNEL).strip()
    if not way:
        raise UsageError("no channel is named", hint="say how it was sent: e-mail, a ticket, a status page")
    _expect(message, (State.APPROVED,), seen)
    if message.approved_sha256 != sha256_of(message.text):
        raise StepRefusedError(f"message {message_id} is not the text that was approved", hint="have it approved anew")
    values = {"state": State.SENT.value, "sent_by": name, "channel": way, "sent_at": now, "open_for": None}
    return _moved(engine, message, (State.APPROVED,), values, [MessageStep(0, now, "sent", name, f"by {way}")])


def drop(engine: Engine, message_id: int, actor: str, reason: str, seen: int, now: datetime) -> StoredMessage:
    """It is not sent after all. Raises UsageError without a reason, StepRefusedError where it was sent."""
    name, message, why = person(actor), wanted(engine, message_id), one_line(reason, LONGEST_WORDS).strip()
    if not why:
        raise UsageError("dropping a message needs a reason", hint="say why it is not sent")
    _expect(message, OPEN, seen)
    values = {"state": State.DROPPED.value, "open_for": None}
    return _moved(engine, message, OPEN, values, [MessageStep(0, now, "dropped", name, why)])


def writers_of(engine: Engine, message_id: int) -> list[str]:
    """Everybody who wrote a part of the text."""
    return sorted({step.actor for step in steps_of_message(engine, message_id) if step.step in WRITING})


def wanted(engine: Engine, message_id: int) -> StoredMessage:
    """Raises UsageError for an unknown id."""
    found = get_message(engine, message_id)
    if found is None:
        raise UsageError(f"there is no message {message_id}", hint="the finding's page of messages lists them")
    return found


def _guard_of(engine: Engine, message: StoredMessage, manner: Manner, now: datetime) -> Guard:
    """What must not stand in this message; the program's own words are those it would write of the same facts."""
    stored, facts = wanted_finding(engine, message.finding_id), Facts.from_dict(message.facts)
    last = sent_before(engine, message.finding_id)
    own = draft_message(facts, manner.what(stored.finding), manner, now, last)
    return guard_for(engine, stored.finding, facts, manner).but_for(own.text)


def _expect(message: StoredMessage, states: tuple[State, ...], seen: int) -> None:
    if message.version != seen:
        raise _moved_on(message)
    if message.state not in states:
        wants = " or ".join(states)
        raise StepRefusedError(f"message {message.id} is {message.state}", hint=f"it has to be {wants} for that")


def _moved(
    engine: Engine,
    message: StoredMessage,
    before: tuple[State, ...],
    values: Mapping[str, object],
    steps: list[MessageStep],
) -> StoredMessage:
    if not move_message(engine, message.id, message.version, before, values, steps):
        raise _moved_on(wanted(engine, message.id))
    return wanted(engine, message.id)


def _moved_on(message: StoredMessage) -> StepRefusedError:
    return StepRefusedError(
        f"message {message.id} has moved on meanwhile: it is {message.state} and was written anew or decided",
        hint="read it again, then decide",
    )
