"""Recorded-looking metrics of services that call each other, with faults of known origin.

`make_services(seed)` draws a call graph, a step size, a length, how the services are monitored (traffic only,
resources, everything, counters), noise (with memory, heavy tails, a daily rhythm, scheduled work, changes of level,
gaps, constant and late series) and a list of cases: windows with one planted fault each, and quiet windows. Earlier
faults may lie in the ordinary period. What a fault does is mechanical: latency and errors reach the callers in
proportion to how much they call, slow or failing callers send less, a slow network is seen by the callers alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from correlator.simulation.service_calls import SIZES, TOPOLOGIES, draw_calls, upstream_of
from correlator.simulation.service_faults import FAULTS, Strain, strike
from correlator.simulation.service_metrics import MONITORING, State, monitored
from correlator.simulation.service_noise import Noise

Floats = NDArray[np.float64]
Micros = NDArray[np.int64]
Recorded = dict[tuple[str, str], tuple[Micros, Floats]]

START: Final = 1_767_225_600_000_000  # 2026-01-01 UTC
SECOND: Final = 1_000_000
STEPS: Final = (5, 15, 60, 300, 1800)
LENGTHS: Final = (40, 120, 400, 1200)
WINDOWS: Final = (3, 5, 10, 30)
TIMEOUT: Final = 40.0  # times the ordinary latency of a callee, after which a caller gives up


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
    """`cases`: each question with its own recording, (service, metric) to (times, values)."""

    step_seconds: int
    rhythm: bool
    spiky: bool
    monitoring: str
    topology: str
    edges: tuple[tuple[str, str], ...]
    cases: tuple[tuple[Case, Recorded], ...]


def make_services(seed: int, faults: int = 4, quiet: int = 4) -> Services:
    """A system of services with `faults` recordings of one fault each and `quiet` recordings without."""
    rng = np.random.default_rng(seed)
    topology, monitoring = str(rng.choice(TOPOLOGIES)), str(rng.choice(MONITORING))
    calls = draw_calls(rng, topology, int(rng.choice(SIZES)))
    step, length = int(rng.choice(STEPS)), int(rng.choice(LENGTHS))
    rhythm, spiky = bool(rng.random() < 0.5), bool(rng.random() < 0.5)
    cases = []
    for number in range(faults + quiet):
        fault = str(rng.choice(FAULTS)) if number < faults else "none"
        recording = _Recording(rng, calls, step, length, rhythm, spiky, fault)
        cases.append(recording.case(monitoring))
    edges = tuple((_name(callee), _name(caller)) for caller, callee in sorted(zip(*np.nonzero(calls), strict=True)))
    bare = tuple((f"10.0.0.{one + 1}", _name(one)) for one in range(len(calls)) if rng.random() < 0.15)
    return Services(step, rhythm, spiky, monitoring, topology, edges + bare, tuple(cases))


def _name(number: int) -> str:
    return f"service-{number:02d}"


class _Recording:
    """One stretch of metrics: an ordinary period, then a window in which the fault (if any) happens."""

    def __init__(
        self, rng: np.random.Generator, calls: Floats, step: int, ordinary: int, rhythm: bool, spiky: bool, fault: str
    ) -> None:
        self.rng, self.calls, self.step, self.fault = rng, calls, step, fault
        self.window, self.ordinary = int(rng.choice(WINDOWS)), ordinary
        self.points = ordinary + self.window
        self.noise = Noise(rng, self.points, step, spiky)
        self.rhythm = float(rng.uniform(0.2, 0.8)) if rhythm else 0.0
        self.target = 0 if rng.random() < 0.8 else int(rng.integers(0, max(len(calls) // 3, 1)))
        self.root = int(rng.choice(upstream_of(calls, self.target)))

    def case(self, monitoring: str) -> tuple[Case, Recorded]:
        at = START + np.arange(self.points, dtype=np.int64) * self.step * SECOND
        root = None if self.fault == "none" else _name(self.root)
        metrics = monitored(monitoring, self._state(), self.noise)
        known = sorted(metric for one, metric in metrics if one == self.target and metric.startswith("latency"))
        asked = known[0] if known and self.rng.random() < 0.2 and self.fault in ("none", "latency") else None
        case = Case(_name(self.target), int(at[self.ordinary]), int(at[-1]), root, self.fault, asked)
        recorded = {(_name(one), metric): self._recorded(at, values) for (one, metric), values in metrics.items()}
        return case, recorded

    def _state(self) -> State:
        count = len(self.calls)
        own_time = np.exp(self.rng.uniform(np.log(2), np.log(60), count))
        strains = [Strain.none(self.points) for _ in range(count)]
        for trouble, root, fault, size in self._troubles():
            strike(strains[root], fault, trouble, size, float(own_time[root]))
        for one in self.rng.choice(count, size=count // 4, replace=False):
            strains[one].cpu += self.rng.uniform(5, 30) * self.noise.scheduled()
        return self._run(own_time, strains)

    def _troubles(self) -> list[tuple[Floats, int, str, float]]:
        """The fault of the window, and those of the past: a few, or (somebody tests how the system fails) many."""
        found = []
        if self.fault != "none":
            trouble = np.zeros(self.points)
            trouble[self.ordinary + int(self.rng.integers(0, max(self.window // 3, 1))) :] = 1.0
            found.append((trouble, self.root, self.fault, self._size()))
        spare = self.ordinary // self.window
        many = int(self.rng.choice([0, min(spare // 10, 8), spare // 4], p=[0.4, 0.35, 0.25]))
        for _ in range(int(self.rng.integers(many // 2, many + 1))):
            trouble = np.zeros(self.points)
            start = int(self.rng.integers(0, self.ordinary - 2 * self.window))
            trouble[start : start + self.window] = 1.0
            found.append((trouble, int(self.rng.integers(len(self.calls))), str(self.rng.choice(FAULTS)), self._size()))
        return found

    def _size(self) -> float:
        return float(np.exp(self.rng.uniform(np.log(1.5), np.log(20))))

    def _run(self, own_time: Floats, strains: list[Strain]) -> State:
        """From the callees to their callers times and errors add up; from the callers to the callees requests do."""
        count = len(self.calls)
        latency, waiting = np.zeros((count, self.points)), np.zeros((count, self.points))
        errors = np.zeros((count, self.points))
        handled = self.rng.uniform(0.0, 0.6, count)  # by retries and fallbacks
        for one in reversed(range(count)):
            seen, failed = np.zeros(self.points), np.zeros(self.points)
            for callee in np.flatnonzero(self.calls[one]):
                answer = latency[callee] + strains[callee].network
                limit = TIMEOUT * float(np.median(latency[callee]))
                lost = errors[callee] + strains[callee].lost + np.clip(answer / limit - 1, 0, 1)
                often = float(self.calls[one, callee])
                seen += often * np.minimum(answer, limit)
                failed += min(often, 1.0) * np.clip(lost, 0, 1)
            own = own_time[one] * self.noise.around_one(0.1) * strains[one].slower
            if self.rng.random() < 0.2:
                own = own * self.noise.shifted(self.ordinary)
            waiting[one], latency[one] = seen, own + seen
            stray = (self.rng.random(self.points) < 0.01) * self.rng.exponential(0.01, self.points)
            errors[one] = np.clip(stray + strains[one].failing + (1 - handled[one]) * failed, 0, 1)
        return State(self._requests(latency, strains), latency, waiting, errors, own_time, strains)

    def _requests(self, latency: Floats, strains: list[Strain]) -> Floats:
        """Users who wait send less, callers who fail ask nobody else, and what is lost on the way never arrives."""
        requests = np.zeros_like(latency)
        patience = float(self.rng.choice([0.0, 0.5, 1.0]))  # none at 0: an open loop
        slow = latency[0] / np.median(latency[0])
        requests[0] = self.noise.load(self.rhythm) / np.maximum(slow, 1.0) ** patience
        for one in range(len(latency)):
            requests[one] *= 1 - np.clip(strains[one].lost, 0, 1)
            requests += self.calls[one][:, None] * requests[one] * (1 - 0.8 * np.clip(strains[one].failing, 0, 1))
        return requests

    def _recorded(self, at: Micros, values: Floats) -> tuple[Micros, Floats]:
        """With gaps; a few series begin late; in a few every second point was never taken."""
        kept = np.isfinite(values) & (self.rng.random(self.points) >= (0.1 if self.rng.random() < 0.2 else 0.0))
        if self.rng.random() < 0.03:
            kept[: self.ordinary // 2] = False
        if self.rng.random() < 0.03 and self.window >= 5:
            kept[::2] = False
        return at[kept], values[kept]
