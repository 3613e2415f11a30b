"""How often `walk` names the right origin, and how often it stays silent on quiet windows, on simulated services.

    python -m benchmarks.walk_accuracy --systems 60

Prints one line for all cases and one for each kind of fault, graph,
monitoring, step size, length and noise. `first`: the planted origin
stands first; `three`: among the first three; `quiet`: no ranking where nothing was planted. Speed is measured on
100 nodes with 10 metrics over two days of minutes.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from correlator.model import Dependency
from correlator.simulation.services import Case, Services, make_services
from correlator.walking.paths import downstream_of
from correlator.walking.series import Series
from correlator.walking.walk import Question, rank_origins

Tally = dict[str, dict[str, list[bool]]]
MINUTE = 60_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--systems", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1000, help="the first seed; each system takes the next")
    options = parser.parse_args()
    tally: Tally = defaultdict(lambda: defaultdict(list))
    for seed in range(options.seed, options.seed + options.systems):
        count(make_services(seed), tally)
    for group in sorted(tally):
        print(
            f"{group:22}"
            + "  ".join(f"{name} {np.mean(hits):.3f} of {len(hits)}" for name, hits in tally[group].items())
        )
    print(f"100 nodes, 10 metrics, 2 days of minutes: {speed():.1f} s")


def count(services: Services, tally: Tally) -> None:
    downstream = downstream_of(Dependency(up, down) for up, down in services.edges)
    for case, recorded in services.cases:
        series = [Series(node, metric, *points) for (node, metric), points in recorded.items()]
        ranking = rank_origins(series, downstream, Question(case.target, case.start, case.end, case.metric))
        named = [one.job for one in ranking]
        for group in groups(services, case, max(len(one.at) for one in series)):
            if case.root is None:
                tally[group]["quiet"].append(not named)
            else:
                tally[group]["first"].append(case.root in named[:1])
                tally[group]["three"].append(case.root in named[:3])


def groups(services: Services, case: Case, points: int) -> Iterator[str]:
    yield "all"
    yield f"fault {case.fault}"
    yield f"step {services.step_seconds:4} s"
    yield "points " + ("under 100" if points < 100 else "100 to 300" if points < 300 else "over 300")
    yield "noise " + ("heavy-tailed" if services.spiky else "light-tailed")
    yield "rhythm " + ("daily" if services.rhythm else "none")
    yield f"seen {services.monitoring}"
    yield f"graph {services.topology}"


def speed() -> float:
    """Seconds for one walk over 100 nodes x 10 metrics x 2,880 minutes."""
    rng = np.random.default_rng(1)
    at = np.arange(2_880, dtype=np.int64) * MINUTE
    series = [
        Series(f"node-{node:03}", f"metric-{metric}", at, rng.standard_normal(len(at)))
        for node in range(100)
        for metric in range(10)
    ]
    edges = [Dependency(f"node-{node:03}", f"node-{(node - 1) // 2:03}") for node in range(1, 100)]
    started = time.perf_counter()
    rank_origins(series, downstream_of(edges), Question("node-000", 2_850 * MINUTE, 2_879 * MINUTE))
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
