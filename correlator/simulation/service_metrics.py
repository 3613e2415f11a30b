"""What monitoring shows of a running system: traffic, resources, everything, or counters that only grow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from correlator.simulation.service_faults import Strain
from correlator.simulation.service_noise import Noise

Floats = NDArray[np.float64]
Metrics = dict[tuple[int, str], Floats]

MONITORING: Final = ("traffic", "resources", "everything", "counters")


@dataclass(frozen=True)
class State:
    """Each of shape (services, points): requests a second, latency and its part spent waiting for callees
    (milliseconds), share of requests that fail; `own_time`: ordinary milliseconds of each service."""

    requests: Floats
    latency: Floats
    waiting: Floats
    errors: Floats
    own_time: Floats
    strains: list[Strain]


def monitored(monitoring: str, state: State, noise: Noise) -> Metrics:
    """(service, metric) to values; nan where nothing was recorded."""
    parts: dict[str, tuple[Callable[[State, int, Noise], dict[str, Floats]], ...]] = {
        "traffic": (_traffic,),
        "resources": (_resources,),
        "everything": (_traffic, _resources, _sockets),
        "counters": (_counters, _resources),
    }
    found: Metrics = {}
    unwatched = noise.rng.random(len(state.requests)) < 0.08
    for one in range(len(state.requests)):
        for part in parts[monitoring]:
            if one == 0 or not unwatched[one]:
                found |= {(one, metric): values for metric, values in part(state, one, noise).items()}
    return found


def _traffic(state: State, one: int, noise: Noise) -> dict[str, Floats]:
    asked = noise.rng.poisson(state.requests[one] * noise.step).astype(np.float64)
    failed = noise.rng.binomial(asked.astype(np.int64), state.errors[one])
    latency = state.latency[one] * noise.around_one(0.03)
    served = np.where(asked > 0, latency, np.nan)  # no request, no latency
    return {
        "requests/Sum": asked,
        "availability/Average": np.where(asked > 0, 100 * (1 - failed / np.maximum(asked, 1)), np.nan),
        "latency/Average": served,
        "latency/p95": served * 2.2 * noise.around_one(0.15),
    }


def _resources(state: State, one: int, noise: Noise) -> dict[str, Floats]:
    rng, strain, requests = noise.rng, state.strains[one], state.requests[one]
    usual = max(float(np.median(requests)), 1e-9)
    share = float(rng.uniform(3, 40))
    cpu = (2 + share * requests / usual + strain.cpu) * noise.around_one(0.06)
    sent = requests * float(rng.uniform(500, 5000)) * (1 - 0.5 * state.errors[one])
    return {
        "cpu_percent": np.minimum(np.minimum(cpu, strain.cpu_cap), 100 - np.abs(noise.around_one(0.01) - 1)),
        "memory_mib": _memory(one, state, noise),
        "network_transmit_bytes": sent * noise.around_one(0.05),
        "network_receive_bytes": requests * float(rng.uniform(200, 3000)) * noise.around_one(0.05),
        "disk_io": (1 + requests / usual + 4 * strain.disk) * float(rng.uniform(5, 50)) * noise.around_one(0.2),
    }


def _memory(one: int, state: State, noise: Noise) -> Floats:
    level = float(noise.rng.choice([30.0, 200.0, 4000.0]))
    if noise.rng.random() < 0.2:
        return np.full(noise.points, level)  # a reserved heap: constant
    drift = np.cumsum(noise.rng.standard_normal(noise.points)) * 0.002
    return np.round(level * np.maximum(1 + drift + state.strains[one].memory, 0.1), 1)


def _sockets(state: State, one: int, noise: Noise) -> dict[str, Floats]:
    """By Little's law as many connections are open as requests are under way."""
    under_way = state.requests[one] * state.latency[one] / 1000
    return {
        "sockets": np.round(3 + under_way * noise.around_one(0.1)),
        "client_latency_ms": state.waiting[one] * noise.around_one(0.05),
    }


def _counters(state: State, one: int, noise: Noise) -> dict[str, Floats]:
    asked = noise.rng.poisson(state.requests[one] * noise.step).astype(np.float64)
    failed = noise.rng.binomial(asked.astype(np.int64), state.errors[one]).astype(np.float64)
    busy = asked * state.latency[one] * noise.around_one(0.03) / 1000
    restart = int(noise.rng.integers(noise.points)) if noise.rng.random() < 0.2 else 0
    named = {"requests_total": asked, "errors_total": failed, "latency_seconds_total": busy}
    return {metric: _grown(rises, restart) for metric, rises in named.items()}


def _grown(rises: Floats, restart: int) -> Floats:
    """The running total, from zero again after a restart."""
    total = np.cumsum(rises)
    total[restart:] -= total[restart - 1] if restart else 0.0
    return total
