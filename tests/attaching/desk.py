"""A Zendesk account with some tickets, answering as Zendesk's reference of the Ticketing API describes."""

from __future__ import annotations

import base64
import re
from typing import Any

from connectors.standin.http import Reply, Request

USER, TOKEN = "agent@example.com", "token-for-tests"


class Desk:
    """`tickets` by number, `comments` by ticket, oldest first; a comment page holds `page` of them."""

    def __init__(self, page: int = 100) -> None:
        self.tickets: dict[int, dict[str, Any]] = {}
        self.comments: dict[int, list[dict[str, Any]]] = {}
        self.role = "agent"
        self.page = page
        self._count = 900

    def open(self, number: int, *tags: str, external_id: str | None = None, status: str = "open") -> None:
        """A ticket of a customer."""
        self.tickets[number] = {"id": number, "tags": list(tags), "external_id": external_id, "status": status}
        self.comments[number] = [{"id": number * 10, "body": "It failed again.", "public": True}]

    def notes(self, number: int) -> list[str]:
        """Our comments on a ticket; none of them may be seen by the customer."""
        ours = [one for one in self.comments[number] if "[incident-correlator" in one["body"]]
        assert not any(one["public"] for one in ours)
        return [one["body"] for one in ours]

    def answer(self, request: Request) -> Reply:
        wanted = base64.b64encode(f"{USER}/token:{TOKEN}".encode()).decode()
        known = request.headers.get("authorization") == f"Basic {wanted}"
        if request.path == "/api/v2/users/me.json":
            return Reply(200, {"user": {"id": 7, "role": self.role} if known else {"id": None, "role": "end-user"}})
        if not known:
            return Reply(401, {"error": "Couldn't authenticate you"})
        if request.path == "/api/v2/search.json":
            return self._search(request)
        found = re.fullmatch(r"/api/v2/tickets/(\d+)(/comments)?\.json", request.path)
        if found is None or int(found[1]) not in self.tickets:
            return Reply(404, {"error": "RecordNotFound", "description": "Not found"})
        number = int(found[1])
        if found[2]:
            return self._comments(request, number)
        return self._update(request, number) if request.method == "PUT" else self._ticket(number)

    def _ticket(self, number: int) -> Reply:
        return Reply(200, {"ticket": self.tickets[number]})

    def _update(self, request: Request, number: int) -> Reply:
        if self.tickets[number]["status"] == "closed":
            details = {"status": [{"description": "Status: closed prevents ticket update"}]}
            return Reply(422, {"error": "RecordInvalid", "description": "Record validation errors", "details": details})
        self._count += 1
        self.comments[number].append({"id": self._count, **request.json()["ticket"]["comment"]})
        return self._ticket(number)

    def _comments(self, request: Request, number: int) -> Reply:
        assert request.one("sort") == "-created_at"
        known = list(reversed(self.comments[number]))
        start = int(request.one("page[after]") or 0)
        size = min(self.page, int(request.one("page[size]")))
        more = start + size < len(known)
        meta = {"has_more": more, "after_cursor": str(start + size) if more else None, "before_cursor": None}
        return Reply(200, {"comments": known[start : start + size], "meta": meta})

    def _search(self, request: Request) -> Reply:
        """Words of one kind are alternatives, words of several kinds must all be met."""
        words: dict[str, list[str]] = {}
        for key, value in re.findall(r'(\w+)[:<]"?([^"\s]+)"?', request.one("query")):
            words.setdefault(key, []).append(value.lower())
        assert words.pop("type") == ["ticket"]
        assert words.pop("status") == ["solved"]
        results = [
            one for one in self.tickets.values() if _open(one) and all(_meets(one, *word) for word in words.items())
        ]
        return Reply(200, {"results": results, "count": len(results), "next_page": None})


def _open(ticket: dict[str, Any]) -> bool:
    return ticket["status"] not in ("solved", "closed")


def _meets(ticket: dict[str, Any], key: str, values: list[str]) -> bool:
    carried = ticket["tags"] if key == "tags" else [ticket["external_id"] or ""]
    return bool({one.lower() for one in carried} & set(values))
