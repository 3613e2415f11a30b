"""What each kind of fault does to the service it strikes, by mechanism; the rest follows from who calls whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FAULTS: Final = ("cpu", "leak", "latency", "delay", "loss", "disk", "errors", "crash", "throttle")


@dataclass
class Strain:
    """What presses on one service, each of shape (points,).

    `slower`: factor on its own time; `network`: milliseconds added to each answer on its way; `failing`: share of
    its requests that fail by its own doing; `lost`: share that never reaches it; `cpu` (per cent), `memory` (share of
    its usual use) and `disk` (factor) are added beside its work; `cpu_cap` (per cent) is all it may use.
    """

    slower: Floats
    network: Floats
    failing: Floats
    lost: Floats
    cpu: Floats
    memory: Floats
    disk: Floats
    cpu_cap: Floats

    @classmethod
    def none(cls, points: int) -> Strain:
        def zero() -> Floats:
            return np.zeros(points)

        return cls(np.ones(points), zero(), zero(), zero(), zero(), zero(), zero(), np.full(points, 100.0))


def strike(strain: Strain, fault: str, trouble: Floats, size: float, own_time: float) -> None:
    """Add a fault; `trouble` is 0 or 1 for each point, `size` about 1 (hardly seen) to 20 (plain to see)."""
    if fault in ("cpu", "leak", "disk", "throttle"):
        _press(strain, fault, trouble, size)
    else:
        _disturb(strain, fault, trouble, size, own_time)


def _press(strain: Strain, fault: str, trouble: Floats, size: float) -> None:
    """Faults of resources, which slow the service sooner or later."""
    ramp = np.cumsum(trouble) / max(trouble.sum(), 1.0) * trouble
    if fault == "cpu":
        strain.cpu += 5 * size * trouble
        strain.slower += 0.1 * size * trouble
    elif fault == "leak":
        strain.memory += 0.15 * size * ramp
        strain.slower += 0.1 * size * np.maximum(ramp - 0.5, 0) * trouble
    elif fault == "disk":
        strain.disk += 0.5 * size * trouble
        strain.slower += 0.15 * size * trouble
    elif fault == "throttle":
        strain.cpu_cap -= np.minimum(60 + 2 * size, 97) * trouble
        strain.slower += 0.4 * size * trouble


def _disturb(strain: Strain, fault: str, trouble: Floats, size: float, own_time: float) -> None:
    """Faults of the work itself, or of the way to it."""
    heavy = size / 20
    if fault == "latency":
        strain.slower += 0.5 * size * trouble
    elif fault == "delay":
        strain.network += size * (5 + 0.3 * own_time) * trouble
    elif fault == "loss":
        strain.lost += 0.5 * heavy * trouble
        strain.network += size * 3 * trouble
    elif fault == "errors":
        strain.failing += 0.6 * heavy * trouble
        strain.slower *= 1 - 0.4 * heavy * trouble  # a request that fails at once takes less time
    elif fault == "crash":
        strain.lost += min(0.2 + heavy, 1.0) * trouble
        strain.memory -= 0.5 * heavy * trouble
