"""Which single origin explains best what is abnormal and what is not?

For each candidate the surprises of all nodes are weighed under "it started here": the candidate itself is strongly
abnormal (or, with a small chance, shows nothing in the metrics there are), trouble reaches its downstreams along the
edges, everything else is as on ordinary days or in trouble of its own. The score is the log likelihood ratio (nats)
against "nothing happened anywhere". An abnormal node with an abnormal upstream is thereby explained away; one without
is an origin; an origin that no metric shows is found from the downstreams it has in common.

All is done for many simulated quiet days and the window at once: arrays have one entry for each, the window last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Mean surprise, in nats, of an origin, of a node that trouble reached, and of a node in small trouble of its own.
ORIGIN_SURPRISE: Final = 12.0
REACHED_SURPRISE: Final = 6.0
UNRELATED_SURPRISE: Final = 3.0
SILENT: Final = 0.15  # chance that an origin moves none of its own metrics
UNSEEN: Final = 0.05  # an origin without any metrics is less likely still: it is seldom what one looks for
UNRELATED: Final = 0.1  # chance that a node is in trouble of its own, or by pressure from its downstreams
PASSED_ON: Final = 0.7  # chance that a node in trouble passes it on to a downstream
PASSED_UNSEEN: Final = 0.15  # the same where the node between shows nothing
TOO_EARLY: Final = 0.2  # factor on the chance that trouble came from here where it began here later

Graph = Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Sign:
    """What one node shows: surprises (nats; nan = no data), and when trouble began in the window (microseconds)."""

    surprise: Floats
    onset: int


def gain(surprise: Floats, mean: float) -> Floats:
    """ln of density under trouble (exponential, mean `mean` nats) over density on ordinary days (mean 1)."""
    found: Floats = surprise * (1.0 - 1.0 / mean) - np.log(mean)
    return found


def mixed(chance: Floats | float, surprise: Floats, mean: float) -> Floats:
    """ln of (chance of trouble * ratio + chance of none); 0 where there is no data."""
    known = ~np.isnan(surprise)
    trouble = np.log(chance) + gain(np.where(known, surprise, 0.0), mean)
    weighed: Floats = np.where(known, np.logaddexp(trouble, np.log1p(-np.asarray(chance))), 0.0)
    return weighed


@dataclass(frozen=True)
class Evidence:
    """The nodes that show something, and what each adds to any score if the trouble did not come from the candidate.

    `passing`: the chance that each node passes trouble on; `tolerance`: onsets closer than this (microseconds) are
    not told apart.
    """

    downstream: Graph
    signs: Mapping[str, Sign]
    unrelated: Mapping[str, Floats]
    passing: Mapping[str, Floats]
    everywhere: Floats
    tolerance: int


def weigh(downstream: Graph, signs: Mapping[str, Sign], columns: int, tolerance: int) -> Evidence:
    """Prepare the evidence; `downstream` gives each node's direct downstreams, `columns` the quiet days plus one."""
    names = sorted(signs)
    unrelated = {name: mixed(UNRELATED, signs[name].surprise, UNRELATED_SURPRISE) for name in names}
    passing = {name: _passing(signs[name].surprise) for name in names}
    everywhere = np.sum([unrelated[name] for name in names], axis=0) if names else np.zeros(columns)
    return Evidence(downstream, signs, unrelated, passing, everywhere, tolerance)


def score_origin(root: str, evidence: Evidence) -> Floats:
    """The log likelihood ratio of "it started at `root`" against "nothing happened", for each column."""
    own = evidence.signs.get(root)
    score = evidence.everywhere.copy()
    if own is None:
        score += np.log(UNSEEN)
    else:
        score += mixed(1 - SILENT, own.surprise, ORIGIN_SURPRISE) - evidence.unrelated[root]
    for node, chance in sorted(_reach(root, evidence).items()):
        if node in evidence.signs:
            sign = evidence.signs[node]
            if own is not None and _earlier(sign, own, evidence.tolerance):
                chance = np.append(chance[:-1], max(chance[-1] * TOO_EARLY, UNRELATED))
            score += mixed(chance, sign.surprise, REACHED_SURPRISE) - evidence.unrelated[node]
    return score


def _reach(root: str, evidence: Evidence) -> dict[str, Floats]:
    """The chance that trouble at `root` shows at each of its downstreams, along the best path (cycles are harmless)."""
    best = {root: np.ones_like(evidence.everywhere)}
    front = [root]
    while front:
        following: set[str] = set()
        for node in sorted(front):
            onward = PASSED_ON if node == root else evidence.passing.get(node, PASSED_UNSEEN)
            passed = np.maximum(best[node] * onward, UNRELATED)
            for target in evidence.downstream.get(node, frozenset()):
                if target not in best or bool(np.any(passed > best[target])):
                    best[target] = np.maximum(best.get(target, passed), passed)
                    following.add(target)
        front = list(following)
    del best[root]
    return best


def _passing(surprise: Floats) -> Floats:
    abnormal = 1.0 / (1.0 + np.exp(-np.clip(gain(np.nan_to_num(surprise), REACHED_SURPRISE), -30.0, 30.0)))
    found: Floats = PASSED_UNSEEN + (PASSED_ON - PASSED_UNSEEN) * abnormal
    return found


def _earlier(node: Sign, root: Sign, tolerance: int) -> bool:
    """Both are clearly in trouble in the window, the downstream first."""
    clear = gain(np.array([root.surprise[-1], node.surprise[-1]]), REACHED_SURPRISE) > 0
    return bool(clear.all()) and node.onset < root.onset - tolerance
