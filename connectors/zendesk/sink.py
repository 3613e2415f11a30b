"""Zendesk as a sink: an internal note on each ticket that names a finding or an incident it explains.

A comment cannot be changed, so another one is written only when the verdict is another; each carries a line by which it
is found again, and the comments are read before one is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from connectors.payloads import text_of
from connectors.plain_http import PlainClient, RefusedError, Words
from connectors.retries import LostAnswerError, Patience, patience_to_write
from connectors.zendesk.mapping import carries, carries_any, comment, finding_named, names_of
from correlator.errors import SettingsError
from correlator.ports import Attached, Note, Place, Way
from correlator.settings import Settings

TOKEN: Final = "ZENDESK_API_TOKEN"  # noqa: S105 - the name of a variable, no secret
_NAMES_AT_ONCE: Final = 20
_PAGE: Final = 100
_LARGEST_PAGE: Final = 10  # a search gives no more than 1000 tickets
_UNPROCESSABLE: Final = 422


class ZendeskSink:
    """Implements `ports.Sink` and `ports.TicketFinder`; `tags`, `external_ids`: templates of what tickets carry."""

    name = "zendesk"
    ways: Mapping[Place, Way] = MappingProxyType({Place.TICKET: Way(in_place=False)})

    def __init__(self, client: PlainClient, tags: Sequence[str], external_ids: Sequence[str]) -> None:
        self._client = client
        self._tags = tags
        self._external_ids = external_ids

    def tickets(self, subjects: Mapping[str, Sequence[str]]) -> Mapping[str, str]:
        """See `ports.TicketFinder`. Zendesk's search knows a ticket some minutes after it was made."""
        tags, external = names_of(self._tags, subjects), names_of(self._external_ids, subjects)
        found: dict[str, str] = {}
        for word, names in (("external_id", external), ("tags", tags)):
            for ticket in self._search(word, names):
                number, finding_id = text_of(ticket.get("id")), finding_named(ticket, tags, external)
                if number is not None and finding_id is not None:
                    found.setdefault(number, finding_id)
        return found

    def attach(self, note: Note) -> Attached:
        """Write this revision of the note, unless it stands on the ticket. Raises SourceError."""
        existing = self._existing(note)
        if existing is not None or (note.only_if_there and not self._has_any(note)):
            return Attached(existing or "", written=False)
        try:
            self._client.write("PUT", f"/api/v2/tickets/{note.target}.json", comment(note))
        except LostAnswerError:
            existing = self._existing(note)
            if existing is None:
                raise
            return Attached(existing, written=True)
        except RefusedError as error:
            if error.status != _UNPROCESSABLE or not self._is_closed(note.target):
                raise
            return Attached("", written=False)
        return Attached(self._existing(note) or "", written=True)

    def rendered(self, note: Note) -> str:
        """The text of the comment."""
        return str(comment(note)["ticket"]["comment"]["body"])

    def _existing(self, note: Note) -> str | None:
        """The id of the comment that is this revision; None when the ticket has none."""
        ours = (text_of(item.get("id")) or "" for item in self._comments(note.target) if carries(item, note))
        return next(ours, None)

    def _has_any(self, note: Note) -> bool:
        return any(carries_any(item, note) for item in self._comments(note.target))

    def _comments(self, ticket: str) -> Iterator[Any]:
        """All comments of a ticket, newest first."""
        params = {"page[size]": str(_PAGE), "sort": "-created_at"}
        while True:
            document = self._client.get(f"/api/v2/tickets/{ticket}/comments.json", params).document
            yield from document.get("comments") or []
            meta = document.get("meta") or {}
            if not meta.get("has_more") or not meta.get("after_cursor"):
                return
            params["page[after]"] = str(meta["after_cursor"])

    def _is_closed(self, ticket: str) -> bool:
        """A closed ticket can be changed by nobody: what stands there is the end of it."""
        found = self._client.get(f"/api/v2/tickets/{ticket}.json").document.get("ticket") or {}
        return bool(found.get("status") == "closed")

    def _search(self, word: str, names: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
        """Tickets that are not solved and carry any of the names: words of the same kind are alternatives."""
        wanted = sorted(names)
        for some in (wanted[start : start + _NAMES_AT_ONCE] for start in range(0, len(wanted), _NAMES_AT_ONCE)):
            query = " ".join(["type:ticket", "status<solved", *(f'{word}:"{name}"' for name in some)])
            for page in range(1, _LARGEST_PAGE + 1):
                params = {"query": query, "per_page": str(_PAGE), "page": str(page)}
                document = self._client.get("/api/v2/search.json", params).document
                yield from (item for item in document.get("results") or [] if isinstance(item, dict))
                if not document.get("next_page"):
                    break


def build_client(settings: Settings, patience: Patience | None = None) -> PlainClient:
    """The client as configured. Raises SettingsError for a missing address, user or token."""
    for name in ("zendesk.url", "zendesk.user"):
        if not settings[name]:
            raise SettingsError(f"{name} is not set", hint="see docs/zendesk.md")
    token = settings.secret(TOKEN)
    words = Words("Zendesk", f"check zendesk.user and {TOKEN}, and that the user is an agent", "check zendesk.url")
    return PlainClient(
        settings["zendesk.url"].rstrip("/"),
        words,
        auth=(f"{settings['zendesk.user']}/token", token),
        secrets=(token,),
        patience=patience or patience_to_write(),
    )


def build(settings: Settings, patience: Patience | None = None) -> ZendeskSink:
    """The sink as configured. Raises SettingsError."""
    tags, external_ids = settings["zendesk.tags"], settings["zendesk.external_ids"]
    if not tags and not external_ids:
        raise SettingsError(
            "zendesk.tags and zendesk.external_ids are both empty, so no ticket can be found",
            hint='e.g. tags: ["{finding_id}"]',
        )
    return ZendeskSink(build_client(settings, patience), tags, external_ids)
