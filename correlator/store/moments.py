"""The moments at which anything in the store came to stand differently than before."""

from __future__ import annotations

from sqlalchemy import Engine, select

from correlator.store import schema
from correlator.store.database import reading

_FACTS = (schema.runs, schema.metrics, schema.changes, schema.incidents, schema.dependencies)


def moments_of_change(engine: Engine) -> list[int]:
    """Sorted, in µs: when facts became known, were revised, or stood differently for a while. Raises StoreError."""
    columns = [column for table in _FACTS for column in (table.c.known_at, table.c.revised_at)]
    columns += [schema.fact_revisions.c.known_at, schema.fact_revisions.c.superseded_at]
    with reading(engine) as connection:
        return sorted({int(row[0]) for column in columns for row in connection.execute(select(column).distinct())})
