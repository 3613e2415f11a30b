"""Series built from runs: failed attempts, and how long the attempts that passed took."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from correlator.tables.reading import read_folder
from correlator.walking.frames import DURATION_METRIC, FAILURE_METRIC, series_of
from correlator.walking.series import Series

MINUTE = 60_000_000


def run(number: int, job: str, status: str, minute: int, seconds: int | None, tenant: str = "") -> dict[str, object]:
    started = np.datetime64("2026-02-02T03:00:00", "s") + np.timedelta64(minute, "m")
    finished = None if seconds is None else f"{started + np.timedelta64(seconds, 's')}Z"
    named = {"job": job, "tenant": tenant, "status": status}
    row: dict[str, object] = {"run_id": f"r{number}", **named, "started_at": f"{started}Z"}
    return row if finished is None else {**row, "finished_at": finished}


def built(folder: Path, runs: list[dict[str, object]], metrics: tuple[dict[str, object], ...] = ()) -> list[Series]:
    (folder / "runs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in runs))
    if metrics:
        (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in metrics))
    return series_of(read_folder(folder))


def test_attempts_that_ended_become_failures_and_durations_at_their_end(tmp_path: Path) -> None:
    found = built(
        tmp_path,
        [
            run(3, "load", "timed_out", 20, 120),
            run(1, "load", "success", 0, 60),
            run(2, "load", "failed", 10, 90),
            run(4, "load", "success", 30, 45),
        ],
    )
    durations, failures = found
    assert (durations.node, durations.metric) == ("load", DURATION_METRIC)
    assert durations.values.tolist() == [60.0, 45.0]
    assert (failures.node, failures.metric) == ("load", FAILURE_METRIC)
    assert failures.values.tolist() == [0.0, 1.0, 1.0, 0.0]
    assert np.diff(failures.at).tolist() == [10.5 * MINUTE, 10.5 * MINUTE, 8.75 * MINUTE]


def test_attempts_without_an_end_or_without_an_outcome_of_their_own_say_nothing(tmp_path: Path) -> None:
    outcomes = ("running", "cancelled", "skipped", "upstream_failed")
    rows = [run(n, "load", status, n, None if status == "running" else 30) for n, status in enumerate(outcomes)]
    assert built(tmp_path, rows) == []


def test_one_series_for_each_tenant_beside_those_of_the_metrics(tmp_path: Path) -> None:
    rows = [run(n, "load", "success", n, 30 + n, f"tenant-0{n % 2 + 1}") for n in range(6)]
    point = {"metric": "cpu", "job": "load", "at": "2026-02-02T03:00:00Z", "value": 0.5}
    found = built(tmp_path, rows, (point, {**point, "job": None}))
    assert [one.metric for one in found] == [DURATION_METRIC] * 2 + ["cpu"] + [FAILURE_METRIC] * 2
    assert [one.values.tolist() for one in found[:2]] == [[30.0, 32.0, 34.0], [31.0, 33.0, 35.0]]
    assert {one.node for one in found} == {"load"}
