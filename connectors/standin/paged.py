"""PagerDuty's forms: pages by limit and offset, times, authors, errors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from connectors.standin.http import Reply, Request
from connectors.standin.paging import BadRequestError

MAX_DEPTH: Final = 10_000


def paged(
    request: Request, key: str, items: list[Any], document: Callable[[Any], dict[str, Any]] = lambda item: item
) -> Reply:
    """One page by limit and offset; `total` is null unless it is asked for."""
    limit, offset = min(int(request.one("limit", "25")), 100), int(request.one("offset", "0"))
    if limit < 1 or offset < 0:
        raise BadRequestError("Invalid Input Provided: limit must be 1 to 100, offset 0 or more")
    if limit + offset > MAX_DEPTH:
        raise BadRequestError("Invalid Input Provided: offset + limit must not exceed 10000")
    page = [document(item) for item in items[offset : offset + limit]]
    total = len(items) if request.one("total") == "true" else None
    more = offset + limit < len(items)
    return Reply(200, {key: page, "limit": limit, "offset": offset, "more": more, "total": total})


def moment_of(request: Request, name: str) -> datetime | None:
    text = request.one(name)
    if not text:
        return None
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        raise BadRequestError(
            f"Invalid Input Provided: {name} needs an offset here; the vendor reads its account's zone"
        )
    return moment


def utc_of(request: Request, name: str) -> datetime | None:
    """A time of the change events, which must be UTC. Raises BadRequestError as the vendor does."""
    moment = moment_of(request, name)
    if moment is not None and moment.utcoffset():
        raise BadRequestError(f"Invalid Input Provided: {name} must be in UTC")
    return moment


def content_of(request: Request) -> str:
    content = request.json()["note"]["content"]
    if not isinstance(content, str) or not content:
        raise BadRequestError("Invalid Input Provided: Content cannot be empty.")
    return content


def author_of(request: Request) -> str:
    author = request.headers.get("from", "")
    if "@" not in author:
        raise BadRequestError("Invalid Input Provided: the From header must be the e-mail address of a user")
    return author


def refusal(status: int, message: str, code: int, details: list[str] | None = None) -> Reply:
    return Reply(status, {"error": {"message": message, "code": code, "errors": details or [message]}})
