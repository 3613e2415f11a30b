"""Attempts and metric points as Arrow tables by tenant, as the store holds them: every source's, with its revisions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from correlator.store.shaping import column_types
from correlator.tables import columns as convert
from correlator.tables.hashing import hash_texts, occur_twice
from correlator.tables.layout import METRICS, RUNS

IntArray = NDArray[np.int64]
NEVER: Final = int(np.iinfo(np.int64).max)
_TAKEN_AT_ONCE: Final = 1 << 16

RUN_TYPES: Final = column_types(RUNS)
METRIC_TYPES: Final = column_types(METRICS)
RUN_SCHEMA: Final = pa.schema(list(RUN_TYPES.items()))
METRIC_SCHEMA: Final = pa.schema(list(METRIC_TYPES.items()))


@dataclass(frozen=True)
class Rows:
    """Rows of one tenant or of several: Arrow tables of `RUN_SCHEMA` and `METRIC_SCHEMA`."""

    runs: Any
    metrics: Any

    @classmethod
    def none(cls) -> Rows:
        return cls(RUN_SCHEMA.empty_table(), METRIC_SCHEMA.empty_table())

    @property
    def count(self) -> int:
        return int(self.runs.num_rows + self.metrics.num_rows)

    def plus(self, *others: Rows) -> Rows:
        """All of these rows, one after the other."""
        every = (self, *others)
        return Rows(pa.concat_tables([one.runs for one in every]), pa.concat_tables([one.metrics for one in every]))

    def newest(self) -> Rows:
        """Of rows that one source gave twice (a row and its correction) the last."""
        return Rows(_newest(self.runs, ("run_id",)), _newest(self.metrics, ("metric", "job", "tenant", "host", "at")))

    def since(self, start: int) -> Rows:
        """The rows that start at `start` (µs) or later."""
        late = pc.greater_equal(self.runs["started_at"], start), pc.greater_equal(self.metrics["at"], start)
        return Rows(self.runs.filter(late[0]), self.metrics.filter(late[1]))

    def by_tenant(self) -> Iterator[tuple[str, Rows]]:
        """Each tenant's rows, by name. They are taken out some tenants at a time: what is let go of as it comes is not
        held twice."""
        none = self.none()
        parts = merge(_cut(self.runs, "runs"), _cut(self.metrics, "metrics"), key=itemgetter(0))
        for tenant, tables in groupby(parts, key=itemgetter(0)):
            yield tenant, replace(none, **{kind: table for _, kind, table in tables})


def column(table: Any, name: str) -> Any:
    """One column as one Arrow array."""
    whole = table.column(name).combine_chunks()
    return whole if isinstance(whole, pa.Array) else pa.concat_arrays(whole.chunks or [pa.array([], whole.type)])


def numbers(table: Any, name: str, absent: int = NEVER) -> IntArray:
    """A column of whole numbers, `absent` where there is none."""
    found: IntArray = pc.fill_null(column(table, name), absent).to_numpy(zero_copy_only=False)
    return found


def _cut(table: Any, kind: str) -> Iterator[tuple[str, str, Any]]:
    """Tenant, `kind` and rows, by tenant. Several tenants' rows are taken at once, and each gets a slice: to take those
    of one alone costs more than copying them."""
    if not table.num_rows:
        return
    tenant = convert.labels(column(table, "tenant"))
    order = np.argsort(tenant.codes, kind="stable")
    counts = np.bincount(tenant.codes, minlength=len(tenant.categories))
    ends = np.cumsum(counts)
    whole, taken, first = table.combine_chunks(), table.slice(0, 0), 0
    for name, count, end in zip(tenant.categories, counts.tolist(), ends.tolist(), strict=True):
        begin = end - count
        if end > first + taken.num_rows:
            last = int(ends[ends <= begin + _TAKEN_AT_ONCE].max(initial=end))
            taken, first = whole.take(pa.array(order[begin:last])), begin
        if count:
            yield str(name), kind, taken.slice(begin - first, count)


def _newest(table: Any, key: tuple[str, ...]) -> Any:
    """The last of the rows with the same source and key."""
    rows = np.arange(table.num_rows)
    if len(key) == 1 and len(rows):
        rows = np.flatnonzero(occur_twice(hash_texts(column(table, key[0]))))
    if not len(rows):
        return table
    some = table.take(pa.array(rows)) if len(rows) < table.num_rows else table
    last = convert.last_of_each([_codes(some, name) for name in ("source", *key)])
    drop = np.delete(rows, last)
    return table.take(pa.array(np.delete(np.arange(table.num_rows), drop))) if len(drop) else table


def _codes(table: Any, name: str) -> IntArray:
    values = column(table, name)
    if pa.types.is_integer(values.type):
        whole: IntArray = values.to_numpy(zero_copy_only=False)
        return whole
    codes: IntArray = values.dictionary_encode().indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return codes
