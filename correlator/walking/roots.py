"""Which single origin explains best what is abnormal and what is not?

For each candidate the surprises of all nodes are weighed under "it started here": the candidate itself is strongly
abnormal (or, with a small chance, shows nothing in the metrics there are), trouble reaches its downstreams along the
edges, everything else is as on ordinary days or in trouble of its own. Kinds of metrics tell the two apart: slow
answers and errors are passed on, a busy processor or a full disk is not. The score is the log likelihood ratio (nats)
against "nothing happened anywhere". An abnormal node with an abnormal upstream is thereby explained away; one without
is an origin; an origin that no metric shows is found from the downstreams it has in common.

All is done for many stretches of ordinary time and the window at once: arrays have one entry for each, the window last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from correlator.walking.kinds import Kind

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Expected:
    """Chance that a kind of metric shows trouble, and its mean surprise (nats) if it does."""

    chance: float
    mean: float


ORIGIN: Final = {
    Kind.RESOURCE: Expected(0.8, 5.0),
    Kind.SYMPTOM: Expected(0.8, 5.0),
    Kind.TRAFFIC: Expected(0.35, 4.0),
    Kind.OTHER: Expected(0.85, 5.0),
}
REACHED: Final = {
    Kind.RESOURCE: Expected(0.1, 2.5),
    Kind.SYMPTOM: Expected(0.85, 4.0),
    Kind.TRAFFIC: Expected(0.15, 3.0),
    Kind.OTHER: Expected(0.7, 4.0),
}
UNRELATED: Final = {  # in small trouble of its own, or under pressure from its downstreams
    Kind.RESOURCE: Expected(0.1, 2.0),
    Kind.SYMPTOM: Expected(0.05, 3.0),
    Kind.TRAFFIC: Expected(0.12, 3.0),
    Kind.OTHER: Expected(0.1, 3.0),
}
SILENT: Final = 0.2  # chance that an origin moves none of its own metrics
UNSEEN: Final = 0.05  # an origin without any metrics is less likely still: it is seldom what one looks for
PASSED_ON: Final = 0.85  # chance that a node in trouble passes it on to a downstream
PASSED_UNSEEN: Final = 0.3  # the same where the node between shows nothing
LEAST_PASSED: Final = 0.1
TOO_EARLY: Final = 0.2  # factor on the chance that trouble came from here where it began here later

Graph = Mapping[str, frozenset[str]]
Surprises = Mapping[Kind, Floats]


@dataclass(frozen=True)
class Sign:
    """What one node shows: surprises (nats; nan = no data), and when trouble began in the window (microseconds)."""

    surprises: Surprises
    onset: int


def gain(surprise: Floats, mean: float) -> Floats:
    """ln of density under trouble (exponential, mean `mean` nats) over density on ordinary days (mean 1)."""
    found: Floats = surprise * (1.0 - 1.0 / mean) - np.log(mean)
    return found


def likelihood(surprises: Surprises, expected: Mapping[Kind, Expected]) -> Floats:
    """ln of the likelihood of all kinds together over that of an ordinary day; 0 where there is no data."""
    found = np.zeros_like(next(iter(surprises.values())))
    for kind, surprise in surprises.items():
        known = ~np.isnan(surprise)
        trouble = np.log(expected[kind].chance) + gain(np.where(known, surprise, 0.0), expected[kind].mean)
        found += np.where(known, np.logaddexp(trouble, np.log1p(-expected[kind].chance)), 0.0)
    return found


def either(chance: Floats | float, one: Floats, other: Floats) -> Floats:
    """ln(chance * exp(one) + (1 - chance) * exp(other)) - other."""
    found: Floats = np.logaddexp(np.log(chance) + one, np.log1p(-np.asarray(chance)) + other) - other
    return found


@dataclass(frozen=True)
class Weighed:
    """Log likelihoods of one node under the three states, and the chance that it passes trouble on."""

    origin: Floats
    reached: Floats
    unrelated: Floats
    passing: Floats
    onset: int


@dataclass(frozen=True)
class Evidence:
    """The nodes that show something, and what they add to any score if no trouble came from the candidate.

    `tolerance`: onsets closer than this (microseconds) are not told apart.
    """

    downstream: Graph
    nodes: Mapping[str, Weighed]
    everywhere: Floats
    tolerance: int


def weigh(downstream: Graph, signs: Mapping[str, Sign], columns: int, tolerance: int) -> Evidence:
    """Prepare the evidence; `downstream` gives each node's direct downstreams, `columns` the entries of each array."""
    nodes = {name: _weighed(signs[name]) for name in sorted(signs)}
    everywhere = np.sum([one.unrelated for one in nodes.values()], axis=0) if nodes else np.zeros(columns)
    return Evidence(downstream, nodes, everywhere, tolerance)


def _weighed(sign: Sign) -> Weighed:
    origin, reached, unrelated = (likelihood(sign.surprises, state) for state in (ORIGIN, REACHED, UNRELATED))
    abnormal = 1.0 / (1.0 + np.exp(-np.clip(np.maximum(origin, reached), -30.0, 30.0)))
    passing = PASSED_UNSEEN + (PASSED_ON - PASSED_UNSEEN) * abnormal
    return Weighed(origin, reached, unrelated, passing, sign.onset)


def score_origin(root: str, evidence: Evidence) -> Floats:
    """The log likelihood ratio of "it started at `root`" against "nothing happened", for each column."""
    own = evidence.nodes.get(root)
    score = evidence.everywhere.copy()
    score += np.log(UNSEEN) if own is None else either(1 - SILENT, own.origin, own.unrelated)
    for name, chance in sorted(_reach(root, evidence).items()):
        if name in evidence.nodes:
            node = evidence.nodes[name]
            if own is not None and _earlier(node, own, evidence.tolerance):
                chance = np.append(chance[:-1], max(chance[-1] * TOO_EARLY, LEAST_PASSED))
            score += either(chance, node.reached, node.unrelated)
    return score


def _reach(root: str, evidence: Evidence) -> dict[str, Floats]:
    """The chance that trouble at `root` shows at each of its downstreams, along the best path (cycles are harmless)."""
    best = {root: np.ones_like(evidence.everywhere)}
    front = [root]
    while front:
        following: set[str] = set()
        for node in sorted(front):
            onward = evidence.nodes[node].passing if node in evidence.nodes else PASSED_UNSEEN
            passed = np.maximum(best[node] * (PASSED_ON if node == root else onward), LEAST_PASSED)
            for target in evidence.downstream.get(node, frozenset()):
                if target not in best or bool(np.any(passed > best[target])):
                    best[target] = np.maximum(best.get(target, passed), passed)
                    following.add(target)
        front = list(following)
    del best[root]
    return best


def _earlier(node: Weighed, root: Weighed, tolerance: int) -> bool:
    """Both are clearly in trouble in the window, the downstream first."""
    clear = min(root.origin[-1], node.reached[-1]) > 1.0
    return bool(clear) and node.onset < root.onset - tolerance
