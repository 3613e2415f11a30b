"""One page of a search over rows in order of time: what spans, logs, CI pipelines and events have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from connectors.standin.paging import BadRequestError, Search
from connectors.standin.query import Lookup, QueryError, parse_query

T = TypeVar("T")
Key = tuple[int, str]


def search_page(
    rows: Iterable[tuple[int, str, T]], search: Search, lookup: Callable[[T], Lookup], item: Callable[[T], Any]
) -> tuple[list[Any], Key | None]:
    """The items of one page, and the key of its last one. Raises BadRequestError for a query that cannot be read."""
    try:
        predicate = parse_query(search.query)
    except QueryError as error:
        raise BadRequestError(f"invalid_argument(Field 'filter.query' is invalid: {error})") from error
    ordered = sorted(rows, key=lambda row: row[:2], reverse=search.descending)
    page: list[Any] = []
    last: Key | None = None
    for at, key, row in ordered:
        if search.beyond((at, key)) and (search.query == "*" or predicate(lookup(row))):
            page.append(item(row))
            last = (at, key)
            if len(page) == search.limit:
                break
    return page, last


def inside(document: Any, path: str) -> list[str]:
    """The value at a dotted path, as a list of none or one."""
    for part in path.split("."):
        if not isinstance(document, dict) or part not in document:
            return []
        document = document[part]
    return [str(document)]


def tagged(tags: Iterable[str], key: str) -> list[str]:
    """The values of one tag."""
    return [tag.partition(":")[2] for tag in tags if tag.startswith(f"{key}:")]
