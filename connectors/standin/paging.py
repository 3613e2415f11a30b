"""Datadog's cursors: opaque to the client, a position in time inside, tied to the search that gave them out."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from connectors.standin.facts import millis

_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_RELATIVE: Final = re.compile(r"now(?:-(\d+)([smhdw]))?")
MAX_LIMIT: Final = 1000


class BadRequestError(ValueError):
    """A request the vendor refuses; `status` is the HTTP status it does so with."""

    def __init__(self, detail: str, status: int = 400) -> None:
        super().__init__(detail)
        self.status = status


@dataclass(frozen=True)
class Search:
    """What a search asks for: `[start, end)` in ms, a query, a direction, a page."""

    start: int
    end: int
    query: str
    descending: bool
    limit: int
    after: tuple[int, str] | None

    def fingerprint(self) -> str:
        """What a cursor is tied to; the times are left out, as relative ones slide from page to page."""
        return hashlib.sha256(json.dumps([self.query, self.descending]).encode()).hexdigest()[:16]

    def cursor(self, key: tuple[int, str]) -> str:
        return base64.urlsafe_b64encode(json.dumps({"after": key, "of": self.fingerprint()}).encode()).decode()

    def beyond(self, key: tuple[int, str]) -> bool:
        """Whether an item lies behind the cursor, in the direction of the search."""
        if self.after is None:
            return True
        return key < self.after if self.descending else key > self.after


def parse_search(attributes: Mapping[str, Any], now: datetime) -> Search:
    """The body of a search (the inner attributes for spans). Raises BadRequestError as the vendor would."""
    wanted, page = attributes.get("filter") or {}, attributes.get("page") or {}
    start, end = moment(wanted.get("from", "now-15m"), now), moment(wanted.get("to", "now"), now)
    if start > end:
        detail = "invalid_argument(Field 'filter.from,to' is invalid: 'from' should be anterior to 'to')"
        raise BadRequestError(detail, 422)
    limit = page.get("limit", 10)
    if not isinstance(limit, int) or not 1 <= limit <= MAX_LIMIT:
        raise BadRequestError(f"input_validation_error(Field 'page.limit' is invalid: must be 1 to {MAX_LIMIT})")
    descending = attributes.get("sort", "-timestamp") == "-timestamp"
    search = Search(start, end, str(wanted.get("query", "*")), descending, limit, None)
    if "cursor" not in page:
        return search
    return Search(start, end, search.query, descending, limit, _position(search, page["cursor"]))


def _position(search: Search, cursor: Any) -> tuple[int, str]:
    try:
        document = json.loads(base64.urlsafe_b64decode(str(cursor).encode()))
        at, key = document["after"]
        if document["of"] == search.fingerprint():
            return int(at), str(key)
    except (ValueError, TypeError, KeyError, binascii.Error) as error:
        raise BadRequestError("input_validation_error(Field 'page' is invalid: invalid cursor)") from error
    raise BadRequestError("input_validation_error(Field 'page' is invalid: invalid cursor)")


def moment(value: Any, now: datetime) -> int:
    """A time as the searches take it, in ms: `now`, `now-15m`, milliseconds as a text, or ISO 8601."""
    if not isinstance(value, str):
        raise BadRequestError("input_validation_error(Field 'filter' is invalid: times must be texts)")
    if found := _RELATIVE.fullmatch(value):
        back = timedelta(**{_UNITS[found[2]]: int(found[1])}) if found[1] else timedelta()
        return millis(now - back)
    if value.isdigit():
        return int(value)
    try:
        return millis(datetime.fromisoformat(value.replace("Z", "+00:00")))
    except ValueError as error:
        raise BadRequestError(f"input_validation_error(Field 'filter' is invalid: {value!r} is no time)") from error
