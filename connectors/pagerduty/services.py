"""The stream `services`: technical and business services with what they depend on, every few hours.

Edges take one request a service, so the whole is read seldom; `kind` and `offset` in the position are how far an
unfinished reading came.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from connectors.pagerduty.client import NotAllowedError, NotFoundError, PagerDutyClient, UnavailableError
from connectors.pagerduty.lists import items_of
from connectors.pagerduty.mapping import service_from
from connectors.payloads import UnmappableError, dig, set_aside, text_of
from correlator.model import iso
from correlator.ports import Fact, Page, PullWindow, Service, SetAside

_PAGE: Final = 25  # small, as each service takes a request of its own
_LISTS: Final = {"technical": "services", "business": "business_services"}


class ServiceStream:
    """One pull of the stream. `learned` is filled with the names of services, for other streams of the same pull."""

    def __init__(self, client: PagerDutyClient, every: timedelta, learned: dict[str, str]) -> None:
        self._client = client
        self._every = every
        self._learned = learned
        self._notices: list[str] = []
        self._no_edges: set[str] = set()

    def pages(self, position: dict[str, Any], window: PullWindow) -> Iterator[Page]:
        """All services when it is time again, else one empty page with what was missing last. Raises SourceError."""
        read_at = position.get("watermark")
        unfinished = position.get("kind") or position.get("offset")
        if not unfinished and read_at and window.until - datetime.fromisoformat(read_at) < self._every:
            yield Page("services", (), position, requests=0, done=True, notices=tuple(position.get("notices", ())))
            return
        self._notices = list(position.get("notices", ())) if unfinished else []
        kind, offset = position.get("kind", "technical"), position.get("offset", 0)
        while kind:
            before = self._client.sent
            facts, aside, more = self._page(kind, offset)
            kind, offset = _following(kind, offset, more=more)
            reached = (
                {"watermark": read_at, "kind": kind, "offset": offset} if kind else {"watermark": iso(window.until)}
            )
            yield Page(
                "services",
                tuple(facts),
                reached | ({"notices": self._notices} if self._notices else {}),
                set_aside=tuple(aside),
                requests=self._client.sent - before,
                done=not kind,
                notices=tuple(self._notices),
            )

    def _page(self, kind: str, offset: int) -> tuple[list[Fact], list[SetAside], bool]:
        """One page of one kind of services, with their edges; business services are a matter of the plan."""
        wrapper = _LISTS[kind]
        try:
            document = self._client.get(f"/{wrapper}", {"limit": _PAGE, "offset": offset})
        except UnavailableError as error:
            if kind == "technical":
                raise
            self._notices.append(f"business services are not read: {error.short}")
            return [], [], False
        facts: list[Fact] = []
        aside: list[SetAside] = []
        for payload in items_of(document, wrapper):
            try:
                facts.append(self._service(payload, kind))
            except UnmappableError as error:
                aside.append(set_aside(payload, str(error)))
        return facts, aside, bool(document.get("more"))

    def _service(self, payload: Any, kind: str) -> Service:
        service = service_from(payload, self._relationships(payload, kind), kind)
        self._learned[service.service_id] = service.name
        return service

    def _relationships(self, payload: Any, kind: str) -> list[Any]:
        """The edges of one service. Fails open: an account without the service graph still has its services."""
        service_id = text_of(dig(payload, "id"))
        if service_id is None or kind in self._no_edges:
            return []
        path = f"/service_dependencies/{kind}_services/{service_id}"
        try:
            return items_of(self._client.get(path), "relationships")
        except NotFoundError:
            return []
        except NotAllowedError as error:
            self._no_edges.add(kind)
            self._notices.append(f"what {kind} services depend on is not read: {error.short}")
            return []


def _following(kind: str, offset: int, *, more: bool) -> tuple[str, int]:
    """Where to go on: the next page, the next kind, or "" at the end."""
    if more:
        return kind, offset + _PAGE
    kinds = [*_LISTS, ""]
    return kinds[kinds.index(kind) + 1], 0
