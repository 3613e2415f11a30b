"""What can be seen of stored rows in a stretch of time, as the frames that the engine judges.

The same rules as `correlator.store.frames.read_window`: attempts before the start come too where their logical run goes
on inside, and of one id from two sources the row revised last counts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from correlator.incremental.moments import View
from correlator.incremental.rows import NEVER, Rows, column, numbers
from correlator.model import Status
from correlator.store.frames import STRADDLE
from correlator.store.shaping import column_types, shaped
from correlator.tables.frames import NO_TIME
from correlator.tables.layout import Layout

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


def seen_in(rows: Rows, view: View) -> Rows:
    """What of one tenant's rows can be seen in a view. An attempt that ends after it is running."""
    at = numbers(rows.metrics, "at")
    inside = (at >= view.start) & (at <= view.until)
    metrics = rows.metrics if inside.all() else rows.metrics.filter(pa.array(inside))
    seen = seen_runs(rows.runs, view)
    runs = rows.runs if seen.all() else rows.runs.filter(pa.array(seen))
    return Rows(_as_known(runs, view.until), metrics)


def framed(tables: list[Any], layout: Layout) -> pd.DataFrame:
    """Several tenants' rows as one frame. The tables are taken from the list one column after the other, so that no
    column is held twice."""
    columns = {}
    for name, kind in column_types(layout).items():
        columns[name] = pa.concat_arrays([column(table, name) for table in tables] or [pa.array([], kind)])
        tables[:] = [table.drop_columns([name]) for table in tables]
    return shaped(columns, layout)


def _as_known(runs: Any, until: int) -> Any:
    late = numbers(runs, "finished_at", NO_TIME) > until
    if not late.any():
        return runs
    none, running = pa.scalar(None, pa.int64()), pa.scalar(Status.RUNNING.value, pa.large_string())
    for name, value in (("finished_at", none), ("status", running)):
        place = runs.schema.get_field_index(name)
        runs = runs.set_column(place, runs.schema.field(place), pc.if_else(pa.array(late), value, column(runs, name)))
    return runs


def seen_runs(runs: Any, view: View) -> BoolArray:
    """Which attempts can be seen: those that start in the view, and earlier attempts of the same runs."""
    started = numbers(runs, "started_at")
    inside = (started >= view.start) & (started <= view.until)
    early = (started < view.start) & (started >= view.start - STRADDLE)
    seen: BoolArray = inside | continues(runs, inside, early) if early.any() else inside
    return seen


def continues(runs: Any, inside: BoolArray, early: BoolArray) -> BoolArray:
    """Which `early` attempts share their logical id (or, without ids, their scheduled time) with one `inside`."""
    stream = _joined(*(_codes(column(runs, name)) for name in ("source", "job", "tenant")))
    identity, due = column(runs, "logical_run_id"), numbers(runs, "scheduled_at")
    named = pc.not_equal(identity, "").to_numpy(zero_copy_only=False)
    by_id, by_due = _joined(stream, _codes(identity)), _joined(stream, _codes(pa.array(due)))
    found = np.zeros(len(stream), bool)
    for group, key in ((named, by_id), (~named & (due != NEVER), by_due)):
        found |= early & group & np.isin(key, np.unique(key[inside & group]))
    return found


def next_time(runs: Any, metrics: Any, after: int) -> int:
    """The first time in the rows after a moment (µs); `NEVER` where there is none."""
    times = [numbers(runs, "started_at"), numbers(runs, "finished_at"), numbers(metrics, "at")]
    return min((int(at[at > after].min()) for at in times if (at > after).any()), default=NEVER)


def first_to_leave(runs: Any, metrics: Any, view: View) -> int:
    """The greatest start of a window that would still show all that this view shows."""
    started, at = numbers(runs, "started_at"), numbers(metrics, "at")
    seen = seen_runs(runs, view)
    early = seen & (started < view.start)
    shown = (started[seen & ~early], started[early] + STRADDLE, at[(at >= view.start) & (at <= view.until)])
    return min((int(times.min()) for times in shown if len(times)), default=NEVER)


def _codes(values: Any) -> IntArray:
    codes: IntArray = values.dictionary_encode().indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return codes


def _joined(*codes: IntArray) -> IntArray:
    """One number for each combination."""
    found = codes[0]
    for more in codes[1:]:
        found = found * (int(more.max(initial=0)) + 1) + more
    return found
