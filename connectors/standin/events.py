"""Changes as events: `POST /api/v2/events/search`."""

from __future__ import annotations

import hashlib
from datetime import UTC
from typing import Any

from connectors.standin.facts import Facts, millis
from connectors.standin.paging import BadRequestError, Search
from connectors.standin.query import Lookup, QueryError, parse_query
from correlator.model import Change


def search_events(facts: Facts, search: Search) -> tuple[list[dict[str, Any]], tuple[int, str] | None]:
    """One page of events, and the key of its last one."""
    try:
        predicate = parse_query(search.query)
    except QueryError as error:
        raise BadRequestError(f"invalid_argument(Field 'filter.query' is invalid: {error})") from error
    rows = sorted(facts.changes_between(search.start, search.end), key=lambda row: row[:2], reverse=search.descending)
    page: list[dict[str, Any]] = []
    last: tuple[int, str] | None = None
    for at, change_id, change in rows:
        if search.beyond((at, change_id)) and predicate(_lookup(change)):
            page.append(event_of(change))
            last = (at, change_id)
            if len(page) == search.limit:
                break
    return page, last


def event_of(change: Change) -> dict[str, Any]:
    """A deploy as one item of the answer: the outer timestamp in whole seconds, the inner one in ms."""
    number = int.from_bytes(hashlib.sha256(change.change_id.encode()).digest()[:7], "big")
    inner: dict[str, Any] = {
        "aggregation_key": change.change_id,
        "evt": {"id": str(number), "name": change.title, "source_id": 36},
        "priority": "normal",
        "status": "info",
        "tags": _tags(change),
        "timestamp": millis(change.at),
        "title": change.title,
    }
    if change.service:
        inner["service"] = change.service
    outer = change.at.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
    attributes = {"attributes": inner, "message": change.title, "tags": _tags(change), "timestamp": outer}
    return {"id": change.change_id, "type": "event", "attributes": attributes}


def _tags(change: Change) -> list[str]:
    pairs = (
        ("source", "deploy"),
        ("change_id", change.change_id),
        ("job", change.job),
        ("tenant", change.tenant),
        ("service", change.service),
    )
    return [f"{key}:{value}" for key, value in pairs if value]


def _lookup(change: Change) -> Lookup:
    def values(key: str) -> list[str]:
        if key in ("", "title"):
            return [change.title]
        return [tag.partition(":")[2] for tag in _tags(change) if tag.startswith(f"{key}:")]

    return values
