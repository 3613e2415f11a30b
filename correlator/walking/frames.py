"""Tables as series: one for each node, metric, tenant and host; and two more for each job of which runs are known."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from correlator.model import FAILURES, Status
from correlator.tables.frames import MICROSECONDS, NO_TIME, Tables
from correlator.walking.series import Series

FAILURE_METRIC = "failed attempts"
DURATION_METRIC = "attempt seconds"
_KEYS = ["job", "metric", "tenant", "host"]


def series_of(tables: Tables) -> list[Series]:
    """All series of the folder, sorted by their names; rows without a job belong to no node and are left out.

    Attempts that ended give `failed attempts` (0 or 1, at their end) and `attempt seconds` of those that passed.
    """
    points = [_metric_points(tables.metrics), *_run_points(tables.runs)]
    frame = pd.concat([part for part in points if len(part)]) if any(map(len, points)) else points[0]
    return list(_split(frame))


def _metric_points(metrics: pd.DataFrame) -> pd.DataFrame:
    frame = metrics[[*_KEYS, "at", "value"]].astype(dict.fromkeys(_KEYS, "str"))
    found: pd.DataFrame = frame[(frame["job"] != "") & np.isfinite(frame["value"].to_numpy(np.float64))]
    return found


def _run_points(runs: pd.DataFrame) -> Iterator[pd.DataFrame]:
    ended = runs["finished_at"].to_numpy(np.int64) != NO_TIME
    status = runs["status"].astype("str")
    failed = status.isin([one.value for one in FAILURES])
    passed = status == Status.SUCCESS.value
    yield _points(runs[ended & (failed | passed)], FAILURE_METRIC, failed[ended & (failed | passed)].astype("float64"))
    timed = ended & passed & (runs["started_at"].to_numpy(np.int64) != NO_TIME)
    seconds = (runs["finished_at"] - runs["started_at"])[timed] / MICROSECONDS
    yield _points(runs[timed], DURATION_METRIC, seconds)


def _points(rows: pd.DataFrame, metric: str, values: pd.Series) -> pd.DataFrame:
    names = {"job": rows["job"].astype("str"), "metric": metric, "tenant": rows["tenant"].astype("str"), "host": ""}
    return pd.DataFrame({**names, "at": rows["finished_at"], "value": values})


def _split(frame: pd.DataFrame) -> Iterator[Series]:
    ordered = frame.sort_values([*_KEYS, "at", "value"], kind="stable")
    for (job, metric, _, _), rows in ordered.groupby(_KEYS, sort=True):
        yield Series(str(job), str(metric), rows["at"].to_numpy(np.int64), rows["value"].to_numpy(np.float64))
