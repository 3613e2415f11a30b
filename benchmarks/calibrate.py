"""Fit the confidence of verdicts to simulated histories with known truth, and write the calibration table.

    python -m benchmarks.calibrate --platforms 150 --first-seed 1 --processes 1

Each platform (see `calibration_histories.py`) is judged at several fractions of each tenant's history, early looks
included, because that is when verdicts are shaky. Written: the weights and the reliability table, read by
`correlator.engine.confidence`; the picture and the table of docs/calibration.md. `--samples FILE` keeps the judged
verdicts, so that `--from-samples FILE` can fit again without simulating.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import timedelta
from itertools import product
from pathlib import Path

from benchmarks.calibration_fit import calibrate
from benchmarks.calibration_histories import build, shape
from benchmarks.calibration_pages import write_pages
from correlator.backtesting.replay import Replay, leaning_call
from correlator.backtesting.truth import Outcome, TrueCase, true_case
from correlator.engine.confidence import FILE
from correlator.model import Verdict
from correlator.simulation.story import START, Story, Told, tell
from correlator.simulation.writing import write_told
from correlator.tables.frames import Tables, to_micros
from correlator.tables.reading import read_folder

FRACTIONS = (0.1, 0.18, 0.25, 0.35, 0.5, 0.65, 0.8, 1.0)
STORY = "calibration"
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Sample:
    """One verdict that was given, its traits, and whether it was right."""

    seed: int
    mechanism: str
    fraction: float
    kind: str
    outcome: str
    right: bool
    traits: dict[str, float]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--platforms", type=int, default=150)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--samples", type=Path, help="keep the judged verdicts here")
    parser.add_argument("--from-samples", type=Path, help="fit these instead of simulating")
    options = parser.parse_args()
    if options.from_samples:
        samples = [Sample(**row) for row in json.loads(options.from_samples.read_text())]
    else:
        samples = gather(range(options.first_seed, options.first_seed + options.platforms), options.processes)
    if options.samples:
        options.samples.write_text(json.dumps([asdict(sample) for sample in samples]) + "\n")
    document = calibrate([asdict(sample) for sample in samples])
    FILE.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    write_pages(document, ROOT / "docs")
    print(json.dumps({key: value for key, value in document.items() if key not in ("models", "kinds")}, indent=1))
    return 0


def gather(seeds: range, processes: int) -> list[Sample]:
    found: list[Sample] = []
    with ProcessPoolExecutor(processes) as pool:
        for number, samples in enumerate(pool.map(samples_of, seeds), start=1):
            found += samples
            print(f"{number} of {len(seeds)} platforms, {len(found)} verdicts", file=sys.stderr)
    return found


def samples_of(seed: int) -> list[Sample]:
    """All verdicts about the cases of one platform."""
    days = shape(seed)[1]
    told = tell(Story(STORY, STORY, lambda _, start: build(seed, start)), seed, START, START + timedelta(days=days))
    return list(samples_in(seed, tables_of(told), told, days))


def tables_of(told: Told) -> Tables:
    with tempfile.TemporaryDirectory() as folder:
        write_told(told, Path(folder))
        return read_folder(Path(folder))


def samples_in(seed: int, tables: Tables, told: Told, days: int) -> Iterator[Sample]:
    cases = {case["tenant"]: true_case(case) for case in told.truth["cases"]}
    replay = Replay(tables)
    for fraction, tenant in product(FRACTIONS, cases):
        at, truth = START + fraction * timedelta(days=days), cases[tenant]
        if (truth.onset is not None and truth.onset >= at) or not _to_be_found(truth):
            continue
        for call, case in replay.looks(to_micros(at), (tenant,)):
            leaning = case.decision.withheld or case.decision
            if call.job == truth.job and leaning.verdict is not Verdict.INCONCLUSIVE:
                outcome = truth.judge(leaning_call(call, case))
                right = outcome is Outcome.RIGHT
                yield Sample(seed, truth.mechanism, fraction, leaning.kind, outcome, right, dict(leaning.traits))


def _to_be_found(case: TrueCase) -> bool:
    """Whether the planted mechanism is behind enough of the failures to be what they should be attributed to."""
    share = 0.5 if case.mechanism in ("mixed", "outage") else 0.6
    return len(case.of_cause) >= max(7, share * len(case.failures))


if __name__ == "__main__":
    sys.exit(main())
