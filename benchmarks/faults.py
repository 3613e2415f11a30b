"""Hundreds of pulls under faults: stored is what was served, nothing twice, nothing asked for before its time.

    python -m benchmarks.faults                       300 mixes, every fault by itself under ten seeds
    python -m benchmarks.faults --mixes 50 --seeds 2

Every run is a platform of two days on the stand-in, pulled every five minutes by the real clients until all is read.
Which run failed is said with its seed, which brings it about again. Exit status 1 when one failed.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

from connectors.standin.faults import CURSOR, FAULTS, Weather
from connectors.standin.mixups import ON_PAGES
from tests.faults.weather import least_requests, mixed_weather, run_under, wrongs
from tests.faults.worlds import HANG_SECONDS, served, small_pages

VENDORS = ("datadog", "pagerduty")


def main() -> None:
    arguments = _arguments()
    logging.getLogger("pdpyras").setLevel(logging.CRITICAL)
    began_at, runs, failed, requests, least, played = time.monotonic(), 0, 0, 0, 0, Counter[str]()
    with small_pages(), served() as standin:
        fair = {vendor: run_under(standin, vendor, Weather(0, kinds=())) for vendor in VENDORS}
        for name, make, vendor in _plays(arguments.mixes, arguments.seeds):
            weather = make()
            run = run_under(standin, vendor, weather)
            runs += 1
            played.update(weather.played)
            requests += run.requests - run.faults
            least += least_requests(run, fair[vendor])
            if found := wrongs(run, fair[vendor], weather):
                failed += 1
                print(f"{name}, {vendor}: {'; '.join(found[:5])}", flush=True)
    print(f"{runs} runs in {time.monotonic() - began_at:.0f} s, {failed} failed")
    print(f"{sum(played.values())} faults played: {dict(sorted(played.items()))}")
    print(f"requests beside one for each fault: {requests / least:.3f} of what fair weather takes")
    sys.exit(1 if failed else 0)


def _plays(mixes: int, seeds: int) -> Iterator[tuple[str, Callable[[], Weather], str]]:
    for vendor in VENDORS:
        for seed in range(mixes):
            yield f"mix {seed}", partial(mixed_weather, seed), vendor
        for kind in FAULTS:
            for seed in range(100, 100 + seeds):
                yield f"{kind}, seed {seed}", partial(_single, kind, seed), vendor


def _single(kind: str, seed: int) -> Weather:
    rate = 0.5 if kind in (*ON_PAGES, CURSOR) else 0.1
    return Weather(seed, kinds=(kind,), rate=rate, hang_seconds=HANG_SECONDS)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mixes", type=int, default=300)
    parser.add_argument("--seeds", type=int, default=10, help="for every fault by itself")
    return parser.parse_args()


if __name__ == "__main__":
    main()
