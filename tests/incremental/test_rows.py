"""Rows cut by tenant are the rows of each tenant, in their order, however many are taken out at once."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given
from hypothesis import strategies as st

from correlator.incremental import rows
from correlator.incremental.rows import METRIC_SCHEMA, RUN_SCHEMA, Rows

TENANTS = st.lists(st.sampled_from(["", "t1", "t2", "t3", "t10"]), max_size=30)


@given(TENANTS, TENANTS, st.integers(1, 12))
def test_each_tenant_has_its_rows_in_their_order(runs: list[str], metrics: list[str], at_once: int) -> None:
    every = Rows(_table(RUN_SCHEMA, "run_id", runs), _table(METRIC_SCHEMA, "metric", metrics))
    with mock.patch.object(rows, "_TAKEN_AT_ONCE", at_once):
        found = list(every.by_tenant())
    assert [name for name, _ in found] == sorted({*runs, *metrics})
    for name, mine in found:
        assert mine.runs.equals(_of(every.runs, name))
        assert mine.metrics.equals(_of(every.metrics, name))


def _table(schema: Any, names: str, tenants: list[str]) -> Any:
    """A row a tenant, each with a name of its own; nothing and noughts in the other columns."""
    told = {"tenant": tenants, names: [f"row-{number}" for number in range(len(tenants))]}
    nothing = {field.name: [None if pa.types.is_integer(field.type) else ""] * len(tenants) for field in schema}
    numbers = {field.name: [0.0] * len(tenants) for field in schema if pa.types.is_floating(field.type)}
    return pa.table(nothing | numbers | told, schema=schema)


def _of(table: Any, tenant: str) -> Any:
    return table.filter(pc.equal(table["tenant"], tenant))
