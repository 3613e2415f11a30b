"""Small shops of services for the tests: three metrics each, one minute apart, with a fault where it is asked for."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

START_MINUTE = 29_500_000  # minutes since 1970: 2026-02-02T02:40Z
EDGES = (("store", "payments"), ("payments", "frontend"), ("search", "frontend"))
MINUTES = 600


def stamp(minute: int) -> str:
    return str(np.datetime64((START_MINUTE + minute) * 60, "s")) + "Z"


def rows(seed: int = 1, root: str | None = None, minutes: int = MINUTES) -> list[dict[str, object]]:
    """The last ten minutes are the window; trouble at `root` shows in its cpu and in all latencies downstream."""
    rng = np.random.default_rng(seed)
    downstream = {"store": {"store", "payments", "frontend"}, "payments": {"payments", "frontend"}}
    reached = {} if root is None else downstream.get(root, {root, "frontend"})
    found: list[dict[str, object]] = []
    for node in ("frontend", "payments", "search", "store"):
        trouble = (np.arange(minutes) >= minutes - 9).astype(float)
        cpu = 30 + 2 * rng.standard_normal(minutes) + (40 * trouble if node == root else 0)
        latency = 20 + rng.standard_normal(minutes) + (30 * trouble if node in reached else 0)
        for metric, values in (("cpu", cpu), ("latency/Average", latency), ("version", np.full(minutes, 7.0))):
            for minute, value in enumerate(values):
                found.append({"metric": metric, "job": node, "at": stamp(minute), "value": round(float(value), 4)})
    return found


def write(folder: Path, table: list[dict[str, object]], edges: tuple[tuple[str, str], ...] = EDGES) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in table))
    lines = [f"  - {{upstream: {json.dumps(up)}, downstream: {json.dumps(down)}}}" for up, down in edges]
    (folder / "dependencies.yaml").write_text("dependencies:\n" + "\n".join(lines) + "\n")
    return folder
