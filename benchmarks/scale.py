"""How long a large history takes, beside the floor and beside what one would write by hand.

    python -m benchmarks.scale                     10 million attempts
    python -m benchmarks.scale --attempts 1000000

Every measurement runs in a process of its own. The floor is reading the Parquet file with pandas and sorting it by
tenant, job and time; "lean" reads only the columns that are needed. The two drafts by hand (see by_hand.py) are
measured on some of the tenants and multiplied, and the print says by how much.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

NEEDED = ["tenant", "job", "run_id", "logical_run_id", "status", "attempt", "scheduled_at", "started_at", "finished_at"]
BY_HAND_TENANTS = 40


def main() -> None:
    arguments = _arguments()
    if arguments.measure:
        begin = _processor_seconds()
        found = _measured(arguments)
        print(json.dumps({"cpu": _processor_seconds() - begin} | found))
        return
    from benchmarks.histories import history_folder

    folder = history_folder(arguments.attempts)
    tasks = ("floor", "floor-lean", "serial", "processes", "command", "first-draft", "second-draft")
    _report({task: _in_child(task, folder, arguments) for task in tasks})


def _processor_seconds() -> float:
    """Of this process and of those it started and waited for; other work on the machine does not lengthen it much."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, kinds))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--attempts", type=int, default=10_000_000)
    parser.add_argument("--tenants", type=int, default=BY_HAND_TENANTS, help="tenants to judge by hand")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _in_child(task: str, folder: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Run one task in a process of its own; adds the greatest memory of that process and its children together."""
    print(f"measuring {task}", file=sys.stderr)
    options = ["--measure", task, "--folder", str(folder), "--tenants", str(arguments.tenants)]
    command = [sys.executable, "-m", "benchmarks.scale", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        peak = _Peak(child.pid)
        output, _ = child.communicate()
    peak.stop()
    if child.returncode:
        raise SystemExit(f"measuring {task} failed")
    found: dict[str, Any] = json.loads(output)
    return found | {"gib": peak.bytes / 2**30}


def _measured(arguments: argparse.Namespace) -> dict[str, Any]:
    task, folder = arguments.measure, arguments.folder
    if task.startswith("floor"):
        return _floor(folder, NEEDED if task == "floor-lean" else None)
    if task == "command":
        return _command(folder)
    if task.endswith("draft"):
        return _by_hand(folder, task, 2 if task == "first-draft" else arguments.tenants)
    return _ours(folder, processes=task == "processes")


def _floor(folder: Path, columns: list[str] | None) -> dict[str, Any]:
    import pandas as pd

    begin = time.perf_counter()
    frame = pd.read_parquet(folder / "runs.parquet", columns=columns)
    read = time.perf_counter()
    frame = frame.sort_values(["tenant", "job", "started_at"])
    return {"seconds": time.perf_counter() - begin, "read": read - begin, "attempts": len(frame)}


def _ours(folder: Path, *, processes: bool) -> dict[str, Any]:
    from correlator.engine.analysis import analyze
    from correlator.engine.executors import Processes, Serial
    from correlator.tables.reading import read_folder

    begin = time.perf_counter()
    tables = read_folder(folder)
    read = time.perf_counter()
    analysis = analyze(tables, executor=Processes(os.cpu_count() or 2) if processes else Serial())
    return {"seconds": time.perf_counter() - begin, "read": read - begin, "findings": len(analysis.findings)}


def _command(folder: Path) -> dict[str, Any]:
    """`correlator analyze --json`, with its start, and the document written to a pipe."""
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "correlator", "analyze", str(folder), "--json"], stdout=subprocess.PIPE, check=True
    )
    return {"seconds": time.perf_counter() - begin, "megabytes": len(done.stdout) / 1e6}


def _by_hand(folder: Path, task: str, count: int) -> dict[str, Any]:
    """Reading once, and judging some of the tenants as if it were all of them."""
    from benchmarks import by_hand

    begin, before = time.perf_counter(), _processor_seconds()
    frame, edges = by_hand.read(folder)
    tenants = frame["tenant"].unique().tolist()
    some = tenants[:: max(len(tenants) // count, 1)][:count]
    then, used = time.perf_counter(), _processor_seconds()
    draft = by_hand.first_draft if task == "first-draft" else by_hand.second_draft
    found = draft(frame, edges, some)
    times = len(tenants) / len(some)
    wall = then - begin + (time.perf_counter() - then) * times
    cpu = used - before + (_processor_seconds() - used) * times
    return {"seconds": wall, "cpu": cpu, "edges": len(found), "scaled up by": times}


class _Peak:
    """The greatest memory of a process and its descendants together: shared pages counted once (Linux only)."""

    def __init__(self, pid: int) -> None:
        self.pid, self.bytes, self._going = pid, 0, True
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._going = False
        self._thread.join()

    def _watch(self) -> None:
        while self._going:
            self.bytes = max(self.bytes, sum(_memory(pid) for pid in _family(self.pid)))
            time.sleep(0.2)


def _family(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return [pid]
    return [pid, *(found for child in children for found in _family(int(child)))]


def _memory(pid: int) -> int:
    """Proportional set size: a page that two processes share counts half for each."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def _report(found: dict[str, dict[str, Any]]) -> None:
    floor = found["floor"]
    print(f"{floor['attempts']:,} attempts, {os.cpu_count()} processors; times as multiples of the floor in brackets")
    for task, row in found.items():
        wall, cpu = (f"{row[name]:7.1f} s ({row[name] / floor[name]:5.2f})" for name in ("seconds", "cpu"))
        more = {key: round(value, 1) for key, value in row.items() if key not in ("seconds", "cpu", "gib", "attempts")}
        print(f"{task:<12} wall {wall}   processor {cpu}   {row['gib']:5.2f} GiB   {more}")


if __name__ == "__main__":
    main()
