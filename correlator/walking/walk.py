"""Walk upstream from a node in trouble: rehearse, measure, weigh, and say where it started, or that nothing did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from correlator.statistics.robust import fitted_below
from correlator.walking.kinds import Kind
from correlator.walking.nodes import Node, summarise
from correlator.walking.paths import paths_to
from correlator.walking.preparing import prepared
from correlator.walking.roots import Sign, score_origin, weigh
from correlator.walking.series import Judged, Measured, Series, judge, measure

Floats = NDArray[np.float64]
Micros = NDArray[np.int64]
Mask = NDArray[np.bool_]

REHEARSALS: Final = 200
SECOND: Final = 1_000_000  # microseconds
LEAST_SURPRISE: Final = 1.0  # nats
LEAST_Z: Final = 3.0  # what is listed as evidence
MOST_EVIDENCE: Final = 5
MOST_ORIGINS: Final = 10
QUIET_DAYS: Final = 1000  # simulated, for the level that the best score reaches by chance
OLD_TROUBLE: Final = 0.02  # a rehearsal with a chance below is old trouble;
MOST_OLD_TROUBLE: Final = 0.5  # at most this share of all rehearsals
FALSE_ALARMS: Final = 0.1  # share of them that may reach it
TARGET_WEIGHT: Final = 0.4  # how much of the target's own surprise is added to the best score
EVERYBODY: Final = 0.25  # quantile of the nodes' surprises; on ordinary days it is ln(4/3)
ORDINARY_SHARED: Final = 0.3
LEAST_EVERYBODY: Final = 4  # nodes
MOST_WEATHER: Final = 2.0  # nats
TARGET_SURPRISE: Final = 3.0  # nats the named metric of the target must show


@dataclass(frozen=True, slots=True)
class Evidence:
    """One abnormal metric; `z` in robust standard deviations of the ordinary period, signed.

    `before` and `after`: medians of the last ordinary points and of those since the onset, in the metric's own unit
    followed by `unit` (`/s` for counters). The onset lies after `onset_after` and not after `onset_by` (ISO 8601).
    `given`: the traffic whose effect was taken out of `z`, if any.
    """

    metric: str
    z: float
    before: float
    after: float
    unit: str
    onset_after: str
    onset_by: str
    given: str


@dataclass(frozen=True, slots=True)
class Origin:
    """`score`: log likelihood ratio in nats against an ordinary day; `path`: from the node to the target; `unmoved`:
    the node's metrics that were looked at and stayed within the ordinary."""

    job: str
    score: float
    path: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    unmoved: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """Node in trouble, window (microseconds, both ends included) and, if known, the metric in trouble."""

    target: str
    start: int
    end: int
    metric: str | None = None


@dataclass(frozen=True, slots=True)
class WeighedOrigins:
    """`chance`: how often an ordinary stretch has a best score as high as the window's; `named_in_trouble`: is the
    metric that was asked for out of the ordinary (True where none was asked for)?"""

    ranking: tuple[Origin, ...]
    chance: float
    named_in_trouble: bool


def rank_origins(
    series: Sequence[Series], downstream: Mapping[str, frozenset[str]], question: Question
) -> tuple[Origin, ...]:
    """Most likely origin first; empty when nothing upstream of the target, nor itself, was out of the ordinary."""
    weighed = weigh_origins(series, downstream, question)
    if not weighed.named_in_trouble or weighed.chance > FALSE_ALARMS:
        return ()
    return weighed.ranking


def weigh_origins(
    series: Sequence[Series], downstream: Mapping[str, frozenset[str]], question: Question
) -> WeighedOrigins:
    """All candidates in their order, whether or not anything was out of the ordinary."""
    cut = prepared([_until(one, question.end) for one in series], question.start, downstream)
    begins, independent = _rehearsals(cut, question)
    measured = _measured(cut, question.start, begins)
    paths = paths_to(question.target, downstream)

    def look(calm: Mask) -> tuple[dict[str, Node], dict[str, Floats], Floats]:
        nodes = {name: summarise(name, ones, independent, calm) for name, ones in measured.items()}
        signs = _signs(nodes, len(begins))
        scores = _scores(signs, paths, downstream, _step(cut), len(begins) + QUIET_DAYS + 1)
        return nodes, scores, _chances(scores, signs.get(question.target), len(begins), independent)

    _, _, chances = look(np.ones(len(begins), dtype=np.bool_))
    nodes, scores, chances = look(_calm(chances[:-1]))
    order = sorted(paths, key=lambda name: (-scores[name][-1], len(paths[name]), name))[:MOST_ORIGINS]
    ranking = tuple(
        Origin(name, round(float(scores[name][-1]), 6), paths[name], *_shown(nodes.get(name))) for name in order
    )
    named = _target_in_trouble(measured.get(question.target, []), question.metric, len(begins))
    return WeighedOrigins(ranking, float(chances[-1]), named)


def _until(series: Series, end: int) -> Series:
    stop = int(np.searchsorted(series.at, end, side="right"))
    return replace(series, at=series.at[:stop], values=series.values[:stop])


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


def _signs(nodes: Mapping[str, Node], rehearsals: int) -> dict[str, Sign]:
    """What each node shows in the rehearsals, on `QUIET_DAYS` simulated quiet days and, last, in the window."""
    rng = np.random.default_rng(0)
    names = sorted(nodes)
    found: dict[str, dict[Kind, Floats]] = {name: {} for name in names}
    for kind in sorted({kind for one in nodes.values() for kind in one.surprises}):
        having = [name for name in names if kind in nodes[name].surprises]
        rows = np.stack([nodes[name].surprises[kind] for name in having])
        drawn = rng.exponential(size=(len(having), QUIET_DAYS))
        rows = np.hstack([rows[:, :rehearsals], drawn, rows[:, rehearsals:]])
        calm = np.maximum(rows - _weather(rows), 0.0)
        for name, row in zip(having, calm, strict=True):
            found[name][kind] = row
    return {name: Sign(found[name], nodes[name].onset) for name in names}


def _scores(
    signs: Mapping[str, Sign],
    candidates: Iterable[str],
    downstream: Mapping[str, frozenset[str]],
    step: int,
    columns: int,
) -> dict[str, Floats]:
    """The score of each candidate, for each column of the signs."""
    evidence = weigh(downstream, signs, columns, tolerance=2 * step)
    return {name: score_origin(name, evidence) for name in sorted(candidates)}


def _weather(rows: Floats) -> Floats:
    """What at least three quarters of the nodes (rows) show at once, such as more load for everybody: one a column.

    Limited, and nothing in a small graph: real trouble may reach every node there is.
    """
    if len(rows) < LEAST_EVERYBODY:
        return np.zeros(rows.shape[1])
    shared: Floats = np.quantile(np.nan_to_num(rows), EVERYBODY, axis=0) - ORDINARY_SHARED
    return np.clip(shared, 0.0, MOST_WEATHER)


def _chances(scores: Mapping[str, Floats], target: Sign | None, rehearsals: int, independent: float) -> Floats:
    """How often do the best score and the target's own surprise together come as high as in each rehearsal and, last,
    in the window?

    Trouble upstream matters the more, the clearer the target is in trouble. How high the sum comes on ordinary days
    depends on the graph and is simulated, every surprise being exponential with mean one; and on how the nodes hang
    together, which the rehearsals tell: the simulated days are moved and stretched to fit their quieter quarter.
    """
    found = np.max(np.stack(list(scores.values())), axis=0)
    if target is not None:
        found = found + TARGET_WEIGHT * np.max(np.nan_to_num(np.stack(list(target.surprises.values()))), axis=0)
    ordinary = np.sort(fitted_below(found[rehearsals:-1], found[:rehearsals], independent))
    asked = np.append(found[:rehearsals], found[-1])
    chances: Floats = 1.0 - np.searchsorted(ordinary, asked, side="left") / len(ordinary)
    return chances


def _calm(chances: Floats) -> Mask:
    """Rehearsals without old trouble anywhere: an incident of one service is no ordinary time for any other."""
    limit = min(OLD_TROUBLE, float(np.quantile(chances, MOST_OLD_TROUBLE)))
    calm: Mask = chances >= limit
    return calm


def _shown(node: Node | None) -> tuple[tuple[Evidence, ...], tuple[str, ...]]:
    """What moved, strongest first, and what did not."""
    if node is None:
        return (), ()
    moved = [one for one in node.series if abs(one.z) >= LEAST_Z and one.surprise[-1] > LEAST_SURPRISE]
    names = {one.metric for one in moved}
    strongest = sorted(moved[:MOST_EVIDENCE], key=lambda one: (-abs(one.z), one.metric))
    unmoved = sorted({one.metric for one in node.series} - names)
    return tuple(_evidence(one) for one in strongest), tuple(unmoved)


def _evidence(judged: Judged) -> Evidence:
    move = judged.move
    after, by = (datetime.fromtimestamp(moment / SECOND, UTC).isoformat() for moment in (move.after, move.by))
    before, since = (float(f"{value:.4g}") for value in (move.level, move.since))
    return Evidence(judged.metric, round(judged.z, 3), before, since, move.unit, after, by, move.given)
