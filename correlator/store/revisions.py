"""Facts as they stood at some earlier moment. Needs no numpy."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, select

from correlator.store import schema
from correlator.store.kinds import Kind
from correlator.store.upserts import fact_id

_IDS_AT_ONCE: Final = 500


def as_known(
    connection: Connection, kind: Kind, wanted: list[str], rows: Sequence[Sequence[Any]], by: int
) -> list[Sequence[Any]]:
    """Rows revised after `by` (µs) replaced by what stood there at `by`; `wanted` names the columns of a row."""
    revised, source = wanted.index("revised_at"), wanted.index("source")
    later = [row for row in rows if row[revised] > by]
    ids = [fact_id(kind, dict(zip(wanted, row, strict=True))) for row in later]
    before = _standing(connection, kind, by, ids)
    answer: list[Sequence[Any]] = []
    for row in rows:
        if row[revised] > by:
            now = dict(zip(wanted, row, strict=True))
            row = [(now | before[(row[source], fact_id(kind, now))])[name] for name in wanted]
        answer.append(row)
    return answer


def _standing(connection: Connection, kind: Kind, by: int, ids: list[str]) -> dict[tuple[str, str], dict[str, Any]]:
    """What stood at `by`, by source and id. A few facts are looked up by their ids; for many, all are read at once."""
    if not ids:
        return {}
    table = schema.fact_revisions
    columns = (table.c.source, table.c.fact_id, table.c.content)
    then = select(*columns).where(table.c.kind == kind.name, table.c.known_at <= by, table.c.superseded_at > by)
    if len(ids) <= _IDS_AT_ONCE:
        then = then.where(table.c.fact_id.in_(ids))
    return {(row.source, row.fact_id): json.loads(row.content) for row in connection.execute(then)}
