"""A pair of jobs as the tables the engine reads, with other jobs beside it that have nothing to do with either."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from benchmarks.nulls import BoolArray, Pair
from correlator.model import Dependency
from correlator.tables.checking import empty_frame
from correlator.tables.frames import NO_TIME, RUN_COLUMNS, Tables
from correlator.tables.layout import LAYOUTS

MONDAY = 1_772_409_600_000_000
MINUTE = 60_000_000
EDGE = Dependency("ingest", "export")


def tables_of(pair: Pair, neighbours: list[BoolArray]) -> Tables:
    """Ingest is due at the full hour, export twenty past; each passes at the second attempt, fifteen minutes later."""
    parts = [_job("ingest", 0, pair.made, pair.troubled), _job("export", 20, pair.down_made, pair.failed)]
    parts += [_job(f"other-{n}", 7 + 11 * n, np.ones(len(bad), bool), bad) for n, bad in enumerate(neighbours)]
    runs = pd.concat(parts, ignore_index=True).sort_values(["started_at", "run_id"], ignore_index=True)
    for name in ("job", "tenant", "status", "service", "host"):
        runs[name] = runs[name].astype("category")
    empty: dict[str, Any] = {layout.name: empty_frame(layout) for layout in LAYOUTS if layout.name != "runs"}
    return Tables(runs=runs[list(RUN_COLUMNS)], dependencies=(EDGE,), **empty)


def _job(name: str, minute: int, made: BoolArray, bad: BoolArray) -> pd.DataFrame:
    slot = np.flatnonzero(made)
    again = np.flatnonzero(made & bad)
    first = _attempts(name, slot, 1, minute, bad[slot], minute)
    return pd.concat([first, _attempts(name, again, 2, minute, np.zeros(len(again), bool), minute + 25)])


def _attempts(name: str, slot: np.ndarray, number: int, due: int, bad: np.ndarray, start: int) -> pd.DataFrame:
    started = MONDAY + (slot * 60 + start) * MINUTE
    ids = [f"{name}/{n}" for n in slot.tolist()]
    return pd.DataFrame(
        {
            "run_id": [f"{text}/{number}" for text in ids],
            "logical_run_id": ids,
            "job": name,
            "tenant": "tenant-01",
            "status": np.where(bad, "failed", "success"),
            "attempt": np.int32(number),
            "scheduled_at": MONDAY + (slot * 60 + due) * MINUTE,
            "started_at": started,
            "finished_at": started + 10 * MINUTE,
            "error": np.where(bad, "broke", ""),
            "service": "",
            "host": "",
            "tags": "",
            "known_at": NO_TIME,
        }
    )
