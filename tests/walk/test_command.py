"""`correlator walk` as a process: the contract's document, its errors, and the same bytes each time."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.walk.shops import EDGES, MINUTES, rows, stamp, write

FROM, TO = stamp(MINUTES - 10), stamp(MINUTES - 1)


def walk(
    folder: Path, *more: str, target: str = "frontend", start: str = FROM, end: str = TO, seed: str = "0"
) -> subprocess.CompletedProcess[str]:
    words = ["walk", str(folder), "--target", target, "--from", start, "--to", end, "--json", *more]
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    return subprocess.run(
        [sys.executable, "-m", "correlator", *words], capture_output=True, text=True, env=environment, check=False
    )


def ranking(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["ranking"]
    return found


def test_the_origin_is_named_first_with_its_way_and_evidence(tmp_path: Path) -> None:
    found = ranking(walk(write(tmp_path, rows(root="store"))))
    assert found[0]["job"] == "store"
    assert found[0]["path"] == ["store", "payments", "frontend"]
    assert {sign["metric"] for sign in found[0]["evidence"]} == {"cpu", "latency/Average"}
    assert all(sign["z"] > 3 for sign in found[0]["evidence"])
    scores = [one["score"] for one in found]
    assert scores == sorted(scores, reverse=True)
    assert len({one["job"] for one in found}) == len(found)


def test_the_target_itself_when_nothing_upstream_is_abnormal(tmp_path: Path) -> None:
    found = ranking(walk(write(tmp_path, rows(root="frontend"))))
    assert (found[0]["job"], found[0]["path"]) == ("frontend", ["frontend"])


def test_an_ordinary_day_has_an_empty_ranking(tmp_path: Path) -> None:
    assert ranking(walk(write(tmp_path, rows()))) == []


def test_the_named_metric_must_be_in_trouble(tmp_path: Path) -> None:
    folder = write(tmp_path, rows(root="store"))
    assert ranking(walk(folder, "--metric", "latency/Average"))[0]["job"] == "store"
    assert ranking(walk(folder, "--metric", "cpu")) == []


def test_same_bytes_in_any_order_and_for_any_hash_seed(tmp_path: Path) -> None:
    table = rows(root="payments")
    first = walk(write(tmp_path / "one", table))
    random.Random(5).shuffle(table)
    second = walk(write(tmp_path / "two", table, tuple(reversed(EDGES))), seed="77")
    assert first.stdout == second.stdout
    assert first.stdout


def test_rows_after_the_window_are_not_looked_at(tmp_path: Path) -> None:
    table = rows(root="store")
    early = walk(write(tmp_path / "cut", [row for row in table if str(row["at"]) <= stamp(300)]), end=stamp(300))
    whole = walk(write(tmp_path / "whole", table), start=stamp(295), end=stamp(300))
    assert whole.stdout == walk(tmp_path / "cut", start=stamp(295), end=stamp(300)).stdout
    assert early.returncode == 2  # its window begins after its last row


def test_circles_self_edges_and_nodes_without_metrics(tmp_path: Path) -> None:
    edges = (*EDGES, ("frontend", "store"), ("store", "store"), ("10.0.0.7:443/tcp", "search"))
    found = ranking(walk(write(tmp_path, rows(root="store"), edges)))
    assert found[0]["job"] == "store"
    named = {one["job"]: one["path"] for one in found}
    assert named["10.0.0.7:443/tcp"] == ["10.0.0.7:443/tcp", "search", "frontend"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"target": "Frontend"}, "no node 'Frontend'"),
        ({"start": "2030-01-01T00:00:00Z", "end": "2030-01-02T00:00:00Z"}, "no rows of 'frontend'"),
        ({"start": "2026-02-02T10:00:00"}, "no UTC offset"),
        ({"start": TO, "end": FROM}, "before --from"),
    ],
)
def test_wrong_questions_are_one_line_and_status_two(tmp_path: Path, change: dict[str, str], told: str) -> None:
    done = walk(write(tmp_path, rows(minutes=MINUTES)), **change)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert told in done.stderr


@pytest.mark.parametrize("broken", ["metrics.jsonl", "dependencies.yaml"])
def test_a_broken_folder_is_one_line_and_status_two(tmp_path: Path, broken: str) -> None:
    folder = write(tmp_path, rows(minutes=20))
    (folder / broken).unlink()
    done = walk(folder)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    (folder / "dependencies.yaml").write_text("dependencies: [")
    done = walk(folder)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


def test_an_unknown_metric_of_the_target_is_refused(tmp_path: Path) -> None:
    done = walk(write(tmp_path, rows()), "--metric", "nothing")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
