"""`correlator run` and `correlator serve` as a user starts them: real processes, signals, ports."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from correlator.store.database import open_store
from correlator.store.leases import lease_holder
from correlator.store.ledger import list_jobs

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
        return number


@contextmanager
def _started(folder: Path, url: str, *words: str) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """The command, and the file its standard error goes to. Killed at the end if it is still there."""
    log = folder / f"{words[0]}-{time.monotonic_ns()}.log"
    variables = {**os.environ, "CORRELATOR_DATABASE_URL": url, "CORRELATOR_SCHEDULE_CORRELATE_SECONDS": "1"}
    with log.open("w") as stderr:
        command = [sys.executable, "-m", "correlator", *words]
        with subprocess.Popen(command, cwd=folder, env=variables, stderr=stderr, text=True) as process:
            try:
                yield process, log
            finally:
                process.kill()


def _until(condition: Callable[[], bool], log: Path, seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)


def _answers(port: int) -> bool:
    try:
        with _DIRECT.open(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")


def test_the_scheduler_works_says_so_and_ends_on_a_signal(tmp_path: Path, url: str) -> None:
    engine = open_store(url)
    with _started(tmp_path, url, "run") as (process, log):
        _until(lambda: all(any(run.ok for run in list_jobs(engine, name)) for name in ("correlate", "sums")), log)
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
    text = log.read_text()
    assert "scheduler starts" in text
    assert "correlate every 1 s" in text
    assert "Traceback" not in text
    assert {run.name for run in list_jobs(engine)} == {"correlate", "sums"}
    assert lease_holder(engine, "scheduler", datetime.now(UTC)) is None


def test_a_second_scheduler_stands_by_and_takes_over(tmp_path: Path, url: str) -> None:
    with _started(tmp_path, url, "run") as (first, first_log):
        _until(lambda: "job done" in first_log.read_text(), first_log)
        with _started(tmp_path, url, "run") as (second, second_log):
            _until(lambda: "standing by" in second_log.read_text(), second_log)
            first.send_signal(signal.SIGINT)
            assert first.wait(15) == 0
            assert "job started" not in second_log.read_text()
            _until(lambda: "job done" in second_log.read_text(), second_log)
            second.terminate()
            assert second.wait(15) == 0


def test_serve_starts_both_and_ends_both(tmp_path: Path, url: str, port: int) -> None:
    with _started(tmp_path, url, "serve", "--port", str(port)) as (process, log):
        _until(lambda: _answers(port) and "job done" in log.read_text(), log)
        assert f"http://127.0.0.1:{port}" in log.read_text()
        children = _children(process.pid)
        assert len(children) == 2
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == 0
        assert not any(Path(f"/proc/{pid}").exists() for pid in children)
    assert not _answers(port)
    assert "Traceback" not in log.read_text()


@pytest.mark.parametrize("part", ["web", "run"])
def test_when_one_dies_the_other_ends_with_an_error(tmp_path: Path, url: str, port: int, part: str) -> None:
    with _started(tmp_path, url, "serve", "--port", str(port)) as (process, log):
        _until(lambda: _answers(port), log)
        children = {_command(pid): pid for pid in _children(process.pid)}
        os.kill(next(pid for command, pid in children.items() if f" correlator {part}" in command), signal.SIGKILL)
        assert process.wait(15) == 1
        assert not any(Path(f"/proc/{pid}").exists() for pid in children.values())
    assert "error: the " in log.read_text()
    assert "hint: " in log.read_text()


def test_a_port_in_use_is_an_error_and_not_a_wait(tmp_path: Path, url: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with _started(tmp_path, url, "serve", "--port", str(taken.getsockname()[1])) as (process, log):
            assert process.wait(30) == 1
    assert "cannot listen" in log.read_text()


def test_what_is_configured_wrongly_ends_it_at_once(tmp_path: Path, url: str) -> None:
    (tmp_path / "correlator.yaml").write_text("datadog:\n  enabled: true\n")
    with _started(tmp_path, url, "run") as (process, log):
        assert process.wait(30) == 2
    assert "error: DD_API_KEY is not set" in log.read_text()
