"""What stands beside a finding's packet: where its note went, who sees it by a link, the versions of its ask, its
trail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from connectors.registry import writing_kinds
from correlator.store.asks import AskEdit, edits_of
from correlator.store.attachments import Attachment, list_attachments
from correlator.store.audit import Entry, Wanted, entries
from correlator.store.shares import Share, shares_of
from web.access import current_actor
from web.context import Context
from web.reading.versions import Said, versions_of
from web.shared_links import can_share, share_link

TRAIL_SHOWN: Final = 30
_WORDS: Final = {
    "bundle": "took the bundle along",
    "packet": "took the packet along",
    "note": "took the note along",
    "ticket": "took the ticket along",
    "verify": "verified the bundle",
    "attach": "attached its note",
    "ask": "put the ask in other words",
    "share": "made a link",
    "unshare": "took a link back",
    "share opened": "opened it by a link",
}


@dataclass(frozen=True, slots=True)
class Link:
    """One link with its address, which is told for as long as it holds."""

    share: Share
    holds: bool
    address: str


@dataclass(frozen=True, slots=True)
class Trace:
    """One entry of the audit log."""

    entry: Entry
    words: str
    details: str


@dataclass(frozen=True, slots=True)
class Beside:
    """`trail` is None for those who may not read the audit log."""

    sinks: tuple[str, ...]
    attachments: tuple[Attachment, ...]
    shareable: bool
    links: tuple[Link, ...]
    edits: tuple[AskEdit, ...]
    versions: tuple[Said, ...]
    trail: tuple[Trace, ...] | None


def beside_of(context: Context, finding_id: str) -> Beside:
    engine, shareable, now = context.engine, can_share(context.settings), datetime.now(UTC)
    shares = shares_of(engine, finding_id)
    return Beside(
        sinks=tuple(writing_kinds(context.settings)),
        attachments=tuple(list_attachments(engine, finding_id=finding_id)),
        shareable=shareable,
        links=tuple(_link(context, share, shareable and share.holds(now)) for share in shares),
        edits=tuple(edits_of(engine, finding_id)),
        versions=tuple(versions_of(engine, finding_id)),
        trail=None if current_actor().restricted else _trail(context, finding_id),
    )


def _link(context: Context, share: Share, holds: bool) -> Link:
    return Link(share, holds, share_link(context.settings, share.id) if holds else "")


def _trail(context: Context, finding_id: str) -> tuple[Trace, ...]:
    found = entries(context.engine, Wanted(target=finding_id), TRAIL_SHOWN)
    return tuple(Trace(one, words_of(one), _told(one)) for one in found)


def words_of(entry: Entry) -> str:
    """What was done, as one says it."""
    return _WORDS.get(entry.action, entry.action)


def _told(entry: Entry) -> str:
    return ", ".join(f"{name} {value}" for name, value in entry.details.items() if value not in ("", None, False))
