"""Measure what verdicts are worth about jobs that stand in no declared edge, although they read from another job.

    python -m benchmarks.undeclared --platforms 20 --first-seed 1

The platforms of `calibrate` with all edges of each case left out: an upstream behind the failures cannot be seen then.
Printed: for each kind of verdict how many were given, how many were right, and the mean confidence told by the weights
alone. `correlator.engine.confidence` rests on these shares.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta

from benchmarks.calibrate import STORY, Sample, samples_in, tables_of
from benchmarks.calibration_histories import build, shape
from correlator.engine.confidence import KINDS, table
from correlator.simulation.story import START, Story, tell
from correlator.tables.frames import Tables


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--platforms", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=1)
    options = parser.parse_args()
    given: dict[str, list[Sample]] = defaultdict(list)
    for seed in range(options.first_seed, options.first_seed + options.platforms):
        for sample in _samples(seed):
            given[sample.kind].append(sample)
        print(f"platform {seed}: {sum(map(len, given.values()))} verdicts", file=sys.stderr)
    for kind in KINDS:
        print(_line(kind, given[kind]))
    return 0


def _samples(seed: int) -> Iterator[Sample]:
    days = shape(seed)[1]
    told = tell(Story(STORY, STORY, lambda _, start: build(seed, start)), seed, START, START + timedelta(days=days))
    jobs = {case["job"] for case in told.truth["cases"]}
    return samples_in(seed, without_edges_of(jobs, tables_of(told)), told, days)


def without_edges_of(jobs: set[str], tables: Tables) -> Tables:
    """The tables when nobody had declared what these jobs read, or who reads from them."""
    kept = tuple(edge for edge in tables.dependencies if not {edge.upstream, edge.downstream} & jobs)
    return replace(tables, dependencies=kept)


def _line(kind: str, samples: Iterable[Sample]) -> str:
    told = [(table().models[kind].probability(sample.traits), sample.right) for sample in samples]
    count = max(len(told), 1)
    mean, right = sum(one for one, _ in told) / count, sum(was for _, was in told) / count
    return f"{kind:10} {len(told):5} verdicts, {right:.3f} right, mean confidence {mean:.3f}"


if __name__ == "__main__":
    sys.exit(main())
