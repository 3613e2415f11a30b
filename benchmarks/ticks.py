"""A week of five-minute ticks in minutes: requests and rows a tick, day by day, and that nothing drifts.

    python -m benchmarks.ticks              seven days after the first pull
    python -m benchmarks.ticks --days 2

The platform goes on by a clock that only the ticks move; pulls are the real ones, over HTTP, into a SQLite file.
Exit status 1 when a run was missed, or when a tick of the last day takes a tenth more requests than one of the first.
"""

from __future__ import annotations

import argparse
import logging
import resource
import sys
import time
from itertools import groupby
from statistics import mean

from tests.faults.ticks import Tick, going_on, latest_incident_states, missing_runs, resolved_as_they_happened, ticks
from tests.faults.worlds import START, fresh_store


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=float, default=7.0)
    days = 1 + parser.parse_args().days
    logging.getLogger("pdpyras").setLevel(logging.CRITICAL)
    began_at, history, means = time.monotonic(), going_on(days), []
    with fresh_store() as engine:
        done = []
        for day, those in groupby(ticks(engine, history, days), key=lambda one: (one.at - START).days):
            part = list(those)
            done += part
            means.append(_said(day, part[1:] if day == 1 else part))
        missed = missing_runs(engine, history, done[-1].at)
        same = latest_incident_states(engine) == resolved_as_they_happened(history, done[-1].at)
    print(
        f"{len(done)} ticks in {time.monotonic() - began_at:.0f} s; {len(missed)} runs missed, incidents right: {same}"
    )
    whole = means[:-1] or means
    sys.exit(1 if missed or not same or whole[-1] > 1.1 * whole[0] else 0)


def _said(day: int, those: list[Tick]) -> float:
    requests = mean(one.requests for one in those)
    stored, repeated = mean(one.stored for one in those), mean(one.repeated for one in those)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    most = max(one.requests for one in those)
    print(
        f"day {day}: {len(those)} ticks, {requests:.2f} requests a tick (at most {most}), "
        f"{stored:.2f} rows stored, {repeated:.1f} repeated, {memory} MiB",
        flush=True,
    )
    return requests


if __name__ == "__main__":
    main()
