"""kill -9 at random moments of a backfill: the state it ends in is that of one nobody interrupted.

    python -m benchmarks.kills                fifty kills
    python -m benchmarks.kills --kills 10 --seed 3

A backfill is killed after a random time and called again; once one comes through it begins anew on the same store,
so that kills meet writes of new rows and of repeated ones. Exit status 1 when the states differ.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from connectors.standin import Fault, serve_history
from tests.faults.killing import killed_times, long_history, state, whole


def main() -> None:
    arguments = _arguments()
    began_at = time.monotonic()
    with serve_history(long_history(), datadog_limit=(10**9, 3600)) as standin, TemporaryDirectory() as name:
        calm, cut = Path(name) / "calm", Path(name) / "cut"
        calm.mkdir()
        cut.mkdir()
        whole(standin, calm)
        standin.faults.add(Fault("", status=200, delay_seconds=0.03, times=10**9))
        hit, through = killed_times(arguments.kills, standin, cut, Random(arguments.seed), arguments.longest)
        standin.faults.clear()
        whole(standin, cut)
        same = state(calm) == state(cut)
    words = "the same state" if same else "ANOTHER STATE"
    print(f"{hit} kills, {through} that came through, {words} in the end, {time.monotonic() - began_at:.0f} s")
    sys.exit(0 if same else 1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest", type=float, default=3.0, help="seconds after which a kill comes at the latest")
    return parser.parse_args()


if __name__ == "__main__":
    main()
