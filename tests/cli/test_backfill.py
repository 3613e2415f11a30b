"""`correlator backfill` as a process: what it says, how it is stopped, and that a kill leaves nothing behind."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from connectors.standin import Fault, Standin, serve_history
from tests.faults.killing import command, environment, killed_at, long_history, state, whole

SPANS = "/api/v2/spans"


@pytest.fixture(scope="module")
def standin() -> Iterator[Standin]:
    with serve_history(long_history(), datadog_limit=(10**9, 3600)) as running:
        yield running


@pytest.fixture(autouse=True)
def _fair_weather(standin: Standin) -> Iterator[None]:
    yield
    standin.faults.clear()


@pytest.fixture(scope="module")
def expected(standin: Standin, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    folder = tmp_path_factory.mktemp("whole")
    whole(standin, folder)
    return state(folder)


def test_it_says_how_far_it_is_and_stores_what_there_is(standin: Standin, tmp_path: Path) -> None:
    said = whole(standin, tmp_path)
    assert "runs: reads 2026-01-01T00:00:00Z to 2026-03-02T00:00:00Z" in said
    assert re.search(r"runs: 1,440 items, [\d,]+ a second, read to its end", said)
    assert "60 changes, 1440 runs stored, 0 repeated, 0 set aside" in said
    assert "\r" not in said
    seen = len(standin.requests.seen)
    done = subprocess.run(
        command("--json"), env=environment(standin, tmp_path), cwd=tmp_path, capture_output=True, check=True
    )
    assert json.loads(done.stdout)["already_read"] == ["runs", "changes"]
    assert len(standin.requests.seen) == seen


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_after_the_page_at_hand_and_goes_on_from_there(
    standin: Standin, tmp_path: Path, expected: dict[str, object], number: signal.Signals
) -> None:
    standin.faults.add(Fault(SPANS, status=200, delay_seconds=1.0, times=3, after=3))
    seen = len(standin.requests.seen)
    child = subprocess.Popen(
        command(), env=environment(standin, tmp_path), cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    wait_for_requests(standin, seen + 3)
    time.sleep(0.2)
    child.send_signal(number)
    said = child.communicate(timeout=30)[1]
    assert child.returncode == 130, said
    assert "the same command goes on from here" in said
    stopped_after = len(standin.requests.seen) - seen
    standin.faults.clear()
    assert "goes on with 2026-01-01T00:00:00Z" in whole(standin, tmp_path)
    assert state(tmp_path) == expected
    assert stopped_after <= 5
    assert len(standin.requests.seen) - seen == requests_of_a_whole_one(standin, tmp_path / "other")


def requests_of_a_whole_one(standin: Standin, folder: Path) -> int:
    folder.mkdir()
    seen = len(standin.requests.seen)
    whole(standin, folder)
    return len(standin.requests.seen) - seen


def wait_for_requests(standin: Standin, count: int) -> None:
    end = time.monotonic() + 30
    while len(standin.requests.seen) < count:
        assert time.monotonic() < end, "it did not come so far"
        time.sleep(0.02)


def test_a_wait_for_a_rate_limit_is_told_and_can_be_ended(standin: Standin, tmp_path: Path) -> None:
    standin.faults.add(Fault(SPANS, status=429, headers={"x-ratelimit-reset": "1800"}, times=99, after=2))
    seen = len(standin.requests.seen)
    child = subprocess.Popen(
        command(), env=environment(standin, tmp_path), cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    wait_for_requests(standin, seen + 3)
    time.sleep(0.3)
    child.send_signal(signal.SIGTERM)
    said = child.communicate(timeout=10)[1]
    assert "waiting 30 min before the next request" in said
    assert child.returncode == 130
    assert len(standin.requests.seen) - seen == 3


def test_on_a_terminal_one_line_changes(standin: Standin, tmp_path: Path) -> None:
    standin.faults.add(Fault(SPANS, status=200, delay_seconds=0.3, times=4, after=1))
    ours, theirs = pty.openpty()
    child = subprocess.Popen(command(), env=environment(standin, tmp_path), cwd=tmp_path, stderr=theirs)
    os.close(theirs)
    said = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # how a terminal says that the other side is gone
            break
        if not part:
            break
        said += part
    os.close(ours)
    assert child.wait(30) == 0
    assert re.search(rb"\r\x1b\[Kruns: [\d,]+ items, [\d,]+ a second, \d+% up to \S+, about .* left", said)


def test_a_source_that_refuses_ends_with_status_1_and_a_hint(standin: Standin, tmp_path: Path) -> None:
    standin.faults.add(Fault(SPANS, status=403, times=99))
    done = subprocess.run(
        command(), env=environment(standin, tmp_path), cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "error: runs: " in done.stderr
    assert "hint: check DD_API_KEY" in done.stderr
    assert "60 changes stored" in done.stderr


def test_killed_at_random_moments_it_ends_in_the_same_state(
    standin: Standin, tmp_path: Path, expected: dict[str, object]
) -> None:
    """`benchmarks/kills.py` does this fifty times."""
    random = Random(5)
    standin.faults.add(Fault("", status=200, delay_seconds=0.05, times=10**6))
    for _ in range(3):
        killed_at(random.uniform(0.8, 2.0), standin, tmp_path)
    standin.faults.clear()
    whole(standin, tmp_path)
    assert state(tmp_path) == expected
