"""What one would write without this program: for every tenant and edge, pandas `merge_asof` and Fisher's exact test.

It does far less (no roots, no outages, no strata, no words), and is here as a yardstick for time alone. The first draft
is what one writes first; the second what one writes after an hour of waiting for the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from scipy.stats import fisher_exact

COLUMNS = ["tenant", "job", "logical_run_id", "status", "scheduled_at", "started_at", "finished_at"]


def first_draft(frame: pd.DataFrame, edges: list[dict[str, str]], tenants: Sequence[str]) -> list[float]:
    """The p-value of every edge of these tenants, its runs picked out of the whole frame."""
    found = []
    for tenant in tenants:
        for edge in edges:
            up, down = (
                frame[(frame["tenant"] == tenant) & (frame["job"] == edge[end])] for end in ("upstream", "downstream")
            )
            found.append(_p_value(_runs(up), _runs(down)))
    return found


def second_draft(frame: pd.DataFrame, edges: list[dict[str, str]], tenants: Sequence[str]) -> list[float]:
    """The same with the frame cut up once, by tenant and job."""
    found = []
    for _, mine in frame[frame["tenant"].isin(tenants)].groupby("tenant"):
        runs = {job: _runs(attempts) for job, attempts in mine.groupby("job")}
        found += [_p_value(runs[edge["upstream"]], runs[edge["downstream"]]) for edge in edges]
    return found


def read(folder: Path) -> tuple[pd.DataFrame, list[dict[str, str]]]:
    """The runs, and the declared edges."""
    frame = pd.read_parquet(folder / "runs.parquet", columns=COLUMNS)
    return frame, yaml.safe_load((folder / "dependencies.yaml").read_text(encoding="utf-8"))["dependencies"]


def _runs(attempts: pd.DataFrame) -> pd.DataFrame:
    """One row a logical run: due, first start, failed at first, and when it had passed."""
    attempts = attempts.sort_values("started_at")
    by_run = attempts.groupby("logical_run_id")
    runs = by_run.agg(due=("scheduled_at", "min"), start=("started_at", "first"), status=("status", "first"))
    passed = attempts[attempts["status"] == "success"].groupby("logical_run_id")["finished_at"].min()
    runs["ready"] = passed.reindex(runs.index)
    runs["failed"] = runs["status"] == "failed"
    return runs.sort_values("due")


def _p_value(upstream: pd.DataFrame, downstream: pd.DataFrame) -> float:
    joined = pd.merge_asof(downstream, upstream, on="due", suffixes=("", "_up"))
    exposed = ~(joined["ready_up"] <= joined["start"])
    table = [
        [int((exposed & joined["failed"]).sum()), int((exposed & ~joined["failed"]).sum())],
        [int((~exposed & joined["failed"]).sum()), int((~exposed & ~joined["failed"]).sum())],
    ]
    return float(fisher_exact(np.array(table), alternative="greater").pvalue)
