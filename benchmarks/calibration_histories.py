"""Histories to calibrate on: our own simulation, with pipelines, rates, lengths and mixtures drawn anew for each seed.

A platform has eight tenants, each with a pipeline and one case whose mechanism is drawn. Nothing of it is used anywhere
else, and none of the test sets is made with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from correlator.model import Change
from correlator.simulation.clock import DAY, HOUR, MINUTE, Calendar
from correlator.simulation.load import Load
from correlator.simulation.pipelines import beset
from correlator.simulation.platform import Case, Inputs, Job, Measured, Platform, Tenant
from correlator.simulation.randomness import stream
from correlator.simulation.surroundings import change
from correlator.simulation.troubles import (
    AfterChange,
    Bursts,
    Night,
    Noise,
    Outage,
    Pressure,
    Sticky,
    Trouble,
    Worsening,
)

MECHANISMS: Final = (
    *("direct", "direct", "deep", "mixed", "late", "alternating", "outage", "outage", "change", "change", "worsening"),
    *("chance", "chance", "sticky", "night", "bursts", "load", "load", "harmless", "harmless"),
)
TENANTS: Final = 8
PERIODS: Final = (15, 60, 60, 60, 360)
DAYS: Final = {15: (6, 14), 60: (14, 35), 360: (50, 90)}
"""Days of history by period in minutes."""
Troubles = dict[str, tuple[Trouble, ...]]


@dataclass(frozen=True)
class Line:
    """The jobs of one tenant and the roles they play."""

    jobs: tuple[Job, ...]
    period: int
    days: int
    case: str
    direct: str
    roots: tuple[str, str]


def shape(seed: int) -> tuple[int, int]:
    """The period of a platform's jobs in minutes, and the days its history lasts."""
    rng = stream(seed, "calibration", "shape")
    period = int(rng.choice(PERIODS))
    return period, int(rng.integers(*DAYS[period]))


def line(rng: np.random.Generator, period: int, days: int) -> Line:
    """Two ingests, a join, segments and two exports; or the exports read an ingest themselves."""
    weekdays = frozenset(range(5)) if rng.random() < 0.12 else frozenset(range(7))

    def job(name: str, at: float, takes: float, cut: float, ups: tuple[str, ...] = (), how: Inputs = "fails") -> Job:
        offset, backoff = round(at * period), max(period * rng.uniform(0.08, 0.25), 1.0)
        calendar = Calendar(period, offset, weekdays)
        return Job(name, calendar, takes * period, cut * period, ups, how, takes * 1.5 * period, 3, backoff)

    ingests = (job("ingest_a", 0.0, 0.16, 0.55), job("ingest_b", 0.04, 0.13, 0.55))
    alone = job("report", rng.uniform(0.1, 0.9), 0.05, 0.3)
    if rng.random() < 0.4:
        exports = (
            job("export_1", 0.38, 0.06, 0.3, ("ingest_a",)),
            job("export_2", 0.42, 0.06, 0.3, ("ingest_b",)),
        )
        return Line((*ingests, *exports, alone), period, days, "export_1", "ingest_a", ("ingest_a", "ingest_a"))
    middle = (
        job("join", 0.31, 0.08, 1.2, ("ingest_a", "ingest_b"), "waits"),
        job("segments", 0.47, 0.07, 1.2, ("join",), "waits"),
    )
    exports = (job("export_1", 0.66, 0.06, 0.3, ("segments",)), job("export_2", 0.7, 0.06, 0.3, ("segments",)))
    roots = ("ingest_a", "ingest_b")
    return Line((*ingests, *middle, *exports, alone), period, days, "export_1", "segments", roots)


def build(seed: int, start: int) -> Platform:
    """One platform; `start` in ms."""
    tenants, cases, changes = [], [], []
    for number in range(1, TENANTS + 1):
        rng = stream(seed, "calibration", number)
        tenant, case, deploys = one_tenant(seed, start, f"tenant-{number:02d}", line(rng, *shape(seed)), rng)
        tenants.append(tenant)
        cases.append(case)
        changes += deploys
    return Platform(tuple(tenants), tuple(cases), tuple(changes), ())


def one_tenant(
    seed: int, start: int, name: str, made: Line, rng: np.random.Generator
) -> tuple[Tenant, Case, list[Change]]:
    mechanism = str(rng.choice(MECHANISMS))
    plot = _Plot(name, made, mechanism, start, rng)
    troubles, case = plot.troubles(), plot.case()
    base = float(rng.uniform(0.001, 0.008))
    tenant = Tenant(
        name=name,
        jobs=made.jobs,
        load=Load(seed, name, float(rng.uniform(0.1, 0.5)), float(rng.uniform(0.1, 0.4)), surges_per_day=plot.surges),
        troubles=beset({job.name: (Noise(base),) for job in made.jobs}, troubles),
        inputs={made.case: "ignores"} if plot.ignores else {},
        measured=_measured(made, plot.loaded, rng),
        sensitivity=float(rng.uniform(0.5, 1.0)),
        hangs=max(0.0, float(rng.uniform(-0.5, 0.5))),
    )
    return tenant, case, plot.deploys()


def _measured(made: Line, loaded: tuple[str, ...], rng: np.random.Generator) -> tuple[Measured, ...]:
    """Memory of most jobs and CPU of some; that of the loaded ones follows the tenant's volume."""
    found = []
    for job in made.jobs:
        if rng.random() < (0.35 if made.period > 60 else 0.65):
            follows = job.name in loaded
            found.append(Measured("memory_gib", job.name, 8.0, 2.4, float(rng.uniform(0.15, 0.6)), 1.0, 32.0, follows))
        if rng.random() < (0.1 if made.period > 60 else 0.3):
            found.append(Measured("cpu_percent", job.name, 42.0, 0.0, 7.0, 0.0, 100.0, False))
    return tuple(found)


class _Plot:
    """One tenant's mechanism: what besets which job, and which answers about the case are right."""

    def __init__(self, tenant: str, made: Line, mechanism: str, start: int, rng: np.random.Generator) -> None:
        self.tenant, self.line, self.mechanism, self.start, self.rng = tenant, made, mechanism, start, rng
        self.ignores = mechanism in ("night", "bursts", "load", "harmless")
        self.root = made.roots[0] if mechanism == "deep" else made.direct
        self.surges = float(rng.uniform(0.3, 0.7)) * (2.5 if made.period == 15 else 1.0)
        self.onset = start + int(rng.uniform(0.3, 0.75) * made.days * DAY) // 1000 * 1000
        self.loaded: tuple[str, ...] = ()
        if mechanism in ("direct", "deep", "mixed", "late"):
            self.loaded = (self.root,)
        elif mechanism == "load":
            self.loaded = (made.direct, made.case)

    def troubles(self) -> Troubles:
        """What besets which job."""
        if self.mechanism in ("direct", "deep", "mixed", "late", "alternating"):
            return self._upstream()
        return self._own() or self._together()

    def _upstream(self) -> Troubles:
        rng, line = self.rng, self.line
        if self.mechanism == "alternating":
            per_day = float(rng.uniform(0.15, 0.4)) * 60 / line.period
            hours = float(rng.uniform(3, 6)) * line.period / 60
            return {root: (Bursts(per_day, hours, 0.85, hangs=True),) for root in set(line.roots)}
        drags = {"late": 1.0, "mixed": 0.25}.get(self.mechanism, float(rng.uniform(0.0, 0.4)))
        found: Troubles = {self.root: (self._pressure(drags),)}
        if self.mechanism == "mixed":
            found[line.case] = (Noise(float(rng.uniform(0.008, 0.025))),)
        return found

    def _own(self) -> Troubles:
        """The case alone is beset; nothing for the mechanisms that beset several."""
        rng, days = self.rng, self.line.days
        found: dict[str, Callable[[], Trouble]] = {
            "change": lambda: AfterChange(self.onset, float(rng.uniform(0.12, 0.4))),
            "worsening": lambda: Worsening(self.onset, float(rng.uniform(0.02, 0.05)) * 28 / days),
            "chance": lambda: Noise(float(rng.uniform(0.015, 0.08))),
            "sticky": lambda: Sticky(float(rng.uniform(0.015, 0.06)), 0.8),
        }
        return {self.line.case: (found[self.mechanism](),)} if self.mechanism in found else {}

    def _together(self) -> Troubles:
        """Two jobs or all of them are beset, and neither minds the other."""
        rng, line = self.rng, self.line
        both = (line.direct, line.case)
        if self.mechanism == "outage":
            outages = self._outages()
            return {job.name: outages for job in line.jobs}
        if self.mechanism == "night":
            return {name: (Night(float(rng.uniform(0.15, 0.4))),) for name in both}
        if self.mechanism == "bursts":
            return {name: (self._bursts(),) for name in both}
        if self.mechanism == "load":
            return {name: (self._pressure(0.25),) for name in both}
        often, seldom = Noise(float(rng.uniform(0.06, 0.16))), Noise(float(rng.uniform(0.02, 0.08)))
        return {line.direct: (often,), line.case: (seldom,)}

    def _bursts(self) -> Bursts:
        """A bad spell of a few runs every eighty or so."""
        per_day, hours = 24 * 60 / self.line.period / 85, self.line.period / 60
        return Bursts(per_day * float(self.rng.uniform(0.7, 1.4)), hours * float(self.rng.uniform(3, 8)), 0.8)

    def case(self) -> Case:
        name, tenant, mechanism = self.line.case, self.tenant, self.mechanism
        if mechanism in ("direct", "deep", "mixed", "late"):
            return Case(tenant, name, mechanism, ("systemic",), ("upstream",), self.root, began_in=(self.root,))
        if mechanism == "alternating":
            roots = tuple(sorted(set(self.line.roots)))
            return Case(tenant, name, mechanism, ("systemic",), ("upstream",), roots[0], began_in=roots)
        if mechanism == "outage":
            return Case(tenant, name, mechanism, ("systemic",), ("shared",), reasons=("outage",))
        if mechanism in ("change", "worsening"):
            own = ("systemic",), ("self",)
            return Case(tenant, name, mechanism, *own, name, reasons=("change",), onset=self.onset)
        if mechanism in ("chance", "sticky", "harmless"):
            return Case(tenant, name, mechanism, ("transient",), ("none",), began_in=(name,))
        causes = ("none", "self", "shared") if mechanism == "load" else ("none", "self")
        return Case(tenant, name, mechanism, ("transient", "systemic"), causes, began_in=(name,))

    def deploys(self) -> list[Change]:
        if self.mechanism != "change" or self.rng.random() < 0.4:
            return []
        at = self.onset - int(self.rng.integers(1, 15)) * MINUTE
        return [change(at, self.tenant, self.line.case, f"Deploy {self.line.case} {self.rng.integers(2, 9)}.0")]

    def _pressure(self, drags: float) -> Pressure:
        return Pressure(float(self.rng.uniform(1.4, 1.9)), float(self.rng.uniform(4.0, 8.0)), 0.3, drags, 0.3)

    def _outages(self) -> tuple[Outage, ...]:
        days = self.rng.choice(np.arange(1, self.line.days), size=min(int(self.rng.integers(4, 9)), self.line.days - 1))
        longest = max(self.line.period * 2.2, 30) * MINUTE
        begins = [self.start + day * DAY + int(self.rng.integers(0, 22 * HOUR)) for day in sorted(set(days.tolist()))]
        return tuple(Outage(at, at + int(self.rng.uniform(0.4, 1.0) * longest)) for at in begins)
