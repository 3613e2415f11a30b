"""Measure verdicts on unkind histories: missing ids, lost attempts, clocks apart, odd periods, calendars, migrations.

    python -m benchmarks.unkind --seeds 3 --mechanisms direct deep storm --unkind clock_5 ratio_24

For every mechanism and every unkindness a few worlds with known truth are played (see `unkind_worlds.py`), spoilt, and
judged. Printed: how many cases were called right, how many wrongly accused an upstream or an outage, named the wrong
root, or stayed open, and how many of the runs attributed to the cause are its doing (precision) and are there (recall).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from benchmarks.unkind_parts import MECHANISMS, Case, Row, Shape, World
from benchmarks.unkind_worlds import make_world
from correlator.engine import analyze
from correlator.model import Cause, Dependency, Finding, Verdict
from correlator.tables.checking import check_table, empty_frame
from correlator.tables.frames import Tables
from correlator.tables.layout import LAYOUTS
from correlator.tables.raw import RawTable

MONDAY: Final = datetime(2026, 3, 2, tzinfo=UTC)
Record = dict[str, Any]
Spoil = Callable[[list[Record], np.random.Generator], list[Record]]

SHAPES: Final[Mapping[str, Shape]] = {
    "kind": Shape(),
    "ratio_24": Shape(ratio=(24, 1), depth=1, days=42),
    "ratio_4": Shape(ratio=(4, 1)),
    "ratio_7_5": Shape(ratio=(1.4, 1)),
    "ratio_1_4": Shape(ratio=(0.25, 1), days=42),
    "weekdays": Shape(weekdays="all"),
    "weekday_ingest": Shape(weekdays="ingest"),
    "weekday_export": Shape(weekdays="export"),
    "fan_in_5": Shape(fan_in=5, depth=1),
    "diamond": Shape(diamond=True),
    "depth_6": Shape(depth=6),
    "shared_ingest": Shape(shared_ingest=True, depth=1),
    "extra_edges": Shape(extra_edges=True),
    "undeclared": Shape(undeclared=True),
    "skips": Shape(skips=0.04),
    "jitter": Shape(jitter=1.5),
    "few_runs": Shape(days=9),
    "moved_schedule": Shape(moves=7.0),
    "clock_change": Shape(clock_change=True),
    "drift": Shape(drift=True),
    "sizes": Shape(sizes=True),
    "overlap": Shape(overlap=True),
    "early": Shape(early=True),
}


def no_ids(rows: list[Record], rng: np.random.Generator) -> list[Record]:
    return [row | {"logical_run_id": None} for row in rows]


def some_ids(rows: list[Record], rng: np.random.Generator) -> list[Record]:
    """Of a third of the runs no attempt has its id."""
    without = {name for name in {row["logical_run_id"] for row in rows} if hash_of(name) % 3 == 0}
    return [row | {"logical_run_id": None} if row["logical_run_id"] in without else row for row in rows]


def starts_alone(rows: list[Record], rng: np.random.Generator) -> list[Record]:
    nothing = dict.fromkeys(("logical_run_id", "scheduled_at", "attempt"))
    return [row | nothing for row in rows]


def no_schedule(rows: list[Record], rng: np.random.Generator) -> list[Record]:
    return [row | {"scheduled_at": None} for row in rows]


def last_attempt(rows: list[Record], rng: np.random.Generator) -> list[Record]:
    """Of each run the source keeps the last attempt, with its number."""
    return list({row["logical_run_id"]: row for row in rows}.values())


def duplicates(rows: list[Record], rng: np.random.Generator) -> list[Record]:
    return [*rows, *(rows[at] for at in rng.integers(0, len(rows), len(rows) // 5))]


def lost_rows(rows: list[Record], rng: np.random.Generator) -> list[Record]:
    """Four per cent of the attempts were never recorded."""
    return [row for row in rows if rng.random() > 0.04]


def late_rows(rows: list[Record], rng: np.random.Generator) -> list[Record]:
    """The rows of the last two days of everything but the exports have not come yet."""
    until = max(row["started_at"] for row in rows) - timedelta(days=2)
    return [row for row in rows if row["job"].startswith("export") or row["started_at"] < until]


def gap(rows: list[Record], rng: np.random.Generator) -> list[Record]:
    """The source of everything but the exports told nothing for a tenth of the history."""
    first, last = (pick(row["started_at"] for row in rows) for pick in (min, max))
    begin, end = first + 0.5 * (last - first), first + 0.6 * (last - first)
    return [row for row in rows if row["job"].startswith("export") or not begin <= row["started_at"] < end]


def no_attempts(rows: list[Record], rng: np.random.Generator) -> list[Record]:
    return [row | {"attempt": None} for row in rows]


def renamed(rows: list[Record], rng: np.random.Generator) -> list[Record]:
    """The job right before the exports has a new name from half of the history on."""
    half = min(row["started_at"] for row in rows) + (rows[-1]["started_at"] - rows[0]["started_at"]) / 2
    names = {row["job"] for row in rows}
    old = max((name for name in names if name.startswith("step")), default="ingest_a")
    late = {row["run_id"] for row in rows if row["job"] == old and row["started_at"] >= half}
    return [row | {"job": f"{old}_v2"} if row["run_id"] in late else row for row in rows]


def clock(minutes: float, scheduled: bool = False) -> Spoil:
    """The clock of the source of everything but the exports is so many minutes ahead."""
    names = ("scheduled_at", "started_at", "finished_at") if scheduled else ("started_at", "finished_at")

    def spoil(rows: list[Record], rng: np.random.Generator) -> list[Record]:
        by = timedelta(minutes=minutes)
        return [
            row if row["job"].startswith("export") else row | {n: row[n] + by for n in names if row[n] is not None}
            for row in rows
        ]

    return spoil


SPOILT: Final[Mapping[str, Spoil]] = {
    "no_ids": no_ids,
    "some_ids": some_ids,
    "starts_alone": starts_alone,
    "no_schedule": no_schedule,
    "no_attempts": no_attempts,
    "last_attempt": last_attempt,
    "duplicates": duplicates,
    "lost_rows": lost_rows,
    "late_rows": late_rows,
    "gap": gap,
    "renamed": renamed,
    "clock_+2": clock(2),
    "clock_+5": clock(5),
    "clock_+10": clock(10),
    "clock_-2": clock(-2),
    "clock_-5": clock(-5),
    "clock_-10": clock(-10),
    "clock_all_+5": clock(5, scheduled=True),
    "clock_all_-5": clock(-5, scheduled=True),
}
MIXED: Final[Mapping[str, tuple[str, ...]]] = {
    "mixed_1": ("ratio_4", "some_ids", "clock_-5", "duplicates"),
    "mixed_2": ("weekdays", "no_ids", "lost_rows", "clock_+5"),
    "mixed_3": ("fan_in_5", "last_attempt", "skips"),
    "mixed_4": ("depth_6", "no_schedule", "duplicates", "lost_rows"),
    "mixed_5": ("shared_ingest", "starts_alone", "clock_+2"),
}
UNKIND: Final = (*SHAPES, *SPOILT, *MIXED)


def hash_of(text: str) -> int:
    return int.from_bytes(text.encode(), "big") % 1_000_003


@dataclass(frozen=True)
class History:
    """A spoilt world: the tables, the cases with their truth, and the true logical run of each row."""

    tables: Tables
    cases: tuple[Case, ...]
    logical: Mapping[str, str]


def make_history(mechanism: str, unkind: str, seed: int, tenants: int = 3) -> History:
    """One world with this mechanism, and one unkindness of `UNKIND` or a mixture of several."""
    parts = MIXED.get(unkind, (unkind,))
    shape = Shape()
    for part in parts:
        changed = SHAPES.get(part, shape)
        shape = replace(shape, **{k: v for k, v in vars(changed).items() if v != getattr(Shape(), k)})
    world = make_world(mechanism, shape, seed, tenants)
    rng = np.random.default_rng([seed, 99])
    rows = records(world)
    for part in parts:
        rows = SPOILT[part](rows, rng) if part in SPOILT else rows
    logical = {row.logical + f"/{row.attempt}": row.logical for row in world.rows} | {
        row.logical: row.logical for row in world.rows
    }
    told = {logical[row["run_id"]] for row in rows}
    cases = tuple(_told(case, told) for case in world.cases)
    return History(tables_of(rows, _edges(world, rows)), cases, logical)


def _told(case: Case, told: set[str]) -> Case:
    return replace(
        case,
        failures={run: blame for run, blame in case.failures.items() if run in told},
        of_cause=frozenset(case.of_cause & told),
    )


def _edges(world: World, rows: list[Record]) -> tuple[Dependency, ...]:
    """The declared edges; a renamed job has those of its old name too."""
    names = {row["job"] for row in rows}
    edges = [Dependency(up, down) for up, down in world.edges]
    for new in (name for name in names if name.endswith("_v2")):
        old = new.removesuffix("_v2")
        edges += [Dependency(new, down) for up, down in world.edges if up == old]
        edges += [Dependency(up, new) for up, down in world.edges if down == old]
    return tuple(edges)


def records(world: World) -> list[Record]:
    """The attempts as a source tells them, in the order of time."""
    return [_record(row) for row in sorted(world.rows, key=lambda row: row.start)]


def _record(row: Row) -> Record:
    return {
        "run_id": f"{row.logical}/{row.attempt}",
        "logical_run_id": row.logical,
        "attempt": row.attempt,
        "job": row.job,
        "tenant": row.tenant,
        "status": row.status,
        "error": row.error,
        "host": row.host,
        "scheduled_at": _time(row.due),
        "started_at": _time(row.start),
        "finished_at": None if row.end is None else _time(row.end),
    }


def _time(minute: float) -> datetime:
    return MONDAY + timedelta(seconds=round(minute * 60, 1))


def tables_of(rows: Iterable[Record], edges: tuple[Dependency, ...]) -> Tables:
    """The rows through the checks that files go through."""
    told = list(rows)
    times = ("scheduled_at", "started_at", "finished_at")
    columns = {
        name: pa.array([row[name] for row in told], _kind(name, name in times)) for name in (told[0] if told else ())
    }
    frames = {layout.name: empty_frame(layout) for layout in LAYOUTS}
    raw = RawTable(Path("runs.parquet"), columns, len(told), lambda wanted: wanted + 1)
    checked = check_table(raw, next(layout for layout in LAYOUTS if layout.name == "runs"))
    return Tables(
        runs=checked.frame,
        metrics=frames["metrics"],
        changes=frames["changes"],
        incidents=frames["incidents"],
        dependencies=edges,
        rejected=checked.rejected,
        repeated=checked.repeated,
    )


def _kind(name: str, is_time: bool) -> Any:
    return pa.timestamp("us", "UTC") if is_time else pa.int64() if name == "attempt" else pa.large_string()


# --- judging -----------------------------------------------------------------------------------------------------


def judge(case: Case, finding: Finding | None) -> str:
    """What a finding is worth against the truth; the worst mistake it makes is the one it is named by."""
    if finding is None or finding.verdict is Verdict.INCONCLUSIVE:
        return "open"
    if finding.cause in (Cause.UPSTREAM, Cause.SHARED) and finding.cause not in case.causes:
        return "accusation"
    if finding.verdict not in case.verdicts:
        return "false alarm" if finding.verdict is Verdict.SYSTEMIC else "missed"
    if finding.cause not in case.causes:
        return "wrong cause"
    if finding.cause is Cause.UPSTREAM and (finding.root_job or "").removesuffix("_v2") not in case.roots:
        return "wrong root"
    return "right"


@dataclass(frozen=True)
class Measured:
    """What became of the cases of one mechanism under one unkindness."""

    mechanism: str
    unkind: str
    outcomes: Counter[str]
    pairs: Counter[str]
    wrong: tuple[str, ...]


def measure(mechanism: str, unkind: str, seeds: Iterable[int]) -> Measured:
    outcomes: Counter[str] = Counter()
    pairs: Counter[str] = Counter()
    wrong = []
    for seed in seeds:
        history = make_history(mechanism, unkind, seed)
        found = {(finding.tenant, finding.job): finding for finding in analyze(history.tables).findings}
        for case in history.cases:
            finding = found.get((case.tenant, case.job))
            outcome = judge(case, finding)
            outcomes[outcome] += 1
            if finding is not None and outcome == "right" and case.verdicts == ("systemic",):
                named = {history.logical[pair.logical_run_id] for pair in finding.pairs}
                pairs += Counter(named=len(named), due=len(case.of_cause), hit=len(named & case.of_cause))
            if outcome != "right":
                wrong.append(_said(seed, case, finding, outcome))
    return Measured(mechanism, unkind, outcomes, pairs, tuple(wrong))


def _said(seed: int, case: Case, finding: Finding | None, outcome: str) -> str:
    truth = f"seed {seed} {case.tenant} {case.mechanism} {case.roots} {len(case.of_cause)}/{len(case.failures)}"
    if finding is None:
        return f"{outcome}: {truth}: no finding"
    laid = [(item.cause.value, item.root_job, item.failures) for item in finding.contributions]
    edges = [(e.upstream, e.exposed, e.observed, f"{e.p_value:.1g}", f"{e.e_value:.1g}") for e in finding.edges]
    return (
        f"{outcome}: {truth}: {finding.verdict} {finding.cause} {finding.root_job} {finding.confidence} "
        f"{finding.failed_first} {laid} {edges} {finding.needs}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=2, help="worlds for each pair")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--mechanisms", nargs="*", default=MECHANISMS, choices=MECHANISMS)
    parser.add_argument("--unkind", nargs="*", default=UNKIND, choices=UNKIND)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--wrong", action="store_true", help="print each case that was not called right")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    with ProcessPoolExecutor(options.processes) as pool:
        jobs = [pool.submit(measure, m, u, seeds) for u, m in product(options.unkind, options.mechanisms)]
        results = [job.result() for job in jobs]
    if options.wrong:
        print("\n".join(f"{r.unkind}: {line}" for r in results for line in r.wrong), file=sys.stderr)
    if options.json:
        print(json.dumps([vars(result) for result in results]))
        return 0
    for name in ("unkind", "mechanism"):
        print_table(name, results)
    return 0


def print_table(by: str, results: list[Measured]) -> None:
    """One line for every unkindness (or mechanism), worst first."""
    lines = []
    for name in dict.fromkeys(getattr(result, by) for result in results):
        mine = [result for result in results if getattr(result, by) == name]
        outcomes = sum((result.outcomes for result in mine), Counter[str]())
        pairs = sum((result.pairs for result in mine), Counter[str]())
        lines.append((outcomes["right"] / max(outcomes.total(), 1), name, outcomes, pairs))
    kinds = ("right", "accusation", "false alarm", "wrong root", "wrong cause", "missed", "open")
    print(f"{by:16} " + " ".join(f"{kind:>11}" for kind in kinds) + "   precision recall")
    for _, name, outcomes, pairs in sorted(lines, key=lambda line: line[:2]):
        shares = " ".join(f"{outcomes[kind] / max(outcomes.total(), 1):11.3f}" for kind in kinds)
        precision, recall = (pairs["hit"] / max(pairs[of], 1) for of in ("named", "due"))
        print(f"{name:16} {shares}   {precision:9.3f} {recall:6.3f}")


if __name__ == "__main__":
    sys.exit(main())
