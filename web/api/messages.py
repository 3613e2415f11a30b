"""Messages to customers: drafts, and the way of each until it is marked sent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from msgspec import Meta, to_builtins

from correlator.messages import workflow
from correlator.messages.document import draft_document, message_document
from correlator.messages.drafting import Manner
from correlator.messages.lint import LONGEST, Kind
from correlator.messages.reading import customers_of
from correlator.store.customer_messages import StoredMessage, get_message, list_messages, newest_about, steps_of_message
from web.access import Role, needs, note_audit
from web.api.cursors import key_in, page_of
from web.api.kinds import SAYS_SOMETHING, Answer, Next, Paged, Text
from web.api.numbers import ByAPerson, OnWhatWasSeen, number_in
from web.api.routes import Link, get, post
from web.context import context
from web.errors import not_found
from web.steps.acting import acting
from web.views.finding import stored_finding

_ID: Any = {"message_id": "id"}
_SEEN: Any = {"seen": "version"}
_BEGIN: Any = {"actor": "support engineer"}
_TEXT: Any = {"actor": "support engineer", "seen": 1, "text": "Hello,\nwe look into it and write again at noon."}
_APPROVE: Any = {"actor": "incident commander", "seen": 2, "text_sha256": "0" * 64}
_SENT: Any = {"actor": "support engineer", "seen": 3, "channel": "e-mail"}
_DROP: Any = {"actor": "support engineer", "seen": 2, "reason": "they were told on the telephone"}
_HASH: Any = Meta(pattern=r"^[0-9a-f]{64}$")


class TextProblem(Answer, frozen=True, kw_only=True):
    """What must not stand in a message; `said` is empty where it must not be repeated."""

    kind: Kind
    line: int
    said: str
    why: str


class MessageDraft(Answer, frozen=True, kw_only=True):
    """What would be written now. `facts`: what it is made of."""

    tenant: str
    finding_id: str
    text: str
    next_update_at: str | None
    facts: dict[str, Any]
    problems: list[TextProblem]


class CustomerConcerned(Answer, frozen=True, kw_only=True):
    """A tenant that a finding concerns, the finding about the same job there, and the newest message to them."""

    tenant: str
    finding_id: str
    message_id: int | None
    state: workflow.State | None


class Customers(Answer, frozen=True, kw_only=True):
    """Whom a finding concerns, the finding's own tenant first, and the draft for that one."""

    customers: list[CustomerConcerned]
    draft: MessageDraft


class MessageStepTaken(Answer, frozen=True, kw_only=True):
    number: int
    at: str
    step: str
    actor: str
    words: str


class CustomerMessage(Answer, frozen=True, kw_only=True):
    """A message as it stands, with its log. It may go out while `approved_sha256` is `text_sha256`."""

    id: int
    finding_id: str
    tenant: str
    state: workflow.State
    version: int
    text: str
    text_sha256: str
    approved_by: str | None
    approved_sha256: str | None
    sent_by: str | None
    channel: str | None
    begun_at: str
    updated_at: str
    data_as_of: str | None
    next_update_at: str | None
    sent_at: str | None
    facts: dict[str, Any]
    steps: list[MessageStepTaken]


class CustomerMessages(Answer, frozen=True, kw_only=True):
    """The newest first, without their logs."""

    messages: list[CustomerMessage]
    next: Next


class MessagesAsked(Paged, frozen=True, kw_only=True):
    """Those about one finding."""

    finding_id: Text | None = None


class BeginMessage(ByAPerson, frozen=True, kw_only=True):
    """A message is begun with the draft as its text."""


class TextWritten(OnWhatWasSeen, frozen=True, kw_only=True):
    text: Annotated[str, Meta(max_length=LONGEST, pattern=SAYS_SOMETHING)]


class ApproveText(OnWhatWasSeen, frozen=True, kw_only=True):
    """`text_sha256`: of the text that was read."""

    text_sha256: Annotated[str, _HASH]


class MarkSent(OnWhatWasSeen, frozen=True, kw_only=True):
    channel: Annotated[str, Meta(max_length=workflow.LONGEST_CHANNEL, pattern=SAYS_SOMETHING)]


class DropMessage(OnWhatWasSeen, frozen=True, kw_only=True):
    reason: Annotated[str, Meta(max_length=workflow.LONGEST_WORDS, pattern=SAYS_SOMETHING)]


@get("/findings/<finding_id>/customers", tag="messages", answer=Customers, errors=(404,))
def customers(finding_id: str) -> dict[str, Any]:
    """Whom the finding concerns, and what would be written to its own tenant now; nothing is stored."""
    stored = stored_finding(finding_id)
    found = customers_of(context().engine, stored)
    newest = newest_about(context().engine, [one.finding_id for one in found])
    rows = [
        {
            "tenant": one.tenant,
            "finding_id": one.finding_id,
            "message_id": newest[one.finding_id].id if one.finding_id in newest else None,
            "state": newest[one.finding_id].state if one.finding_id in newest else None,
        }
        for one in found
    ]
    prepared = workflow.prepare(context().engine, stored, _manner(), datetime.now(UTC))
    return {"customers": rows, "draft": draft_document(found[0], prepared)}


@post(
    "/findings/<finding_id>/customers",
    tag="messages",
    body=BeginMessage,
    answer=CustomerMessage,
    errors=(404,),
    example=_BEGIN,
    links=(
        Link("message", _ID),
        Link("write_message", _ID, _SEEN),
        Link("approve_message", _ID, _SEEN | {"text_sha256": "text_sha256"}),
        Link("drop_message", _ID, _SEEN),
    ),
)
@needs(Role.RESPONDER)
def begin_message(finding_id: str, body: BeginMessage) -> dict[str, Any]:
    """Begins a message to the finding's tenant, or gives the one that is open."""
    stored = stored_finding(finding_id)
    name = acting(to_builtins(body))
    made, new = workflow.begin(context().engine, stored.id, _manner(), name, datetime.now(UTC))
    if new:
        note_audit("customer message drafted", f"message {made}", {"finding": stored.id})
    return _document(_stored(str(made)))


@get("/messages", tag="messages", asked=MessagesAsked, answer=CustomerMessages)
def messages(asked: MessagesAsked) -> dict[str, Any]:
    """Every message to a tenant one may see; `finding_id` narrows them."""
    last = key_in(asked.after, tuple[int])
    found = list_messages(context().engine, last[0] if last else None, asked.limit, asked.finding_id)
    rows, following = page_of(found, asked.limit, lambda one: (one.id,))
    return {"messages": [message_document(one) for one in rows], "next": following}


@get("/messages/<message_id>", tag="messages", answer=CustomerMessage, errors=(404,))
def message(message_id: str) -> dict[str, Any]:
    """One with its text, its hash, and its log."""
    return _document(_stored(message_id))


@post(
    "/messages/<message_id>/text",
    tag="messages",
    body=TextWritten,
    answer=CustomerMessage,
    errors=(404, 409),
    example=_TEXT,
)
@needs(Role.RESPONDER)
def write_message(message_id: str, body: TextWritten) -> dict[str, Any]:
    """Puts another text; an approval falls with it. 422 for what must not go out, with line and reason."""
    before, name = _stored(message_id), acting(to_builtins(body))
    done = workflow.edit(context().engine, before.id, _manner(), name, body.text, body.seen, datetime.now(UTC))
    return _noted("edited", done)


@post(
    "/messages/<message_id>/approval",
    tag="messages",
    body=ApproveText,
    answer=CustomerMessage,
    errors=(404, 409),
    example=_APPROVE,
)
@needs(Role.RESPONDER)
def approve_message(message_id: str, body: ApproveText) -> dict[str, Any]:
    """A second person lets exactly this text go out. 409 for who wrote a part of it, and for another text."""
    before, name = _stored(message_id), acting(to_builtins(body))
    done = workflow.approve(
        context().engine, before.id, _manner(), name, body.text_sha256, body.seen, datetime.now(UTC)
    )
    return _noted("approved", done)


@post(
    "/messages/<message_id>/sending",
    tag="messages",
    body=MarkSent,
    answer=CustomerMessage,
    errors=(404, 409),
    example=_SENT,
)
@needs(Role.RESPONDER)
def mark_message_sent(message_id: str, body: MarkSent) -> dict[str, Any]:
    """Enters that it went out, and how. 409 unless it stands approved as it is."""
    before, name = _stored(message_id), acting(to_builtins(body))
    return _noted(
        "sent", workflow.mark_sent(context().engine, before.id, name, body.channel, body.seen, datetime.now(UTC))
    )


@post(
    "/messages/<message_id>/dropping",
    tag="messages",
    body=DropMessage,
    answer=CustomerMessage,
    errors=(404, 409),
    example=_DROP,
)
@needs(Role.RESPONDER)
def drop_message(message_id: str, body: DropMessage) -> dict[str, Any]:
    """It is not sent after all. 409 where it was."""
    before, name = _stored(message_id), acting(to_builtins(body))
    return _noted(
        "dropped", workflow.drop(context().engine, before.id, name, body.reason, body.seen, datetime.now(UTC))
    )


def _noted(step: str, done: StoredMessage) -> dict[str, Any]:
    details = {"finding": done.finding_id, "sha256": workflow.sha256_of(done.text)}
    note_audit(f"customer message {step}", f"message {done.id}", details)
    return _document(done)


def _stored(message_id: str) -> StoredMessage:
    found = get_message(context().engine, number_in(message_id, "message"))
    if found is None:
        raise not_found(f"there is no message {message_id}", "those there are stand at /api/v1/messages")
    return found


def _document(stored: StoredMessage) -> dict[str, Any]:
    return message_document(stored, steps_of_message(context().engine, stored.id))


def _manner() -> Manner:
    return Manner.of(context().settings)
