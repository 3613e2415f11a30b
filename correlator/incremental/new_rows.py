"""What the store has: all rows of a window, and those written since some moment.

Every write of a source has a number (`runs.written`, `metrics.written`), given in the order of commits, so that no
clock decides what is new.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, Select, select

from correlator.incremental.rows import METRIC_TYPES, RUN_TYPES, Rows, column, numbers
from correlator.store.arrow import fetch_columns
from correlator.store.schema import fact_revisions, metrics, runs, write_numbers
from correlator.tables import columns as convert
from correlator.tables.hashing import hash_texts, occur_twice

_IDS_AT_ONCE: Final = 500


def written_until(connection: Connection) -> dict[str, int]:
    """The number of each source's last write. Rows that come in after this was asked have greater ones."""
    return {row.source: row.last for row in connection.execute(select(write_numbers))}


def all_rows(connection: Connection, start: int) -> Rows:
    """Every row from `start` (µs) on."""
    table = _rows(connection, select(runs).where(runs.c.started_at >= start), RUN_TYPES)
    return Rows(_agreed(table), _rows(connection, select(metrics).where(metrics.c.at >= start), METRIC_TYPES))


def new_rows(connection: Connection, since: Mapping[str, int], until: Mapping[str, int]) -> Rows:
    """The rows of the writes after those of `since`, up to those of `until`, in the order of writing."""
    found = Rows.none()
    for source in sorted(until):
        if until[source] > since.get(source, 0):
            parts = [
                _rows(connection, select(table).where(*_written(table, source, since, until)), types)
                for table, types in ((runs, RUN_TYPES), (metrics, METRIC_TYPES))
            ]
            found = found.plus(Rows(*parts))
    return found


def told_of_others(connection: Connection, rows: Rows, sources: int) -> bool:
    """Whether one of these attempts was, or is by another source, attributed to another tenant: a row must then leave a
    tenant of which nothing else is new."""
    ids, tenants = column(rows.runs, "run_id"), column(rows.runs, "tenant").to_pylist()
    mine = dict(zip(ids.to_pylist(), tenants, strict=True))
    revised = numbers(rows.runs, "revised_at") > numbers(rows.runs, "known_at")
    before = ids.filter(pa.array(revised)).to_pylist()
    given = column(rows.runs, "source").unique().to_pylist()
    every = _elsewhere(connection, list(mine)) if sources > 1 else iter(())
    return any(mine[run] != tenant for run, tenant in (*_before(connection, given, before), *every))


def _rows(connection: Connection, statement: Select[Any], types: Mapping[str, Any]) -> Any:
    table = statement.selected_columns
    wanted = statement.with_only_columns(*(table[name] for name in types))
    columns = fetch_columns(connection, wanted, list(types.values()))
    return pa.Table.from_arrays(list(columns.values()), schema=pa.schema(list(types.items())))


def _written(table: Any, source: str, since: Mapping[str, int], until: Mapping[str, int]) -> tuple[Any, ...]:
    number = table.c.written
    return table.c.source == source, number > since.get(source, 0), number <= until[source]


def _agreed(table: Any) -> Any:
    """Without attempts that another source lays to another tenant and revised later."""
    if len(column(table, "source").unique()) < 2:
        return table
    alike = np.flatnonzero(occur_twice(hash_texts(column(table, "run_id"))))
    some = table.take(pa.array(alike))
    order = np.lexsort((convert.labels(column(some, "source")).codes, numbers(some, "revised_at")))
    run = column(some, "run_id").dictionary_encode().indices.to_numpy().astype(np.int64)
    tenant = convert.labels(column(some, "tenant")).codes.astype(np.int64)
    last = order[convert.last_of_each([run[order]])]
    said = np.empty(int(run.max(initial=-1)) + 1, np.int64)
    said[run[last]] = tenant[last]
    differs = np.isin(run, np.unique(run[tenant != said[run]]))
    differs[last] = False
    return table.take(pa.array(np.delete(np.arange(table.num_rows), alike[differs])))


def _before(connection: Connection, sources: list[str], ids: list[str]) -> Iterator[tuple[str, str]]:
    """Earlier versions of attempts: id and tenant."""
    known = fact_revisions.c
    wanted = select(known.fact_id, known.content).where(known.kind == "runs", known.source.in_(sources))
    for part in _parts(ids):
        for fact_id, content in connection.execute(wanted.where(known.fact_id.in_(part))):
            yield fact_id, json.loads(content)["tenant"]


def _elsewhere(connection: Connection, ids: list[str]) -> Iterator[tuple[str, str]]:
    """The attempts with these ids, of all sources: id and tenant."""
    for part in _parts(ids):
        for found in connection.execute(select(runs.c.run_id, runs.c.tenant).where(runs.c.run_id.in_(part))):
            yield found.run_id, found.tenant


def _parts(ids: list[str]) -> Iterator[list[str]]:
    return (ids[start : start + _IDS_AT_ONCE] for start in range(0, len(ids), _IDS_AT_ONCE))
