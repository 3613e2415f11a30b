"""The runs that a finding quotes, in pieces: it may name tens of thousands, more than a database takes at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Engine, Row, select

from correlator.store.database import reading
from correlator.store.schema import runs

AT_ONCE: Final = 5000


def quoted_runs(engine: Engine, names: Sequence[str], *columns: ColumnElement[Any]) -> Iterator[Row[Any]]:
    """The columns of the attempts whose logical run (or own) id is among these names, by name. Raises StoreError."""
    for start in range(0, len(names), AT_ONCE):
        some = names[start : start + AT_ONCE]
        wanted = runs.c.logical_run_id.in_(some) | runs.c.run_id.in_(some)
        statement = select(*columns).where(wanted).order_by(runs.c.started_at, runs.c.run_id)
        with reading(engine) as connection:
            rows = connection.execute(statement).all()
        yield from rows
