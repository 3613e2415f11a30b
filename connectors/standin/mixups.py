"""Answers that are well-formed and still not what one asked for: items twice, moved, late, bad, or none at all.

What is wrong with an item stays wrong: it depends on the seed and the item's id alone, so `bad_ids` and `late` say what
a client can have. Nothing is lost for good: an item that left its page comes on the next one of the same list.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any, Final

from connectors.standin.http import Reply, Request
from connectors.standin.paging import Search

Items = list[Any]
Serve = Callable[[Request], Reply]

LISTS: Final = {
    "/api/v2/spans/events/search": "data",
    "/api/v2/events/search": "data",
    "/incidents": "incidents",
    "/log_entries": "log_entries",
}
ON_PAGES: Final = ("repeated-item", "moved-item", "out-of-order", "empty-page")
ON_ITEMS: Final = ("malformed-item", "unknown-word", "late-item")
MIXUPS: Final = (*ON_PAGES, *ON_ITEMS)
_ONE_IN: Final = {"malformed-item": 40, "unknown-word": 40, "late-item": 3}


class Mixups:
    """Plays them, and keeps what they need to be played fairly."""

    def __init__(self, seed: int, kinds: tuple[str, ...]) -> None:
        self.kinds = kinds
        self.held_back: set[str] = set()
        self.late_from = ""
        """Items from this time on (ISO 8601, as the answer spells it) may be late; none while it is empty."""
        self._seed = seed
        self._random = Random(seed + 1)  # noqa: S311 - for play, not for keys
        self._arrived = False
        self._moved: dict[str, Items] = {}
        self._last: dict[str, Items] = {}
        self._emptied: dict[str, int] = {}

    def arrive(self) -> None:
        """What was late is there from now on."""
        self._arrived = True

    def bad(self, kind: str, item_id: str) -> bool:
        """Whether this item is malformed, has an unknown word, or is late."""
        draw = zlib.crc32(f"{self._seed} {kind} {item_id}".encode())
        return kind in self.kinds and draw % _ONE_IN[kind] == 0

    def possible(self, kind: str, request: Request) -> bool:
        """Whether a request can meet this one: those on items are not met, they are there."""
        return kind in ON_PAGES and request.path in LISTS

    def reply(self, kind: str | None, vendor: str, request: Request, serve: Serve) -> Reply:
        """The answer with the items it has in this weather; `kind` is the mix-up this request meets."""
        wrapper = LISTS.get(request.path)
        if wrapper is None:
            return serve(request)
        reply = self._emptied_reply(kind, vendor, request, serve)
        if reply.status != 200 or not isinstance(reply.body, dict):
            return reply
        items = self._items(kind, request, reply.body.get(wrapper) or [], _goes_on(reply.body))
        return replace(reply, body={**reply.body, wrapper: items})

    def _items(self, kind: str | None, request: Request, items: Items, more: bool) -> Items:
        items = [self._spoilt(request.path, item) for item in items if not self._late(item)]
        asked = f"{request.path} {_query_of(request)}"
        items = self._moved.pop(asked, []) + items
        if kind == "repeated-item" and items:
            items = [*self._last.get(asked, []), *items, self._random.choice(items)]
        if kind == "moved-item" and more and items:
            self._moved[asked] = [items.pop(self._random.randrange(len(items)))]
        if kind == "out-of-order":
            self._random.shuffle(items)
        self._last[asked] = items[-2:]
        return items

    def _late(self, item: Any) -> bool:
        if self._arrived or not self.late_from or not self.bad("late-item", item["id"]):
            return False
        late = bool(_time_of(item) >= self.late_from)
        if late:
            self.held_back.add(item["id"])
        return late

    def _spoilt(self, path: str, item: Any) -> Any:
        if self.bad("malformed-item", item["id"]):
            return _malformed(item)
        return _with_unknown_word(path, item) if self.bad("unknown-word", item["id"]) else item

    # --- an empty page that says there is more -----------------------------------------------------------------

    def _emptied_reply(self, kind: str | None, vendor: str, request: Request, serve: Serve) -> Reply:
        empty = kind == "empty-page"
        if vendor == "datadog":
            return _empty_with_cursor(request, serve(request)) if empty else serve(request)
        window = f"{request.path} {request.one('since')} {request.one('until')}"
        offset, limit = int(request.one("offset", "0")), int(request.one("limit", "25"))
        if offset == 0:
            self._emptied[window] = 0
        if empty:
            self._emptied[window] += 1
            return Reply(200, {LISTS[request.path]: [], "more": True, "offset": offset, "limit": limit, "total": None})
        shifted = str(offset - limit * self._emptied.get(window, 0))
        return serve(replace(request, query={**request.query, "offset": [shifted]}))


def _query_of(request: Request) -> str:
    """What a search looks for: it tells the lists of one path apart."""
    return str(_search_of(request)["filter"].get("query", "*")) if request.body else ""


def _search_of(request: Request) -> dict[str, Any]:
    body = json.loads(request.body)
    search: dict[str, Any] = body["data"]["attributes"] if "data" in body else body
    return search


def _empty_with_cursor(request: Request, reply: Reply) -> Reply:
    """Nothing, and a cursor that leads to what would have been here."""
    search = _search_of(request)
    query, descending = search["filter"].get("query", "*"), search.get("sort") == "-timestamp"
    cursor = search["page"].get("cursor") or Search(0, 0, query, descending, 1, None).cursor((-1, ""))
    return replace(reply, body={"data": [], "meta": {"page": {"after": cursor}}})


def _goes_on(body: dict[str, Any]) -> bool:
    return bool(body.get("more") or body.get("meta", {}).get("page", {}).get("after"))


def _time_of(item: dict[str, Any]) -> str:
    attributes = item.get("attributes", item)
    return str(attributes.get("start_timestamp") or attributes.get("timestamp") or attributes.get("created_at"))


def _malformed(item: dict[str, Any]) -> dict[str, Any]:
    """The item without the time it cannot do without."""
    if "attributes" in item:
        return {**item, "attributes": "[object Object]"}
    return {**item, "created_at": None}


def _with_unknown_word(path: str, item: dict[str, Any]) -> dict[str, Any]:
    """The item with a word of a later version of the API."""
    if path == "/incidents":
        return {**item, "urgency": "severe"}
    if path == "/log_entries":
        return {**item, "channel": {**item.get("channel", {}), "type": "hologram"}}
    if "custom" not in item["attributes"]:
        return {**item, "type": "event_v3"}
    custom = {**item["attributes"]["custom"], "status": "superposed"}
    return {**item, "attributes": {**item["attributes"], "custom": custom}}
