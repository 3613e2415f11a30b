"""Small stories: one tenant, one pipeline, one mechanism. Rates are drawn by seed, so that many seeds calibrate."""

from __future__ import annotations

from typing import Final

import numpy as np

from correlator.model import Change
from correlator.simulation.clock import DAY, HOUR, MINUTE
from correlator.simulation.load import Load
from correlator.simulation.pipelines import beset, hourly_pipeline, ordinary, watched
from correlator.simulation.platform import Case, Inputs, Job, Platform, Tenant
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

TENANT: Final = "tenant-01"
CASE: Final = "export_ads"
DIRECT: Final = "build_segments"
WORKDAYS: Final = frozenset(range(5))
Troubles = dict[str, tuple[Trouble, ...]]


def _platform(
    seed: int,
    case: Case,
    troubles: Troubles,
    *,
    jobs: tuple[Job, ...] | None = None,
    ignores: bool = False,
    loaded: tuple[str, ...] = (),
    changes: tuple[Change, ...] = (),
    load: Load | None = None,
) -> Platform:
    """One tenant with one case; `ignores` makes the case indifferent to late inputs."""
    jobs = jobs or hourly_pipeline()
    inputs: dict[str, Inputs] = {CASE: "ignores"} if ignores else {}
    tenant = Tenant(
        name=TENANT,
        jobs=jobs,
        load=load or Load(seed, TENANT),
        troubles=beset(ordinary(jobs), troubles),
        inputs=inputs,
        measured=watched("ingest_events", "ingest_profiles", DIRECT, CASE, loaded=loaded),
        sensitivity=float(stream(seed, "sensitivity").uniform(0.75, 1.0)),
        hangs=0.1,
    )
    return Platform((tenant,), (case,), changes, ("export_ads", "export_email"))


def _upstream(mechanism: str, root: str) -> Case:
    return Case(TENANT, CASE, mechanism, ("systemic",), ("upstream",), root, began_in=(root,))


def _chance(mechanism: str) -> Case:
    return Case(TENANT, CASE, mechanism, ("transient",), ("none",), began_in=(CASE,))


def _decoy(mechanism: str, *causes: str) -> Case:
    """Systemic by its own or no cause, or transient, but never the upstream's doing."""
    return Case(TENANT, CASE, mechanism, ("transient", "systemic"), ("none", "self", *causes), began_in=(CASE,))


def _rng(seed: int, name: str) -> np.random.Generator:
    return stream(seed, "story", name)


def _pressure(rng: np.random.Generator, drags: float = 0.2) -> Pressure:
    return Pressure(float(rng.uniform(1.5, 1.9)), float(rng.uniform(4.0, 8.0)), drags=drags)


def upstream_timeout(seed: int, start: int) -> Platform:
    troubles: Troubles = {DIRECT: (_pressure(_rng(seed, "upstream-timeout"), drags=0.1),)}
    return _platform(seed, _upstream("upstream-timeout", DIRECT), troubles, loaded=(DIRECT,))


def deep_upstream(seed: int, start: int) -> Platform:
    root = "ingest_events"
    troubles: Troubles = {root: (_pressure(_rng(seed, "deep-upstream")),)}
    return _platform(seed, _upstream("deep-upstream", root), troubles, loaded=(root,))


def late_upstream(seed: int, start: int) -> Platform:
    troubles: Troubles = {DIRECT: (_pressure(_rng(seed, "late-upstream"), drags=1.0),)}
    return _platform(seed, _upstream("late-upstream", DIRECT), troubles, loaded=(DIRECT,))


def mixed_causes(seed: int, start: int) -> Platform:
    troubles: Troubles = {DIRECT: (_pressure(_rng(seed, "mixed-causes")),), CASE: (Noise(0.02),)}
    return _platform(seed, _upstream("mixed-causes", DIRECT), troubles, loaded=(DIRECT,))


def alternating_roots(seed: int, start: int) -> Platform:
    """Now one ingest, now the other: spells of their own, in no step with one another."""
    roots = ("ingest_events", "ingest_profiles")
    troubles: Troubles = {root: (Bursts(0.22, 5.0, 0.85, hangs=True),) for root in roots}
    case = Case(TENANT, CASE, "alternating-roots", ("systemic",), ("upstream",), roots[0], began_in=roots)
    return _platform(seed, case, troubles)


def weekday_calendar(seed: int, start: int) -> Platform:
    """As upstream-timeout, on a platform that rests at weekends."""
    troubles: Troubles = {DIRECT: (_pressure(_rng(seed, "weekday-calendar")),)}
    load = Load(seed, TENANT, surges_per_day=0.8)
    case = _upstream("weekday-calendar", DIRECT)
    return _platform(seed, case, troubles, jobs=hourly_pipeline(WORKDAYS), loaded=(DIRECT,), load=load)


def shared_outage(seed: int, start: int) -> Platform:
    rng = _rng(seed, "shared-outage")
    days = rng.choice(np.arange(1, 28), size=7, replace=False)
    begins = [start + int(day) * DAY + int(rng.integers(0, 20 * HOUR)) for day in sorted(days)]
    outages = tuple(Outage(begin, begin + int(rng.uniform(60, 150) * MINUTE)) for begin in begins)
    case = Case(TENANT, CASE, "shared-outage", ("systemic",), ("shared",), reasons=("outage",))
    return _platform(seed, case, {job.name: outages for job in hourly_pipeline()})


def own_change(seed: int, start: int) -> Platform:
    rng = _rng(seed, "own-change")
    onset = start + int(rng.uniform(0.35, 0.7) * 28 * DAY) // 1000 * 1000
    troubles: Troubles = {CASE: (AfterChange(onset, float(rng.uniform(0.15, 0.35))),)}
    case = Case(TENANT, CASE, "own-change", ("systemic",), ("self",), CASE, reasons=("change",), onset=onset)
    deploy = change(onset - 8 * MINUTE, TENANT, CASE, "Deploy export-ads 4.0: new partner protocol")
    return _platform(seed, case, troubles, changes=(deploy,))


def slow_worsening(seed: int, start: int) -> Platform:
    """No deploy, no day on which it broke: it fails a little more often every day."""
    rng = _rng(seed, "slow-worsening")
    since = start + int(rng.uniform(6, 12)) * DAY
    troubles: Troubles = {CASE: (Worsening(since, float(rng.uniform(0.015, 0.025))),)}
    case = Case(TENANT, CASE, "slow-worsening", ("systemic",), ("self",), CASE, reasons=("change",), onset=since)
    return _platform(seed, case, troubles)


def transient(seed: int, start: int) -> Platform:
    chance = float(_rng(seed, "transient").uniform(0.02, 0.05))
    return _platform(seed, _chance("transient"), {CASE: (Noise(chance),)})


def retry_storm(seed: int, start: int) -> Platform:
    """Few runs are bad, by chance; but six attempts each make many failed attempts of them."""
    chance = float(_rng(seed, "retry-storm").uniform(0.025, 0.045))
    troubles: Troubles = {CASE: (Sticky(chance, 0.85),)}
    return _platform(seed, _chance("retry-storm"), troubles, jobs=hourly_pipeline(attempts=6))


def harmless_upstream(seed: int, start: int) -> Platform:
    rng = _rng(seed, "harmless-upstream")
    troubles: Troubles = {
        DIRECT: (Noise(float(rng.uniform(0.08, 0.14))),),
        CASE: (Noise(float(rng.uniform(0.03, 0.06))),),
    }
    return _platform(seed, _chance("harmless-upstream"), troubles, ignores=True)


def night_decoy(seed: int, start: int) -> Platform:
    rng = _rng(seed, "night-decoy")
    troubles: Troubles = {name: (Night(float(rng.uniform(0.2, 0.4))),) for name in (DIRECT, CASE)}
    return _platform(seed, _decoy("night-decoy"), troubles, ignores=True)


def bursts_decoy(seed: int, start: int) -> Platform:
    rng = _rng(seed, "bursts-decoy")
    troubles: Troubles = {
        name: (Bursts(float(rng.uniform(0.2, 0.35)), float(rng.uniform(4, 7)), 0.8),) for name in (DIRECT, CASE)
    }
    return _platform(seed, _decoy("bursts-decoy"), troubles, ignores=True)


def load_decoy(seed: int, start: int) -> Platform:
    """Upstream and case both suffer from the tenant's volume, and neither needs the other."""
    rng = _rng(seed, "load-decoy")
    troubles: Troubles = {name: (_pressure(rng),) for name in (DIRECT, CASE)}
    case = _decoy("load-decoy", "shared")
    return _platform(seed, case, troubles, ignores=True, loaded=(DIRECT, CASE))
