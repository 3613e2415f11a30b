"""Walk upstream from a node in trouble: rehearse, measure, weigh, and say where it started, or that nothing did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from correlator.walking.nodes import Node, summarise
from correlator.walking.paths import paths_to
from correlator.walking.roots import Sign, score_origin, weigh
from correlator.walking.series import Measured, Series, judge, measure

Floats = NDArray[np.float64]
Micros = NDArray[np.int64]

REHEARSALS: Final = 200
LEAST_Z: Final = 3.0  # what is listed as evidence
MOST_EVIDENCE: Final = 5
MOST_ORIGINS: Final = 10
QUIET_DAYS: Final = 1000  # simulated, for the level that the best score reaches by chance
FALSE_ALARMS: Final = 0.1  # share of them that may reach it
OLD_TROUBLE: Final = 15.0  # nats asked for less, times the share of rehearsals set aside,
MOST_OLD_TROUBLE: Final = 2.0  # at most these nats
TARGET_WEIGHT: Final = 0.4  # how much of the target's own surprise is added to the best score
EVERYBODY: Final = 0.25  # quantile of the nodes' surprises; on ordinary days it is ln(4/3)
ORDINARY_SHARED: Final = 0.3
LEAST_EVERYBODY: Final = 4  # nodes
MOST_WEATHER: Final = 2.0  # nats
TARGET_SURPRISE: Final = 3.0  # nats the named metric of the target must show


@dataclass(frozen=True, slots=True)
class Evidence:
    """One abnormal metric; `z` in robust standard deviations of the ordinary period, signed."""

    metric: str
    z: float


@dataclass(frozen=True, slots=True)
class Origin:
    """`score`: log likelihood ratio in nats against an ordinary day; `path`: from the node to the target."""

    job: str
    score: float
    path: tuple[str, ...]
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """Node in trouble, window (microseconds, both ends included) and, if known, the metric in trouble."""

    target: str
    start: int
    end: int
    metric: str | None = None


def rank_origins(
    series: Sequence[Series], downstream: Mapping[str, frozenset[str]], question: Question
) -> tuple[Origin, ...]:
    """Most likely origin first; empty when nothing upstream of the target, nor itself, was out of the ordinary."""
    cut = [_until(one, question.end) for one in series]
    begins, independent = _rehearsals(cut, question)
    measured = _measured(cut, question.start, begins)
    nodes = {name: summarise(name, ones, independent) for name, ones in measured.items()}
    if not _target_in_trouble(measured.get(question.target, []), question.metric, len(begins)):
        return ()
    paths = paths_to(question.target, downstream)
    signs = _signs(nodes)
    scores = _scores(signs, paths, downstream, _step(cut))
    old = _old_trouble([nodes[name] for name in sorted(paths) if name in nodes])
    if not _out_of_the_ordinary(scores, signs.get(question.target), old):
        return ()
    order = sorted(paths, key=lambda name: (-scores[name][-1], len(paths[name]), name))[:MOST_ORIGINS]
    return tuple(
        Origin(name, round(float(scores[name][-1]), 6), paths[name], _evidence(nodes.get(name))) for name in order
    )


def _until(series: Series, end: int) -> Series:
    stop = int(np.searchsorted(series.at, end, side="right"))
    return Series(series.node, series.metric, series.at[:stop], series.values[:stop])


def _rehearsals(series: Sequence[Series], question: Question) -> tuple[Micros, float]:
    """Moments at which rehearsed windows begin, and how many of them would fit without overlap."""
    first = min((int(one.at[0]) for one in series if len(one.at)), default=question.start)
    first = min(first, question.start)
    begins = np.unique(np.linspace(first, question.start, REHEARSALS + 1)[:-1].astype(np.int64))
    return begins, (question.start - first) / max(question.end - question.start, 1)


def _measured(series: Sequence[Series], start: int, begins: Micros) -> dict[str, list[Measured]]:
    units = _units(series)
    found: dict[str, list[Measured]] = {}
    for one in sorted(series, key=lambda item: (item.node, item.metric)):
        measured = measure(one, start, begins, units[one.metric])
        if measured is not None:
            found.setdefault(one.node, []).append(measured)
    return found


def _units(series: Sequence[Series]) -> dict[str, float]:
    """The typical absolute value of each metric over all nodes."""
    sizes: dict[str, list[float]] = {}
    for one in series:
        sizes.setdefault(one.metric, []).append(float(np.median(np.abs(one.values))) if len(one.values) else 0.0)
    return {metric: float(np.median(found)) for metric, found in sizes.items()}


def _step(series: Sequence[Series]) -> int:
    steps = [float(np.median(np.diff(one.at))) for one in series if len(one.at) > 1]
    return int(np.median(steps)) if steps else 0


def _target_in_trouble(measured: Sequence[Measured], metric: str | None, rehearsals: int) -> bool:
    """Only where the caller named a metric of the target: is that one out of the ordinary?"""
    named = [one for one in measured if one.metric == metric]
    if not named:
        return True
    everything = np.ones(rehearsals, dtype=np.bool_)
    return max(float(judge(one, everything).surprise[-1]) for one in named) >= TARGET_SURPRISE


def _signs(nodes: Mapping[str, Node]) -> dict[str, Sign]:
    """What each node shows on `QUIET_DAYS` simulated quiet days and, last, in the window."""
    names = sorted(nodes)
    quiet = np.random.default_rng(0).exponential(size=(len(names), QUIET_DAYS))
    weather = _weather([nodes[name].surprise[-1] for name in names])
    found = [max(float(nodes[name].surprise[-1]) - weather, 0.0) for name in names]
    return {
        name: Sign(np.append(drawn, one), nodes[name].onset)
        for name, drawn, one in zip(names, quiet, found, strict=True)
    }


def _scores(
    signs: Mapping[str, Sign], candidates: Iterable[str], downstream: Mapping[str, frozenset[str]], step: int
) -> dict[str, Floats]:
    """The score of each candidate, for each column of the signs."""
    evidence = weigh(downstream, signs, QUIET_DAYS + 1, tolerance=2 * step)
    return {name: score_origin(name, evidence) for name in sorted(candidates)}


def _weather(surprises: Sequence[float]) -> float:
    """What at least three quarters of the nodes show at once, such as more load for everybody.

    Limited, and nothing in a small graph: real trouble may reach every node there is.
    """
    if len(surprises) < LEAST_EVERYBODY:
        return 0.0
    return float(np.clip(np.quantile(surprises, EVERYBODY) - ORDINARY_SHARED, 0.0, MOST_WEATHER))


def _out_of_the_ordinary(scores: Mapping[str, Floats], target: Sign | None, allowance: float) -> bool:
    """Are the best score and the target's own surprise together higher than on nearly all quiet days?

    Trouble upstream matters the more, the clearer the target is in trouble. On a quiet day a surprise is exponential
    with mean one, by construction; how high the sum then comes depends on the graph alone and is simulated (with a
    fixed seed, so the answer is fixed). `allowance` (nats) is taken off.
    """
    found = np.max(np.stack(list(scores.values())), axis=0)
    if target is not None:
        found = found + TARGET_WEIGHT * np.nan_to_num(target.surprise)
    return bool(found[-1] > float(np.quantile(found[:-1], 1 - FALSE_ALARMS)) - allowance)


def _old_trouble(nodes: Sequence[Node]) -> float:
    """How many nats less are asked for: an ordinary period full of old trouble makes new trouble look ordinary.

    Setting the worst rehearsals aside undoes only part of that, so surprises come out too small.
    """
    shares = [1.0 - float(one.ordinary.mean()) for one in nodes]
    return min(OLD_TROUBLE * float(np.mean(shares)), MOST_OLD_TROUBLE) if shares else 0.0


def _evidence(node: Node | None) -> tuple[Evidence, ...]:
    if node is None:
        return ()
    abnormal = [one for one in node.series if abs(one.z) >= LEAST_Z and one.surprise[-1] > 1]
    strongest = sorted(abnormal[:MOST_EVIDENCE], key=lambda one: (-abs(one.z), one.metric))
    return tuple(Evidence(one.metric, round(one.z, 3)) for one in strongest)
