"""Two hundred looks over each history: what was ever said, and taken back?

    python -m benchmarks.looks WORLDS [--looks 200] [--json FILE]

WORLDS holds folders with tables and a `truth.json`. Each case is looked at over its tenant's own history,
evenly spaced.
Printed for each mechanism: cases ever accused wrongly (an upstream or an outage named that is not to blame) or called
systemic wrongly; right verdicts later withdrawn, and right systemic ones among them ("sys w/d"); and how many failures
of the cause had been seen at the first right call (median).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from correlator.backtesting.record import Judged, Record, failure_times, judge
from correlator.backtesting.replay import Replay
from correlator.backtesting.truth import TrueCase, read_truth
from correlator.tables.frames import to_micros
from correlator.tables.latest import latest_time
from correlator.tables.reading import read_folder


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("worlds", type=Path, nargs="+")
    parser.add_argument("--looks", type=int, default=200)
    parser.add_argument("--json", type=Path, help="also write every case's story here")
    options = parser.parse_args()
    found: list[tuple[str, Record, Judged]] = []
    for folder in sorted(file.parent for worlds in options.worlds for file in worlds.glob("*/truth.json")):
        found += [(f"{folder.parent.name}/{folder.name}", *one) for one in look(folder, options.looks)]
        print(f"{folder}: {len(found)} cases", file=sys.stderr)
    report(found)
    if options.json:
        options.json.write_text(json.dumps([story(*one) for one in found], indent=1) + "\n")
    return 0


def look(folder: Path, looks: int) -> Iterator[tuple[Record, Judged]]:
    """Every case of one folder, looked at so often over its own tenant's history."""
    tables = read_folder(folder)
    cases = read_truth(folder / "truth.json")
    failed_at = failure_times(tables, latest_time(tables))
    records = {(case.tenant, case.job): Record(case.tenant, case.job) for case in cases}
    replay = Replay(tables)
    for at, tenants in sorted(schedule(cases, looks).items()):
        for call in replay.calls(to_micros(at), tenants):
            record = records.get((call.tenant, call.job))
            if record is not None:
                record.add(call)
    for case in cases:
        record = records[case.tenant, case.job]
        yield record, judge(record, case, failed_at.get((case.tenant, case.job), {}))


def schedule(cases: tuple[TrueCase, ...], looks: int) -> dict[datetime, set[str]]:
    times: dict[datetime, set[str]] = defaultdict(set)
    for case in cases:
        step = (case.end - case.start) / looks
        for number in range(1, looks + 1):
            at = case.start + number * step
            times[at - timedelta(microseconds=at.microsecond)].add(case.tenant)
    return times


def report(found: list[tuple[str, Record, Judged]]) -> None:
    kinds = defaultdict(list)
    for _, record, judged in found:
        kinds[judged.case.mechanism].append((record, judged))
    head = ("mechanism", "cases", "right", "ever accused", "false alarm", "right ever", "withdrawn", "sys w/d", "nth")
    print("{:18} {:>5} {:>6} {:>12} {:>11} {:>10} {:>9} {:>7} {:>5}".format(*head))
    for mechanism, group in sorted(kinds.items()):
        every = [judged for _, judged in group]
        ever = [(record, judged) for record, judged in group if judged.first_right is not None]
        nth = [judged.delay_failures for _, judged in ever if judged.delay_failures is not None]
        cells = (
            mechanism,
            len(group),
            sum(judged.final == "right" for judged in every),
            sum(judged.ever_accused for judged in every),
            sum(judged.ever_false_alarm for judged in every),
            len(ever),
            sum(judged.right_withdrawn for _, judged in ever),
            sum(systemic_withdrawn(record, judged) for record, judged in ever),
            median(nth) if nth else "-",
        )
        print("{:18} {:>5} {:>6} {:>12} {:>11} {:>10} {:>9} {:>7} {:>5}".format(*cells))


def systemic_withdrawn(record: Record, judged: Judged) -> bool:
    """Whether a right systemic call was followed by anything that is not right."""
    pairs = list(zip(record.calls, judged.outcomes, strict=True))
    return any(
        call.verdict == "systemic" and outcome == "right" and then != "right"
        for (call, outcome), (_, then) in pairwise(pairs)
    )


def story(folder: str, record: Record, judged: Judged) -> dict[str, Any]:
    return {
        "folder": folder,
        "tenant": record.tenant,
        "job": record.job,
        "mechanism": judged.case.mechanism,
        "root": sorted(judged.case.root_jobs),
        "final": judged.final,
        "nth": judged.delay_failures,
        "of_cause": judged.failures_of_cause,
        "withdrawn": judged.right_withdrawn,
        "calls": [
            f"{call.at:%m-%dT%H:%M} {call.verdict}/{call.cause}/{call.root_job} c={call.confidence} "
            f"n={call.failed_first}/{call.runs} {outcome}"
            for call, outcome in zip(record.calls, judged.outcomes, strict=True)
        ],
    }


if __name__ == "__main__":
    sys.exit(main())
