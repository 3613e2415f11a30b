"""What is done with a finding's evidence: its bundle verified, its note attached, its ask put in other words."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from connectors.registry import writing_kinds
from correlator.model import iso
from correlator.store.asks import edits_of
from correlator.store.attachments import Attachment, list_attachments
from correlator.store.findings import StoredFinding
from web.access import Role, needs
from web.api.kinds import PLAIN, Answer, Body, Name
from web.api.numbers import LARGEST, ByAPerson
from web.api.routes import Link, get, post
from web.context import context
from web.steps.acting import acting
from web.views.evidence import Result, attach_now, verify_now
from web.views.finding import stored_finding
from web.views.put_ask import LONGEST, put_ask

_PUT: Any = {"actor": "on-call", "ask": "Raise the memory of the workers before Monday", "seen": 0}


class Outcome(Answer, frozen=True, kw_only=True):
    """What came of it, in one line and what belongs to it. `good` is null where there was nothing to do; `text`: the
    note that was written."""

    finding_id: str
    title: str
    line: str
    good: bool | None
    details: list[str]
    text: str


class AttachedNote(Answer, frozen=True, kw_only=True):
    """The finding's note in one place, and how it stands there."""

    sink: str
    target: str
    state: str
    updated_at: str
    last_error: str


class Attachments(Answer, frozen=True, kw_only=True):
    """Where a finding's note stands; `sinks` are enabled to be written to."""

    finding_id: str
    sinks: list[str]
    attachments: list[AttachedNote]


class AttachTo(Body, frozen=True, kw_only=True):
    """`sink`: one of those that are enabled."""

    sink: Name


class WordsOfAnAsk(Answer, frozen=True, kw_only=True):
    """What a person put. `ask` "": back to the rule's own words; `original`: what the rule asked then."""

    number: int
    at: str
    actor: str
    ask: str
    original: str


class AskInWords(Answer, frozen=True, kw_only=True):
    """What is asked for a finding now; null where no rule asks anything. `words`: every version, the newest first;
    `seen`: how many there are."""

    finding_id: str
    ask: str | None
    seen: int
    words: list[WordsOfAnAsk]


class PutAsk(ByAPerson, frozen=True, kw_only=True):
    """`ask` "" goes back to the rule's words. `seen`: as the ask that was looked at gave it."""

    ask: Annotated[str, Meta(max_length=LONGEST, pattern=PLAIN)]
    seen: Annotated[int, Meta(ge=0, le=LARGEST)]


@get(
    "/findings/<finding_id>/ask",
    tag="asks",
    answer=AskInWords,
    errors=(404,),
    links=(Link("put_in_words", {"finding_id": "finding_id"}, {"seen": "seen"}),),
)
def ask_in_words(finding_id: str) -> AskInWords:
    """What is asked for a finding, and who put it in which words."""
    return _asked(stored_finding(finding_id))


@post("/findings/<finding_id>/ask", tag="asks", body=PutAsk, answer=AskInWords, errors=(404, 409), example=_PUT)
@needs(Role.RESPONDER)
def put_in_words(finding_id: str, body: PutAsk) -> AskInWords:
    """Puts the ask in other words than the rule's. 409 where somebody was quicker, or no rule asks anything."""
    put_ask(stored_finding(finding_id), body.ask, acting({"actor": body.actor}), body.seen)
    return _asked(stored_finding(finding_id))


def _asked(stored: StoredFinding) -> AskInWords:
    rule, edits = stored.document.get("rule"), edits_of(context().engine, stored.id)
    names = ("number", "actor", "ask", "original")
    words = [WordsOfAnAsk(at=iso(one.at), **{name: getattr(one, name) for name in names}) for one in edits]
    return AskInWords(finding_id=stored.id, ask=rule["ask"] if rule else None, seen=len(edits), words=words)


@get("/findings/<finding_id>/attachments", tag="findings", answer=Attachments, errors=(404,))
def attachments(finding_id: str) -> Attachments:
    """Where a finding's note stands, and where it can be written to."""
    stored = stored_finding(finding_id)
    notes = [_note(one) for one in list_attachments(context().engine, finding_id=stored.id)]
    return Attachments(finding_id=stored.id, sinks=list(writing_kinds(context().settings)), attachments=notes)


def _note(one: Attachment) -> AttachedNote:
    names = ("sink", "target", "state", "last_error")
    return AttachedNote(updated_at=iso(one.updated_at), **{name: getattr(one, name) for name in names})


@post(
    "/findings/<finding_id>/attachments",
    tag="findings",
    body=AttachTo,
    answer=Outcome,
    errors=(404,),
    example={"sink": "pagerduty"},
)
@needs(Role.RESPONDER)
def attach_note(finding_id: str, body: AttachTo) -> Outcome:
    """Writes the note now, and waits for what the sink says. A note that was not taken is tried again by itself."""
    return _outcome(attach_now(stored_finding(finding_id), body.sink))


@post("/findings/<finding_id>/verification", tag="bundles", answer=Outcome, status=200, errors=(404,))
@needs(Role.VIEWER)
def verify_bundle(finding_id: str) -> Outcome:
    """Makes the bundle, opens it and computes it again, as `correlator bundle verify` does. It takes some seconds."""
    return _outcome(verify_now(stored_finding(finding_id)))


def _outcome(result: Result) -> Outcome:
    return Outcome(
        finding_id=result.finding_id,
        title=result.title,
        line=result.line,
        good=result.good,
        details=list(result.details),
        text=result.text,
    )
