"""The latest moment of which the tables speak."""

from __future__ import annotations

import numpy as np

from correlator.tables.frames import Tables

_TIMES = {
    "runs": ("scheduled_at", "started_at", "finished_at"),
    "metrics": ("at",),
    "changes": ("at",),
    "incidents": ("created_at", "resolved_at"),
}


def latest_time(tables: Tables) -> int:
    """The latest time in any table (µs); 0 when there is none. `NO_TIME` is the least of all times."""
    columns = [getattr(tables, name)[column].to_numpy(np.int64) for name, cs in _TIMES.items() for column in cs]
    return max((int(column.max()) for column in columns if len(column)), default=0)
