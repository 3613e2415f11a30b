"""Recorded-looking metrics of services that call each other, with faults of known origin.

`make_services(seed)` draws a call graph, a step size, a length, noise (with memory, heavy tails, a daily rhythm,
quantised values, gaps, constant and late series) and a list of cases: windows with one planted fault each, and quiet
windows. What a fault does is mechanical: latency and errors reach the callers in proportion to how much they call,
slow callers send less to whom they call, and a `silent` fault shows at the callers only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Micros = NDArray[np.int64]

START: Final = 1_767_225_600_000_000  # 2026-01-01 UTC
SECOND: Final = 1_000_000
DAY_SECONDS: Final = 86_400
STEPS: Final = (5, 15, 60, 300, 1800)
FAULTS: Final = ("cpu", "latency", "errors", "leak", "silent")


@dataclass(frozen=True, slots=True)
class Case:
    """One question: `root` is where the fault was planted, None for a quiet window. Times in microseconds."""

    target: str
    start: int
    end: int
    root: str | None
    fault: str
    metric: str | None = None


@dataclass(frozen=True)
class Services:
    """`series`: (service, metric) to (times, values), one set for each case (its own recording)."""

    step_seconds: int
    rhythm: bool
    spiky: bool
    edges: tuple[tuple[str, str], ...]
    cases: tuple[tuple[Case, dict[tuple[str, str], tuple[Micros, Floats]]], ...]


def make_services(seed: int, faults: int = 4, quiet: int = 4) -> Services:
    """A system of services with `faults` recordings of one fault each and `quiet` recordings without."""
    rng = np.random.default_rng(seed)
    step = int(rng.choice(STEPS))
    rhythm, spiky = bool(rng.random() < 0.5), bool(rng.random() < 0.5)
    calls = _calls(rng, int(rng.choice([5, 8, 12, 20, 40])))
    points = int(rng.choice([40, 120, 400, 1200]))
    cases = []
    for number in range(faults + quiet):
        fault = str(rng.choice(FAULTS)) if number < faults else "none"
        cases.append(_Recording(rng, calls, step, points, rhythm, spiky, fault).case())
    edges = tuple((_name(callee), _name(caller)) for caller, callee in sorted(zip(*np.nonzero(calls), strict=True)))
    return Services(step, rhythm, spiky, edges, tuple(cases))


def _name(number: int) -> str:
    return f"service-{number:02d}"


def _calls(rng: np.random.Generator, count: int) -> Floats:
    """calls[i, j]: how often i calls j per request of its own; service 0 is called by nobody and reaches all."""
    calls = np.zeros((count, count))
    for callee in range(1, count):
        callers = rng.choice(callee, size=min(callee, 1 + int(rng.integers(0, 3))), replace=False)
        calls[callers, callee] = rng.choice([0.1, 0.5, 1.0, 2.0], size=len(callers))
    return calls


def _memory_noise(rng: np.random.Generator, points: int, rho: float) -> Floats:
    """A first-order autoregressive series with unit variance."""
    noise = rng.standard_normal(points) * np.sqrt(1 - rho**2)
    values = np.empty(points)
    last = float(rng.standard_normal())
    for index in range(points):
        last = rho * last + noise[index]
        values[index] = last
    return values


class _Recording:
    """One stretch of metrics: an ordinary period, then a window in which the fault (if any) happens."""

    def __init__(
        self,
        rng: np.random.Generator,
        calls: Floats,
        step: int,
        ordinary: int,
        rhythm: bool,
        spiky: bool,
        fault: str,
    ) -> None:
        self.rng, self.calls, self.step, self.fault, self.spiky = rng, calls, step, fault, spiky
        self.count = len(calls)
        self.window = int(rng.choice([3, 5, 10, 30]))
        self.ordinary, self.points = ordinary, ordinary + self.window
        self.phase = float(rng.random())
        self.rhythm = float(rng.uniform(0.2, 0.8)) if rhythm else 0.0
        late = int(rng.integers(0, max(self.window // 3, 1)))  # the window may begin before the trouble does
        self.trouble = np.zeros(self.points)
        self.trouble[ordinary + late :] = 1.0
        self.root = int(rng.integers(0, self.count)) if fault != "silent" else int(rng.integers(1, self.count))
        self.size = float(rng.choice([2.0, 5.0, 15.0]))

    def case(self) -> tuple[Case, dict[tuple[str, str], tuple[Micros, Floats]]]:
        at = START + np.arange(self.points, dtype=np.int64) * self.step * SECOND
        root = None if self.fault == "none" else _name(self.root)
        metric = "latency/Average" if self.rng.random() < 0.3 and self.fault in ("none", "latency") else None
        case = Case(_name(0), int(at[self.ordinary]), int(at[-1]), root, self.fault, metric)
        return case, {key: self._recorded(at, values) for key, values in self._metrics().items()}

    def _metrics(self) -> dict[tuple[str, str], Floats]:
        load = self._load()
        latency, errors = self._latency(), self._errors()
        requests = self._requests(load, latency)
        found: dict[tuple[str, str], Floats] = {}
        for one in range(self.count):
            noise = self._noise(0.05)
            cpu = 5 + 40 * requests[one] / np.median(requests[one]) * noise
            if self._struck(one, "cpu"):
                cpu = cpu + 8 * self.size * self.trouble
            found[_name(one), "requests/Sum"] = np.round(requests[one])
            found[_name(one), "latency/Average"] = latency[one]
            found[_name(one), "latency/p95"] = latency[one] * 2.2 * self._noise(0.15)
            found[_name(one), "error_share"] = np.round(errors[one], 3)
            found[_name(one), "cpu_percent"] = np.minimum(cpu, 100 + self._noise(0.01))
            found[_name(one), "memory_gib"] = np.round(self._memory(one), 2)
        return found

    def _struck(self, one: int, fault: str) -> bool:
        return one == self.root and self.fault == fault

    def _load(self) -> Floats:
        clock = np.arange(self.points) * self.step / DAY_SECONDS + self.phase
        daily = 1 + self.rhythm * np.sin(2 * np.pi * clock)
        return 200 * daily * np.exp(0.08 * _memory_noise(self.rng, self.points, 0.8))

    def _noise(self, size: float) -> Floats:
        """Multiplicative noise around one, with memory; heavy-tailed and with lone spikes where the world is spiky."""
        noise = np.exp(size * _memory_noise(self.rng, self.points, float(self.rng.choice([0.0, 0.5, 0.9]))))
        if self.spiky:
            noise *= np.exp(size * 0.5 * self.rng.standard_t(3, self.points))
            noise[self.rng.random(self.points) < 0.001] *= float(self.rng.choice([2.0, 5.0]))
        return noise

    def _latency(self) -> Floats:
        """Own time plus that of the services called, in milliseconds; callees stand after their callers."""
        latency = np.zeros((self.count, self.points))
        for one in reversed(range(self.count)):
            own = float(self.rng.choice([3.0, 10.0, 30.0])) * self._noise(0.1)
            extra = np.zeros(self.points)
            if self._struck(one, "latency") or self._struck(one, "cpu"):
                extra = own * self.size * self.trouble
            if self._struck(one, "leak"):
                extra = own * self.size * np.cumsum(self.trouble) / self.window
            latency[one] = own + extra + self.calls[one] @ latency + self._waiting(one)
        return latency

    def _waiting(self, caller: int) -> Floats:
        """A silent fault is the way to the service, seen by its callers alone."""
        if self.fault != "silent":
            return np.zeros(self.points)
        weight: Floats = self.calls[caller, self.root] * 10.0 * self.size * self.trouble
        return weight

    def _errors(self) -> Floats:
        errors = np.zeros((self.count, self.points))
        for one in reversed(range(self.count)):
            own = (self.rng.random(self.points) < 0.01) * self.rng.exponential(0.01, self.points)
            if self._struck(one, "errors"):
                own = own + 0.05 * self.size * self.trouble * self.rng.random(self.points)
            reached = np.minimum(self.calls[one], 1.0) @ errors
            errors[one] = np.clip(own + 0.8 * reached, 0.0, 1.0)
        return errors

    def _requests(self, load: Floats, latency: Floats) -> Floats:
        """Callers slowed by trouble send less."""
        requests = np.zeros((self.count, self.points))
        requests[0] = load
        for one in range(self.count):
            slow = latency[one] / np.median(latency[one])
            sent = requests[one] / np.maximum(slow / 3, 1.0)
            requests += self.calls[one][:, None] * sent
        return np.maximum(requests * np.stack([self._noise(0.03) for _ in range(self.count)]), 1.0)

    def _memory(self, one: int) -> Floats:
        level = float(self.rng.choice([0.2, 1.0, 4.0]))
        if self.rng.random() < 0.2:
            return np.full(self.points, level)  # a reserved heap: constant
        drift = np.cumsum(self.rng.standard_normal(self.points)) * level * 0.002
        leak = level * self.size / 5 * np.cumsum(self.trouble) / self.window if self._struck(one, "leak") else 0.0
        return level + drift + leak

    def _recorded(self, at: Micros, values: Floats) -> tuple[Micros, Floats]:
        """With gaps; a few series begin late."""
        kept = self.rng.random(self.points) >= (0.1 if self.rng.random() < 0.2 else 0.0)
        if self.rng.random() < 0.03:
            kept[: self.ordinary // 2] = False
        return at[kept], values[kept]
