"""A finding to hand on: its packet as text, who did what with it, and what changed between two of its versions."""

from __future__ import annotations

from typing import Any

from msgspec import field

from correlator.evidence.markdown import to_markdown
from correlator.evidence.note import to_note
from correlator.evidence.ticket import to_ticket
from correlator.lifecycle.life import life_of
from correlator.lifecycle.words import closing_line
from correlator.store.audit import Wanted, entries
from web.access import Role, needs, note_audit
from web.api.cursors import key_in, page_of
from web.api.facts import At
from web.api.kinds import Answer, Asked, Moment, Next, Paged
from web.api.routes import get
from web.api.settings import AuditEntry, told_entry
from web.context import context
from web.http.arguments import near_us
from web.reading.beside import words_of
from web.rules.ask_waiting import telling_of
from web.views.finding import packet_of, page_url, stored_finding
from web.views.versions import page_of as versions_page


class Packet(Answer, frozen=True, kw_only=True):
    """The same evidence as Markdown, as a note of a few lines, and as a ticket to complete. `page`: where people read
    it; `gone_at`: since when it stands no longer; `telling`: whether its ask is said to anybody yet, "" where it is."""

    finding_id: str
    page: str
    gone_at: At | None
    telling: str
    markdown: str
    note: str
    ticket: str


class TraceOfAFinding(AuditEntry, frozen=True, kw_only=True):
    """`words`: what was done, as one says it."""

    words: str


class Trail(Answer, frozen=True, kw_only=True):
    """The newest first."""

    entries: list[TraceOfAFinding]
    next: Next


class ChangesAsked(Asked, frozen=True, kw_only=True):
    """Two moments; left out, `from` is that before the last change, and `to` what stands now."""

    start: Moment | None = field(default=None, name="from")
    end: Moment | None = field(default=None, name="to")


class ChangeSaid(Answer, frozen=True, kw_only=True):
    """One thing that is said otherwise, in words; "" where it was not or is not said."""

    what: str
    before: str
    after: str


class VersionChanges(Answer, frozen=True, kw_only=True):
    """`before` and `after`: the moments that are compared; `after` null: what stands now. `changes` null: it said the
    same from the beginning."""

    finding_id: str
    before: At | None
    after: At | None
    changes: list[ChangeSaid] | None


@get("/findings/<finding_id>/packet", tag="findings", answer=Packet, errors=(404,))
def packet(finding_id: str) -> Packet:
    """The evidence as text, to be pasted where people work."""
    stored = stored_finding(finding_id)
    made = packet_of(stored)
    note_audit("packet", stored.id)
    return Packet(
        finding_id=stored.id,
        page=page_url(stored.id),
        gone_at=stored.gone_at,
        telling=telling_of(stored),
        markdown=to_markdown(made),
        note=to_note(made, closing_line(life_of(context().engine, stored))),
        ticket=to_ticket(made),
    )


@get("/findings/<finding_id>/trail", tag="findings", asked=Paged, answer=Trail, errors=(404,))
@needs(Role.VIEWER, whole=True)
def trail(finding_id: str, asked: Paged) -> Trail:
    """Who did what with it: took evidence along, verified, attached, shared, put the ask in other words."""
    stored = stored_finding(finding_id)
    (before,) = key_in(asked.after, tuple[int]) or (0,)
    found = entries(context().engine, Wanted(target=stored.id, before=before), asked.limit + 1)
    rows, following = page_of(found, asked.limit, lambda one: (one.id,))
    told = [TraceOfAFinding(**told_entry(one), words=words_of(one)) for one in rows]
    return Trail(entries=told, next=following)


@get(
    "/findings/<finding_id>/versions/changes",
    tag="findings",
    asked=ChangesAsked,
    answer=VersionChanges,
    errors=(404,),
)
def version_changes(finding_id: str, asked: ChangesAsked) -> VersionChanges:
    """What is said otherwise between two moments. 422 where nothing was said at one of them."""
    start = near_us("from", asked.start) if asked.start else None
    end = near_us("to", asked.end) if asked.end else None
    page = versions_page(stored_finding(finding_id), start, end)
    changes: Any = page.changes
    if changes is not None:
        changes = [ChangeSaid(what=one.what, before=one.before, after=one.after) for one in changes]
    return VersionChanges(finding_id=page.stored.id, before=page.before, after=page.after, changes=changes)
