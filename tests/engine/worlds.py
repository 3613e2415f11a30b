"""Small random histories for laws: any of the mechanisms, any of the ways in which sources tell attempts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
from hypothesis import strategies as st

from correlator.model import Attempt, Change, Dependency, Incident, MetricPoint, Status
from correlator.simulation.history import History
from tests.engine.build import MONDAY

JOBS: Final = ("ingest", "clean", "build", "export")
TENANTS: Final = ("tenant-01", "tenant-02", "tenant-03", "tenant-04")
TOLD: Final = ("logical ids", "scheduled times", "starts alone", "last attempts alone")


@dataclass(frozen=True)
class Recipe:
    """How a history is made; the same recipe gives the same history."""

    seed: int
    period_minutes: int
    days: int
    tenants: int
    edges: tuple[tuple[int, int], ...]
    noise: float
    obeys: float
    outages: int
    told: str
    waits: bool


def recipes(
    periods: tuple[int, ...] = (20, 60, 90, 180, 1440), told: tuple[str, ...] = TOLD
) -> st.SearchStrategy[Recipe]:
    pairs = st.sampled_from([(a, b) for b in range(len(JOBS)) for a in range(b)])
    edges = st.lists(pairs, unique=True, max_size=5).map(lambda found: tuple(sorted(found)))
    return st.builds(
        Recipe,
        seed=st.integers(0, 10**6),
        period_minutes=st.sampled_from(periods),
        days=st.integers(2, 6),
        tenants=st.integers(1, 4),
        edges=edges,
        noise=st.sampled_from([0.0, 0.02, 0.15]),
        obeys=st.sampled_from([0.0, 0.5, 1.0]),
        outages=st.integers(0, 3),
        told=st.sampled_from(told),
        waits=st.booleans(),
    )


def make(recipe: Recipe) -> History:
    """At most about 240 runs a job, so that a look takes a few milliseconds."""
    rng = np.random.default_rng(recipe.seed)
    days = recipe.days if recipe.period_minutes < 1440 else 8 * recipe.days
    count = min(days * 1440 // recipe.period_minutes, 240)
    end = MONDAY + timedelta(minutes=recipe.period_minutes * count)
    hits = sorted(rng.uniform(0, recipe.period_minutes * count, recipe.outages))
    attempts: list[Attempt] = []
    for tenant in TENANTS[: recipe.tenants]:
        attempts += _tenant(recipe, tenant, count, hits, rng)
    return History(
        attempts=tuple(attempts),
        metrics=tuple(_metrics(recipe, rng, end)),
        changes=tuple(
            Change(f"change-{n}", _moment(rng, end), f"Deploy {n}", job=JOBS[n % 4], tenant=TENANTS[0])
            for n in range(6)
        ),
        incidents=tuple(
            Incident(f"incident-{n}", when := _moment(rng, end), when + timedelta(minutes=50), job=JOBS[3])
            for n in range(4)
        ),
        dependencies=tuple(Dependency(JOBS[a], JOBS[b]) for a, b in recipe.edges),
    )


def _moment(rng: np.random.Generator, end: datetime) -> datetime:
    return MONDAY + timedelta(seconds=int(rng.integers(0, int((end - MONDAY).total_seconds()))))


def _metrics(recipe: Recipe, rng: np.random.Generator, end: datetime) -> list[MetricPoint]:
    hours = int((end - MONDAY).total_seconds() // 3600)
    return [
        MetricPoint("memory", MONDAY + timedelta(hours=hour), float(rng.lognormal(0, 0.3)), job=job, tenant=TENANTS[0])
        for job in (JOBS[0], JOBS[3])
        for hour in range(min(hours, 200))
    ]


def _tenant(recipe: Recipe, tenant: str, count: int, hits: list[float], rng: np.random.Generator) -> list[Attempt]:
    """Jobs in order of `JOBS`; each looks at the runs of the same slot of the jobs it reads from."""
    length = recipe.period_minutes / 8
    ready = np.zeros((len(JOBS), count))
    made: list[Attempt] = []
    for job, name in enumerate(JOBS):
        above = [a for a, b in recipe.edges if b == job]
        for slot in range(count):
            due = slot * recipe.period_minutes + job * length * 1.5
            inputs = max((ready[a, slot] for a in above), default=0.0)
            attempts = _run(recipe, due, inputs, length, hits, rng)
            ready[job, slot] = attempts[-1][1] if attempts[-1][2] is Status.SUCCESS else np.inf
            made += [_attempt(recipe, tenant, name, slot, due, n, *item) for n, item in enumerate(attempts, 1)]
    return _as_told(recipe, made)


def _run(
    recipe: Recipe, due: float, inputs: float, length: float, hits: list[float], rng: np.random.Generator
) -> list[tuple[float, float, Status]]:
    """(start, end, status) of each attempt, in minutes from Monday."""
    if rng.random() < 0.01:
        return [(due, due + 1.0, Status(rng.choice(["cancelled", "skipped", "upstream_failed"])))]
    start, found = due + rng.exponential(0.3), []
    for _ in range(3):
        took = length * rng.uniform(0.8, 1.2)
        out = any(hit <= start <= hit + recipe.period_minutes * 1.5 for hit in hits)
        missing = inputs > start
        if missing and recipe.waits and np.isfinite(inputs):
            took += inputs - start
            missing = False
        fails = (missing and rng.random() < recipe.obeys) or out or rng.random() < recipe.noise
        status = Status(rng.choice(["failed", "timed_out"])) if fails else Status.SUCCESS
        found.append((start, start + took, status))
        if not fails:
            break
        start += took + length * rng.uniform(0.5, 1.5)
    return found


def _attempt(
    recipe: Recipe, tenant: str, job: str, slot: int, due: float, number: int, start: float, end: float, status: Status
) -> Attempt:
    name = f"{tenant}/{job}/{slot}"
    return Attempt(
        run_id=f"{name}/{number}",
        job=job,
        tenant=tenant,
        logical_run_id=name,
        attempt=number,
        scheduled_at=_time(due),
        started_at=_time(start),
        finished_at=_time(end),
        status=status,
        error=f"{job} broke in step {number} after {start:.0f} min" if status in ("failed", "timed_out") else None,
    )


def _time(minutes: float) -> datetime:
    return MONDAY + timedelta(seconds=round(minutes * 60))


def _as_told(recipe: Recipe, attempts: list[Attempt]) -> list[Attempt]:
    if recipe.told == "scheduled times":
        return [replace(item, logical_run_id=None) for item in attempts]
    if recipe.told == "starts alone":
        return [replace(item, logical_run_id=None, scheduled_at=None, attempt=None) for item in attempts]
    if recipe.told == "last attempts alone":
        last: dict[Any, Attempt] = {item.logical_run_id: item for item in attempts}
        return list(last.values())
    return attempts
