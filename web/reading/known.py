"""Facts as they stand, or as they were known at some moment: rows with names, whichever of the two is asked.

With `by`, a fact that arrived later is absent, and one that was revised later stands as it did then.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from correlator.store.kinds import Kind
from correlator.store.revisions import as_known
from correlator.text.times import micros


def standing(
    connection: Connection,
    kind: Kind,
    wanted: ColumnElement[bool],
    by: datetime | None = None,
    order: Sequence[str] = (),
    most: int | None = None,
) -> list[SimpleNamespace]:
    """The rows of a kind of fact that fit `wanted`, in this order of columns, at most so many."""
    table = kind.table
    names = [column.name for column in table.columns]
    seen = wanted if by is None else wanted & (table.c.known_at <= micros(by))
    statement = select(table).where(seen).order_by(*(table.c[name] for name in order)).limit(most)
    rows: Sequence[Sequence[Any]] = connection.execute(statement).all()
    now = [_named(names, row) for row in rows]
    if by is None:
        return now
    then = [_named(names, row) for row in as_known(connection, kind, names, rows, micros(by))]
    return [before for before, after in zip(then, now, strict=True) if _same_owner(before, after)]


def _named(names: Sequence[str], row: Sequence[Any]) -> SimpleNamespace:
    return SimpleNamespace(**dict(zip(names, row, strict=True)))


def _same_owner(before: SimpleNamespace, after: SimpleNamespace) -> bool:
    """A row that was another tenant's then is not shown to whom it belongs now: it may be nobody else's to see."""
    return getattr(before, "tenant", "") == getattr(after, "tenant", "")
