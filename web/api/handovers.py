"""Handovers: the draft as the data has it now, those that were written, and the way of one."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType, to_builtins

from correlator.handover.differing import Beside
from correlator.handover.document import handover_document
from correlator.handover.facts import Item, Part
from correlator.handover.text import draft_markdown, handover_markdown, handover_plain
from correlator.handover.writing import LONGEST, LONGEST_READ_BACK, Edit, acknowledge, begin, drafted, edit, news
from correlator.store.handovers import StoredHandover, get_handover, get_version, list_handovers, versions_of
from web.access import Role, current_actor, needs, note_audit
from web.api.cursors import key_in, page_of
from web.api.facts import At
from web.api.kinds import PLAIN, Answer, Asked, Body, Next, Paged
from web.api.numbers import LARGEST, ByAPerson, OnWhatWasSeen, number_in
from web.api.routes import Link, get, post
from web.context import context
from web.errors import not_found
from web.steps.acting import acting

_ID: Any = {"handover_id": "id"}
_SEEN: Any = {"seen": "version"}
_LINKS = (
    Link("handover", _ID),
    Link("write_handover", _ID, _SEEN | {"taken_up": "taken_up"}),
    Link("acknowledge_handover", _ID, _SEEN),
)
_BEGIN: Any = {"actor": "on-call"}
_EDIT: Any = {"actor": "on-call", "seen": 1, "words": {"next": "2026-03-15 12:00 UTC: go to who decides"}}
_ACKNOWLEDGE: Any = {"actor": "next on call", "seen": 2, "read_back": "I remind the team at noon"}
Written = Annotated[str, Meta(max_length=LONGEST, pattern=PLAIN)]


class HandoverSection(Answer, frozen=True, kw_only=True):
    part: Part
    title: str
    items: list[Item]


class HandoverDraft(Answer, frozen=True, kw_only=True):
    """The facts a handover is drafted from. `since`: from when on things are told that were done, and `after`: the
    handover that was acknowledged then."""

    made_at: str
    data_as_of: str | None
    since: str
    after: int | None
    sections: list[HandoverSection]


class HandoverDraftNow(HandoverDraft, frozen=True, kw_only=True):
    """`markdown`: the same to be handed on as text."""

    markdown: str


class FactChanged(Answer, frozen=True, kw_only=True, rename={"now": "is"}):
    was: Item
    now: Item


class NewerFacts(Answer, frozen=True, kw_only=True):
    """What the data says of a section other than what was written from."""

    part: Part
    new: list[Item]
    changed: list[FactChanged]
    over: list[Item]


class HandoverVersion(Answer, frozen=True, kw_only=True):
    version: int
    at: At
    author: str
    data_as_of: At | None


class HandoverAsked(Asked, frozen=True, kw_only=True):
    """`version`: as it stood then; left out, as it stands."""

    version: Annotated[int, Meta(ge=1, le=LARGEST)] | None = None


class Handover(Answer, frozen=True, kw_only=True):
    """A handover as it stands, or as it stood in the version asked for; `versions`: all there are, the oldest first.
    `markdown`, `plain`: the same as text. `words`: what was written, by section; `facts`: the data it was written
    from; `newer`: what the data says by now, while it is open; `taken_up` sent with an edit says that this was taken
    up."""

    id: int
    author: str
    begun_at: str
    version: int
    written_by: str
    written_at: str
    data_as_of: str | None
    words: dict[str, str]
    versions: list[HandoverVersion]
    markdown: str
    plain: str
    facts: HandoverDraft
    newer: list[NewerFacts]
    taken_up: str
    acknowledged_by: str | None
    acknowledged_at: str | None
    read_back: str


class HandoverInShort(Answer, frozen=True, kw_only=True):
    id: int
    author: str
    begun_at: str
    version: int
    data_as_of: str | None
    acknowledged_by: str | None
    acknowledged_at: str | None


class Handovers(Answer, frozen=True, kw_only=True):
    """The newest first."""

    handovers: list[HandoverInShort]
    next: Next


class Begin(ByAPerson, frozen=True, kw_only=True):
    """A handover is begun with the draft as its first version."""


class WrittenWords(Body, frozen=True, kw_only=True):
    """The text of sections, by their names."""

    conditions: Written | UnsetType = UNSET
    changed: Written | UnsetType = UNSET
    actions: Written | UnsetType = UNSET
    needs: Written | UnsetType = UNSET
    ruled_out: Written | UnsetType = UNSET
    unseen: Written | UnsetType = UNSET
    next: Written | UnsetType = UNSET


class SectionsWritten(OnWhatWasSeen, frozen=True, kw_only=True):
    """The text of sections; those that are left out stay as they are. `taken_up`: as the handover gave it."""

    words: WrittenWords = WrittenWords()
    taken_up: Annotated[str, Meta(pattern=r"^([0-9a-f]{16})?$")] = ""


class TakeOver(OnWhatWasSeen, frozen=True, kw_only=True):
    """Somebody who wrote no part of it acknowledges this version."""

    read_back: Annotated[str, Meta(max_length=LONGEST_READ_BACK, pattern=PLAIN)] = ""


@get("/handover", tag="handovers", answer=HandoverDraftNow)
def handover_draft() -> dict[str, Any]:
    """A handover as it would be drafted now; nothing is stored."""
    made = drafted(context().engine, datetime.now(UTC), current_actor().tenants)
    return made.to_dict() | {"markdown": draft_markdown(made)}


@get("/handovers", tag="handovers", asked=Paged, answer=Handovers)
def handovers(asked: Paged) -> dict[str, Any]:
    """Those that were written and that one may see."""
    last = key_in(asked.after, tuple[int])
    found = list_handovers(context().engine, last[0] if last else None, asked.limit)
    rows, following = page_of(found, asked.limit, lambda one: (one.id,))
    short = HandoverInShort.__struct_fields__
    documents = [handover_document(one) for one in rows]
    return {"handovers": [{name: one[name] for name in short} for one in documents], "next": following}


@get("/handovers/<handover_id>", tag="handovers", asked=HandoverAsked, answer=Handover, errors=(404,))
def handover(handover_id: str, asked: HandoverAsked) -> dict[str, Any]:
    """One with its words, the facts it was written from, and what the data says by now."""
    stored = _stored(handover_id)
    if asked.version is None:
        return _document(stored)
    version = get_version(context().engine, stored.id, asked.version)
    if version is None:
        raise not_found(f"handover {stored.id} has no version {asked.version}")
    return _document(replace(stored, last=version))


@post("/handovers", tag="handovers", body=Begin, answer=Handover, example=_BEGIN, links=_LINKS)
@needs(Role.RESPONDER)
def begin_handover(body: Begin) -> dict[str, Any]:
    """Begins one, or gives the one that is open for those who see the same tenants."""
    made, new = begin(context().engine, acting(to_builtins(body)), current_actor().tenants, datetime.now(UTC))
    if new:
        note_audit("handover begun", f"handover {made}")
    return _document(_stored(str(made)))


@post(
    "/handovers/<handover_id>/words",
    tag="handovers",
    body=SectionsWritten,
    answer=Handover,
    errors=(404, 409),
    example=_EDIT,
)
@needs(Role.RESPONDER)
def write_handover(handover_id: str, body: SectionsWritten) -> dict[str, Any]:
    """Enters the next version. 409 where somebody was quicker, or it is acknowledged."""
    stored = _stored(handover_id)
    change = Edit(to_builtins(body.words), body.seen, body.taken_up)
    done = edit(context().engine, stored.id, acting(to_builtins(body)), change, datetime.now(UTC))
    note_audit("handover edited", f"handover {stored.id}", {"version": done.last.version})
    return _document(done)


@post(
    "/handovers/<handover_id>/acknowledgement",
    tag="handovers",
    body=TakeOver,
    answer=Handover,
    errors=(404, 409),
    example=_ACKNOWLEDGE,
)
@needs(Role.RESPONDER)
def acknowledge_handover(handover_id: str, body: TakeOver) -> dict[str, Any]:
    """Takes it over. 409 for who wrote a part of it, or a version that is not the last."""
    stored = _stored(handover_id)
    name, now = acting(to_builtins(body)), datetime.now(UTC)
    done = acknowledge(context().engine, stored.id, name, body.read_back, body.seen, now)
    note_audit("handover acknowledged", f"handover {stored.id}", {"version": body.seen})
    return _document(done)


def _stored(handover_id: str) -> StoredHandover:
    found = get_handover(context().engine, number_in(handover_id, "handover"))
    if found is None:
        raise not_found(f"there is no handover {handover_id}", "those there are stand at /api/v1/handovers")
    return found


def _document(stored: StoredHandover) -> dict[str, Any]:
    beside: tuple[Beside, ...] = ()
    seal = ""
    if stored.acknowledged_at is None:
        beside, seal = news(context().engine, stored, datetime.now(UTC))
    versions = [HandoverVersion(**asdict(one)) for one in versions_of(context().engine, stored.id)]
    texts = {"markdown": handover_markdown(stored), "plain": handover_plain(stored)}
    return handover_document(stored, beside) | {"taken_up": seal, "versions": versions} | texts
