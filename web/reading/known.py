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
from correlator.store.times import micros


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
    if by is not None:
        rows = as_known(connection, kind, names, rows, micros(by))
    return [SimpleNamespace(**dict(zip(names, row, strict=True))) for row in rows]
