"""Measure how often the methods are wrong where nothing is there, and how often they see what is.

    python -m benchmarks.error_rates --quick                         # half a minute, to standard output
    python -m benchmarks.error_rates --write docs/error-rates.md     # the figures in the docs

The same sizes and seed give the same page.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.null_tables import MINUTE, MONDAY, tables_of
from benchmarks.nulls import NULLS, Pair, effect
from correlator.engine import analyze
from correlator.history.alignment import hour_strata, window_strata
from correlator.model import Cause
from correlator.statistics.stratified import stratified_test

DAYS = 28
BREAKS = (0.2, 1 / 3, 0.5, 0.8)
PAGE = Path(__file__).with_name("error_rates_page.md")


@dataclass(frozen=True)
class Sizes:
    tests: int
    powers: int
    histories: int
    processes: int


QUICK = Sizes(tests=150, powers=60, histories=6, processes=20)
FULL = Sizes(tests=2000, powers=500, histories=120, processes=300)


@dataclass(frozen=True)
class Tested:
    """p-value and e-value of one history as the engine uses them: the weaker of both stratifications."""

    p_value: float
    e_value: float


def weigh_pair(pair: Pair, slots: int | None = None) -> Tested:
    """The test on the runs of the first so many slots."""
    use = pair.down_made.copy()
    use[slots if slots is not None else len(use) :] = False
    due = MONDAY + (np.arange(len(use)) * 60 + 20) * MINUTE
    results = [
        stratified_test(strata(due[use]), pair.exposed[use], pair.failed[use])
        for strata in (window_strata, hour_strata)
    ]
    return Tested(max(r.p_value for r in results), min(r.e_value for r in results))


def null_rows(sizes: Sizes, seed: int) -> Iterator[list[str]]:
    """How often p-values are small and e-values are large under each null."""
    for number, (name, make) in enumerate(NULLS.items()):
        rng = np.random.default_rng([seed, 1, number])
        found = [weigh_pair(make(rng, DAYS * 24)) for _ in range(sizes.tests)]
        p, e = np.array([t.p_value for t in found]), np.array([t.e_value for t in found])
        grid = np.linspace(0.01, 1, 100)
        above = max(float((p <= level).mean() - level) for level in grid)
        shares = [f"{(p <= level).mean():.3f}" for level in (0.05, 0.01, 0.001)]
        yield [
            name,
            *shares,
            f"{above:+.3f}",
            f"{e.mean():.2f} ± {2 * e.std() / np.sqrt(len(e)):.2f}",
            f"{(e >= 20).mean():.3f}",
            f"{(e >= 200).mean():.4f}",
        ]


def process_rows(sizes: Sizes, seed: int) -> Iterator[list[str]]:
    """Looked at every day for half a year: how often was the p-value ever small, the e-value ever large?"""
    days = 180
    for number, name in enumerate(("plain", "daily rhythm", "bad days", "all together")):
        rng = np.random.default_rng([seed, 2, number])
        ever = np.zeros(3)
        for _ in range(sizes.processes):
            pair = NULLS[name](rng, days * 24)
            looks = [weigh_pair(pair, 24 * day) for day in range(7, days + 1, 7)]
            ever += [
                any(t.p_value <= 0.05 for t in looks),
                any(t.e_value >= 20 for t in looks),
                any(t.e_value >= 200 for t in looks),
            ]
        yield [name, *(f"{share:.3f}" for share in ever / sizes.processes)]


def power_rows(sizes: Sizes, seed: int) -> Iterator[list[str]]:
    """How often an effect is seen, at the level for one edge and at the level for fifty edges looked at together."""
    for number, name in enumerate(("plain", "daily rhythm", "bad days", "bursts", "all together")):
        for days in (14, 28):
            cells = []
            for index, breaks in enumerate(BREAKS):
                rng = np.random.default_rng([seed, 3, number, days, index])
                found = [weigh_pair(effect(rng, NULLS[name](rng, days * 24), breaks)) for _ in range(sizes.powers)]
                one = np.mean([t.p_value <= 0.05 for t in found])
                many = np.mean([t.p_value <= 0.001 and t.e_value >= 200 for t in found])
                cells.append(f"{one:.2f} / {many:.2f}")
            yield [name, str(days), *cells]


def verdict_rows(sizes: Sizes, seed: int) -> Iterator[list[str]]:
    """What the whole engine says about the downstream job of null histories with three other jobs beside it."""
    for number, (name, make) in enumerate(NULLS.items()):
        rng = np.random.default_rng([seed, 4, number])
        said: dict[str, int] = {}
        for _ in range(sizes.histories):
            pair = make(rng, DAYS * 24)
            neighbours = [rng.random(DAYS * 24) < 0.03 for _ in range(3)]
            for found in analyze(tables_of(pair, neighbours)).findings:
                if found.job == "export":
                    word = found.cause.value if found.cause is not Cause.NONE else found.verdict.value
                    said[word] = said.get(word, 0) + 1
        words = ("upstream", "shared", "self", "transient", "inconclusive")
        yield [name, *(f"{said.get(word, 0) / sizes.histories:.3f}" for word in words)]


def table(head: str, rows: Iterator[list[str]]) -> str:
    names = [name.strip() for name in head.split("|")]
    lines = [names, ["---"] + ["---:"] * (len(names) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def page(sizes: Sizes, seed: int, command: str) -> str:
    """The page of the docs: words from `error_rates_page.md`, figures from here."""
    words = PAGE.read_text(encoding="utf-8")
    values = {
        "COMMAND": command,
        "SIZES": f"{sizes.tests:,} histories a null, {sizes.powers:,} a power figure, {sizes.processes:,} half-years, "
        f"{sizes.histories:,} whole analyses a null; seed {seed}",
        "NULLS": table(
            "null | p ≤ 0.05 | p ≤ 0.01 | p ≤ 0.001 | most above the diagonal | mean e | e ≥ 20 | e ≥ 200",
            null_rows(sizes, seed),
        ),
        "PROCESSES": table(
            "null | p ≤ 0.05 at some look | e ≥ 20 at some look | e ≥ 200 at some look", process_rows(sizes, seed)
        ),
        "POWER": table("history | days | " + " | ".join(f"{b:.0%}" for b in BREAKS), power_rows(sizes, seed)),
        "VERDICTS": table("null | upstream | shared | self | transient | inconclusive", verdict_rows(sizes, seed)),
    }
    for name, value in values.items():
        words = words.replace(f"@{name}@", value)
    return words


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes, for a first look")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path, help="the file to write; standard output where none is given")
    options = parser.parse_args()
    words = ["python -m benchmarks.error_rates"] + ["--quick"] * options.quick
    words += [f"--seed {options.seed}"] * (options.seed != 1) + [f"--write {options.write}"] * bool(options.write)
    text = page(QUICK if options.quick else FULL, options.seed, " ".join(words))
    if options.write:
        options.write.write_text(text, encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
