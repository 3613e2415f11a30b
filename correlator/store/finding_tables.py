"""Tables beside the findings: rows told by the findings that stand, so that lists need not read every document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Table, delete, insert, select

Row = dict[str, Any]
_IDS_AT_ONCE: Final = 500


def keep_rows(connection: Connection, table: Table, told: Mapping[str, Sequence[Row]], before: Collection[str]) -> None:
    """Make the rows of `table` those that each standing finding (by id) tells, without their `finding_id`.

    `before`: the ids of all that stood until now; of those that do not stand any more nothing is kept. Only what
    differs is written.
    """
    ids = sorted({*told, *before})
    kept = _kept(connection, table, ids)
    stale = [id_ for id_ in ids if _counted(kept.get(id_, ())) != _counted(told.get(id_, ()))]
    for part in _parts(stale):
        connection.execute(delete(table).where(table.c.finding_id.in_(part)))
    rows = [{"finding_id": id_} | row for id_ in stale for row in told.get(id_, ())]
    if rows:
        connection.execute(insert(table), rows)


def _counted(rows: Sequence[Row]) -> Counter[frozenset[tuple[str, Any]]]:
    return Counter(frozenset(row.items()) for row in rows)


def _kept(connection: Connection, table: Table, ids: Sequence[str]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for part in _parts(ids):
        for row in connection.execute(select(table).where(table.c.finding_id.in_(part))).mappings():
            told = dict(row)
            found.setdefault(told.pop("finding_id"), []).append(told)
    return found


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + _IDS_AT_ONCE] for start in range(0, len(ids), _IDS_AT_ONCE))
