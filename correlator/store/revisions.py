"""Facts as they stood at some earlier moment. Needs no numpy."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from correlator.store import schema
from correlator.store.kinds import Kind
from correlator.store.upserts import fact_id


def as_known(
    connection: Connection, kind: Kind, wanted: list[str], rows: Sequence[Sequence[Any]], by: int
) -> list[Sequence[Any]]:
    """Rows revised after `by` (µs) replaced by what stood there at `by`; `wanted` names the columns of a row."""
    table = schema.fact_revisions
    then = connection.execute(
        select(table.c.source, table.c.fact_id, table.c.content).where(
            table.c.kind == kind.name, table.c.known_at <= by, table.c.superseded_at > by
        )
    )
    before = {(row.source, row.fact_id): json.loads(row.content) for row in then}
    revised, source = wanted.index("revised_at"), wanted.index("source")
    answer: list[Sequence[Any]] = []
    for row in rows:
        if row[revised] > by:
            now = dict(zip(wanted, row, strict=True))
            row = [(now | before[(row[source], fact_id(kind, now))])[name] for name in wanted]
        answer.append(row)
    return answer
