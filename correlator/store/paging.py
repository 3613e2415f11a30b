"""Where a page of a list goes on: behind the row that was shown last, so that what comes in meanwhile moves nothing."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, UnaryExpression, or_, true

Place = tuple[int, str]
"""The microsecond and the id of a row."""


def newest_first(at: ColumnElement[int], id_: ColumnElement[str]) -> tuple[UnaryExpression[Any], ColumnElement[str]]:
    """The order: the newest first, of one microsecond by id."""
    return at.desc(), id_


def behind(at: ColumnElement[int], id_: ColumnElement[str], last: Place | None) -> ColumnElement[bool]:
    """The rows behind this one in that order; all of them where there is none. The first half is for an index."""
    if last is None:
        return true()
    return (at <= last[0]) & or_(at < last[0], id_ > last[1])
