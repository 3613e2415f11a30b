"""Real processes: that a child can be cut with all it started, and does not outlive its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from correlator.scheduling.child import start_child

# a module that starts a grandchild, writes both pids, and then hangs; STUBBORN ignores SIGTERM
HANGING = """
import os, pathlib, signal, subprocess, sys, time
if "STUBBORN" in os.environ:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"])
target = pathlib.Path(sys.argv[1])
target.with_suffix(".part").write_text(f"{os.getpid()} {grandchild.pid}")
target.with_suffix(".part").rename(target)
time.sleep(120)
"""


@pytest.fixture
def module(tmp_path: Path) -> dict[str, str]:
    """The environment in which `hanging` can be run as a module."""
    (tmp_path / "hanging.py").write_text(HANGING)
    return {"PYTHONPATH": str(tmp_path)}


def test_its_output_and_status_are_known(tmp_path: Path) -> None:
    (tmp_path / "answer.py").write_text("import sys\nprint('arguments', sys.argv[1:])\nsys.exit(3)\n")
    with start_child("answer", ["a", "b c"], {"PYTHONPATH": str(tmp_path)}, capture=True) as child:
        assert child.output(30).strip() == "arguments ['a', 'b c']"
        assert child.status == 3


def test_a_child_that_hangs_is_cut_with_what_it_started(tmp_path: Path, module: dict[str, str]) -> None:
    with start_child("hanging", [str(tmp_path / "pids")], module, capture=True) as child:
        pids = _pids(tmp_path / "pids")
        with pytest.raises(subprocess.TimeoutExpired):
            child.output(0.1)
        child.end()
        assert child.status == -signal.SIGTERM
    _until(lambda: not any(_alive(pid) for pid in pids))


def test_a_child_that_ignores_the_polite_signal_is_killed(tmp_path: Path, module: dict[str, str]) -> None:
    with start_child("hanging", [str(tmp_path / "pids")], module | {"STUBBORN": "1"}) as child:
        pids = _pids(tmp_path / "pids")
        child.end(grace_seconds=0.2)
        assert child.status == -signal.SIGKILL
    _until(lambda: not any(_alive(pid) for pid in pids))


def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path, module: dict[str, str]) -> None:
    script = f"""
import time
from correlator.scheduling.child import start_child
child = start_child("hanging", [{str(tmp_path / "pids")!r}])
time.sleep(120)
"""
    with subprocess.Popen([sys.executable, "-c", script], env={**os.environ, **module}) as parent:
        pids = _pids(tmp_path / "pids")
        parent.kill()
    _until(lambda: not any(_alive(pid) for pid in pids))


def test_ending_twice_is_harmless(tmp_path: Path) -> None:
    (tmp_path / "quick.py").write_text("")
    with start_child("quick", environment={"PYTHONPATH": str(tmp_path)}) as child:
        child.end()
        child.end()


def _pids(file: Path) -> list[int]:
    _until(file.exists)
    return [int(pid) for pid in file.read_text().split()]


def _until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def _alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and waits to be collected by init does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
