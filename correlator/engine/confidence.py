"""How sure is a verdict? A probability fitted to histories whose truth is known, read from the table shipped beside.

For each kind of verdict the confidence is logistic in a few traits of the decision (`correlator.engine.traits`), and
moves with each of them in one direction only: more aligned failures never make an upstream less sure. The weights and
the reliability table (of the findings given so much, how many were right?) stand in `calibration.json`, written by
`benchmarks/calibrate.py` on simulated histories that took no part in the fit of their own fold.

Imports nothing numerical, so that pages can show the table.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).with_name("calibration.json")
KINDS: Final = ("upstream", "shared", "self", "transient")
LEAST: Final = 0.5
"""What the evidence points to is at least as sure as a coin."""
SURE_ENOUGH: Final = 0.7
"""A verdict is given when it is right with this probability; below, what shows is said to be inconclusive."""

RIGHT_WITH_INPUTS_UNKNOWN: Final = {"self": 0.9, "transient": 0.55}
"""Share of these verdicts that were right about jobs all of whose edges were left out (`benchmarks/undeclared.py`)."""


@dataclass(frozen=True)
class Model:
    """One kind of verdict: log odds of being right are `intercept` plus the weighted traits; `most` bounds the answer,
    for nobody has seen enough verdicts to promise more."""

    intercept: float
    weights: Mapping[str, float]
    most: float

    def probability(self, traits: Mapping[str, float]) -> float:
        odds = self.intercept + sum(weight * traits[name] for name, weight in self.weights.items())
        return min(max(1.0 / (1.0 + math.exp(-odds)) if odds > -700 else 0.0, LEAST), self.most)


@dataclass(frozen=True)
class Bin:
    """Verdicts whose confidence lay in `[low, high)`: how many, their mean confidence, and the share that was right."""

    low: float
    high: float
    verdicts: int
    mean_confidence: float
    share_right: float


@dataclass(frozen=True)
class Calibration:
    """The table: `name` identifies it in every analysis; `brier` is the mean squared distance between confidence and
    being right, `brier_of_average` that of always naming the average. `kinds` has a reliability table for each kind."""

    name: str
    histories: int
    verdicts: int
    share_right: float
    brier: float
    brier_of_average: float
    reliability: tuple[Bin, ...]
    kinds: Mapping[str, tuple[Bin, ...]]
    models: Mapping[str, Model]


def confidence(kind: str, traits: Mapping[str, float]) -> float:
    """The probability that a verdict of this kind (see `KINDS`) with these traits is right, cause and root included."""
    return round(table().models[kind].probability(traits), 4)


def with_inputs_unknown(kind: str, sure: float) -> float:
    """The probability for a job of which nobody declared what it reads.

    Either it reads from no other job, and the verdict is as sure as ever; or it does, and an unknown upstream may be
    behind its failures. Nothing tells which, so each counts half. Outages show without any edge.

    >>> with_inputs_unknown("shared", 0.9)
    0.9
    """
    return round((sure + min(sure, RIGHT_WITH_INPUTS_UNKNOWN.get(kind, sure))) / 2, 4)


@cache
def table() -> Calibration:
    """The calibration table shipped with this version of the program."""
    return read_table(FILE)


def read_table(file: Path) -> Calibration:
    """A table from its file, as `benchmarks/calibrate.py` writes it."""
    document = json.loads(file.read_text(encoding="utf-8"))
    return Calibration(
        name=document["name"],
        histories=document["histories"],
        verdicts=document["verdicts"],
        share_right=document["share_right"],
        brier=document["brier"],
        brier_of_average=document["brier_of_average"],
        reliability=_bins(document["reliability"]),
        kinds={kind: _bins(rows) for kind, rows in document["kinds"].items()},
        models={kind: Model(**model) for kind, model in document["models"].items()},
    )


def _bins(rows: list[dict[str, float]]) -> tuple[Bin, ...]:
    return tuple(
        Bin(row["low"], row["high"], int(row["verdicts"]), row["mean_confidence"], row["share_right"]) for row in rows
    )
