"""Links that show one finding to somebody without an account: those there are, a new one, and one taken back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from msgspec import Meta

from correlator.model import iso
from correlator.store.paging import Place
from correlator.store.shares import Share, get_share, shares_of
from correlator.text.times import micros
from web.access import Role, needs
from web.api.cursors import key_in, page_of
from web.api.kinds import PLAIN, Answer, Next, Paged
from web.api.numbers import ByAPerson
from web.api.routes import Link, get, post
from web.context import context
from web.errors import not_found
from web.shared_links import can_share, share_link
from web.steps.acting import acting
from web.views.finding import stored_finding
from web.views.share import LONGEST_NOTE, make_share, take_back

_OF: Any = {"finding_id": "path.finding_id"}
_MAKE: Any = {"actor": "on-call", "days": 7, "note": "the platform team"}


class SharedLink(Answer, frozen=True, kw_only=True):
    """One link. `href` opens the finding for as long as it holds; null after that. `note`: for whom it is."""

    id: str
    made_by: str
    made_at: str
    expires_at: str
    note: str
    holds: bool
    href: str | None
    revoked_by: str
    revoked_at: str | None


class SharedLinks(Answer, frozen=True, kw_only=True):
    """The newest first. `shareable`: whether links can be signed here."""

    finding_id: str
    shareable: bool
    links: list[SharedLink]
    next: Next


class MakeLink(ByAPerson, frozen=True, kw_only=True):
    """`days`: for how long it holds; `note`: for whom it is."""

    days: Literal[1, 7, 30]
    note: Annotated[str, Meta(max_length=LONGEST_NOTE, pattern=PLAIN)] = ""


class TakeBack(ByAPerson, frozen=True, kw_only=True):
    """A link opens nothing from now on."""


@get("/findings/<finding_id>/shares", tag="findings", asked=Paged, answer=SharedLinks, errors=(404,))
def shares(finding_id: str, asked: Paged) -> SharedLinks:
    """Who made links to a finding, for whom, and until when they hold."""
    stored, last = stored_finding(finding_id), key_in(asked.after, Place)
    rows, following = page_of(shares_of(context().engine, stored.id, asked.limit + 1, last), asked.limit, _key)
    links = [_link(one) for one in rows]
    return SharedLinks(finding_id=stored.id, shareable=can_share(context().settings), links=links, next=following)


def _key(share: Share) -> Place:
    return micros(share.made_at), share.id


@post(
    "/findings/<finding_id>/shares",
    tag="findings",
    body=MakeLink,
    answer=SharedLink,
    errors=(404,),
    example=_MAKE,
    links=(Link("shares", _OF), Link("revoke_link", _OF | {"share_id": "id"})),
)
@needs(Role.RESPONDER)
def make_link(finding_id: str, body: MakeLink) -> SharedLink:
    """Makes a link: whoever has it reads this one finding, and nothing of other tenants. 503 where no secret is set."""
    stored = stored_finding(finding_id)
    return _link(make_share(stored.id, body.days, acting({"actor": body.actor}), body.note))


@post(
    "/findings/<finding_id>/shares/<share_id>/revoke",
    tag="findings",
    body=TakeBack,
    answer=SharedLink,
    status=200,
    errors=(404,),
    example={"actor": "on-call"},
)
@needs(Role.RESPONDER)
def revoke_link(finding_id: str, share_id: str, body: TakeBack) -> SharedLink:
    """Takes a link back. 404 for one that is not this finding's, or was taken back before."""
    stored = stored_finding(finding_id)
    take_back(stored.id, share_id, acting({"actor": body.actor}))
    share = get_share(context().engine, share_id)
    if share is None:
        raise not_found(f"{stored.id} has no such link")
    return _link(share)


def _link(share: Share) -> SharedLink:
    holds = can_share(context().settings) and share.holds(datetime.now(UTC))
    return SharedLink(
        id=share.id,
        made_by=share.made_by,
        made_at=iso(share.made_at),
        expires_at=iso(share.expires_at),
        note=share.note,
        holds=holds,
        href=share_link(context().settings, share.id) if holds else None,
        revoked_by=share.revoked_by,
        revoked_at=iso(share.revoked_at) if share.revoked_at else None,
    )
