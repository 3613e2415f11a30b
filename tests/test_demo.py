"""The demo for real: started as a user starts it, read over HTTP, ended by the signals a user sends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from correlator.cli.demo import summary
from correlator.model import Cause, Finding, Verdict

READY_SECONDS = 150
END_SECONDS = 30


@dataclass
class Running:
    """A demo that was started; its temporary files go to `files`."""

    process: subprocess.Popen[str]
    port: int
    files: Path
    messages: Path

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as reply:
            return json.load(reply)

    def ready(self) -> bool:
        try:
            return bool(self.get("/readyz"))
        except (urllib.error.URLError, OSError):
            return False

    def descendants(self) -> set[tuple[int, str]]:
        """(pid, start time) of everything the demo started, itself included."""
        parents = {pid: fields for pid in _pids() if (fields := _stat(pid))}
        family = {self.process.pid}
        while grown := {pid for pid, (parent, _) in parents.items() if parent in family} - family:
            family |= grown
        return {(pid, parents[pid][1]) for pid in family if pid in parents}

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(END_SECONDS)


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _stat(pid: int) -> tuple[int, str] | None:
    """(parent, start time) of a process; None when it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else (int(fields[1]), fields[19])


def alive(processes: set[tuple[int, str]]) -> set[tuple[int, str]]:
    return {(pid, started) for pid, started in processes if (found := _stat(pid)) and found[1] == started}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(folder: Path, port: int) -> Running:
    files = folder / "tmp"
    files.mkdir()
    messages = folder / "messages.txt"
    command = [sys.executable, "-m", "correlator", "demo", "--port", str(port)]
    environment = {**os.environ, "TMPDIR": str(files), "CORRELATOR_LOG_LEVEL": "debug"}
    with messages.open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, text=True, cwd=folder, env=environment)
    return Running(process, port, files, messages)


def wait_until_ready(running: Running) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not running.ready():
        said = running.messages.read_text()
        assert running.process.poll() is None, said
        assert time.monotonic() < deadline, said
        time.sleep(0.5)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = start(tmp_path_factory.mktemp("demo"), free_port())
    try:
        wait_until_ready(running)
        yield running
    finally:
        running.process.kill()
        running.process.wait()


@pytest.fixture(scope="module")
def findings(demo: Running) -> dict[tuple[str, str], dict[str, Any]]:
    return {(item["tenant"], item["job"]): item for item in demo.get("/api/v1/findings")["findings"]}


@pytest.mark.parametrize("job", ["export_ads", "export_email"])
def test_the_premium_exports_are_laid_to_the_ingest(findings: dict[tuple[str, str], dict[str, Any]], job: str) -> None:
    found = findings["tenant-03", job]
    assert (found["verdict"], found["cause"], found["root_job"]) == ("systemic", "upstream", "ingest_orders")
    assert found["path"] == ["ingest_orders", "materialise_profiles", "build_segments", job]
    assert found["observed"] >= 10 * found["expected_by_chance"]


def test_the_noise_fools_nobody(findings: dict[tuple[str, str], dict[str, Any]]) -> None:
    assert findings["tenant-01", "export_ads"]["verdict"] != "systemic"
    assert findings["tenant-02", "export_onsite"]["cause"] not in ("upstream", "shared")
    deploy = findings["tenant-05", "export_email"]
    assert (deploy["verdict"], deploy["cause"], deploy["root_job"]) == ("systemic", "self", "export_email")
    accused = {key for key, item in findings.items() if item["root_job"] == "ingest_orders" and item["cause"] != "self"}
    assert accused == {("tenant-03", "export_ads"), ("tenant-03", "export_email")}


def finding(job: str, verdict: Verdict, cause: Cause, root_job: str | None = None, observed: int = 0) -> Finding:
    return Finding(
        *("tenant-09", job, verdict, cause, root_job, (job,), 0.9),
        runs=100,
        failed_first=9,
        recovered_by_retry=9,
        observed=observed,
        expected_by_chance=0.25,
        p_value=None,
        onset=None,
        needs=None,
    )


def test_three_lines_sum_up_what_was_found() -> None:
    findings = [
        finding("export_ads", Verdict.SYSTEMIC, Cause.UPSTREAM, "ingest", 5),
        finding("export_email", Verdict.SYSTEMIC, Cause.UPSTREAM, "ingest", 4),
        finding("export_crm", Verdict.SYSTEMIC, Cause.SELF, "export_crm", 8),
        finding("report", Verdict.SYSTEMIC, Cause.SHARED, None, 1),
        finding("sync", Verdict.TRANSIENT, Cause.NONE),
        finding("index", Verdict.INCONCLUSIVE, Cause.NONE),
    ]
    assert summary(findings) == [
        "upstream cause: ingest fails export_ads and export_email of tenant-09 (9 runs, 0.5 expected by chance)",
        "other causes:   export_crm of tenant-09 by themselves; 1 job in a shared outage",
        "not systemic:   1 job by chance; 1 job too early to tell",
    ]
    assert summary([])[0] == "upstream cause: none"


def test_it_says_what_it_found_and_where_to_look(demo: Running) -> None:
    said = demo.messages.read_text()
    assert "ingest_orders fails export_ads and export_email of tenant-03" in said
    assert f"pages: http://127.0.0.1:{demo.port}" in said
    assert "ingest_orders of tenant-03 timed out" in said, "what is coming is announced"
    assert "Traceback" not in said


def test_a_second_demo_on_the_same_port_is_refused(demo: Running, tmp_path: Path) -> None:
    second = start(tmp_path, demo.port)
    assert second.process.wait(60) != 0
    said = second.messages.read_text()
    assert f"port {demo.port}" in said
    assert "hint:" in said
    assert "Traceback" not in said


def test_ctrl_c_ends_everything_it_started(demo: Running) -> None:
    family = demo.descendants()
    assert len(family) >= 3, "the demo, the pages and the scheduler"
    assert demo.end(signal.SIGINT) == 0
    time.sleep(0.2)
    assert alive(family) == set()
    assert list(demo.files.iterdir()) == [], "its temporary folder is gone"
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", demo.port))


@pytest.mark.parametrize("seconds", [0.8, 6.0])
def test_sigterm_ends_it_at_any_time(tmp_path: Path, seconds: float) -> None:
    running = start(tmp_path, free_port())
    time.sleep(seconds)
    family = running.descendants()
    running.end(signal.SIGTERM)
    time.sleep(0.2)
    assert alive(family) == set()
    assert list(running.files.iterdir()) == []
    assert "Traceback" not in running.messages.read_text()
