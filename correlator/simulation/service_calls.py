"""Who calls whom: trees, chains, layers with shared stores, hubs and random graphs of services."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TOPOLOGIES: Final = ("random", "tree", "chain", "layers", "hub")
SIZES: Final = (5, 8, 12, 20, 40)


def draw_calls(rng: np.random.Generator, topology: str, count: int) -> Floats:
    """calls[i, j]: how often i calls j for each request of its own; i < j, and service 0 reaches all."""
    calls = np.zeros((count, count))
    for callee in range(1, count):
        callers = _callers(rng, topology, callee, count)
        calls[callers, callee] = rng.choice([0.1, 0.5, 1.0, 2.0], size=len(callers))
    return calls


def _callers(rng: np.random.Generator, topology: str, callee: int, count: int) -> NDArray[np.int64]:
    if topology == "tree":
        return np.array([(callee - 1) // 2])
    if topology == "chain":
        return np.array([callee - 1])
    if topology == "hub":  # one service in the middle calls nearly all others
        return np.array([0 if callee == 1 or rng.random() < 0.2 else 1])
    if topology == "layers":  # the last quarter are stores that services of the middle share
        stores = count - count // 4
        callers = np.arange(1, stores) if callee >= stores else np.arange(max(callee // 2, 1))
        return rng.choice(callers, size=min(len(callers), int(rng.integers(1, 4))), replace=False)
    return rng.choice(callee, size=min(callee, int(rng.integers(1, 4))), replace=False)


def upstream_of(calls: Floats, target: int) -> NDArray[np.int64]:
    """All services that `target` depends on, itself included."""
    reached = {target}
    for one in range(target, len(calls)):
        if one in reached:
            reached |= set(np.flatnonzero(calls[one]).tolist())
    return np.array(sorted(reached))
