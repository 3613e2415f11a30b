"""A tiny platform to play histories on: jobs that fail when they start without their inputs, and pass on retry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import numpy as np

from correlator.model import Attempt, Dependency, Status
from tests.engine.build import MONDAY

NEVER: Final = float("inf")
MOST_ATTEMPTS: Final = 5


@dataclass(frozen=True)
class Job:
    """Due at `minute` of every period (in minutes). `reads` its inputs, and unless `careless` fails without them."""

    name: str
    minute: int = 0
    reads: tuple[str, ...] = ()
    period: int = 60
    took: int = 10
    careless: bool = False


Own = Mapping[str, Mapping[int, str | int]]
"""By job and slot (number of the run): how its own attempts end ("FS"), or how many minutes its first one takes."""


def some(count: int, of: int, seed: int = 1) -> list[int]:
    """A few slots, spread at random."""
    return sorted(np.random.default_rng(seed).choice(of, count, replace=False).tolist())


def play(jobs: Sequence[Job], days: int = 14, own: Own | None = None, tenant: str = "tenant-01") -> list[Attempt]:
    """All attempts of all jobs; each job stands on the latest run of each input that was due at or before its own."""
    ready: dict[str, dict[int, float]] = {}
    made: list[Attempt] = []
    by_name = {job.name: job for job in jobs}
    for job in jobs:
        ready[job.name] = {}
        for slot in range(days * 1440 // job.period):
            due = slot * job.period + job.minute
            inputs = max((_ready(by_name[up], ready[up], due) for up in job.reads if up in by_name), default=0.0)
            attempts = _attempts(job, due, inputs, (own or {}).get(job.name, {}).get(slot, ""))
            passed = [end for _, end, status in attempts if status is Status.SUCCESS]
            ready[job.name][slot] = passed[0] if passed else NEVER
            made += [_attempt(job, tenant, slot, due, number, *item) for number, item in enumerate(attempts, 1)]
    return made


def edges(jobs: Iterable[Job]) -> tuple[Dependency, ...]:
    return tuple(Dependency(up, job.name) for job in jobs for up in job.reads)


def _ready(job: Job, ready: dict[int, float], due: int) -> float:
    return ready.get((due - job.minute) // job.period, 0.0)


def _attempts(job: Job, due: float, inputs: float, own: str | int) -> list[tuple[float, float, Status]]:
    """(start, end, status) of each attempt in minutes; a quarter of an hour between attempts."""
    start, found = float(due), []
    for number in range(MOST_ATTEMPTS):
        took, status = float(job.took), Status.SUCCESS
        if isinstance(own, int):
            took = float(own) if number == 0 else took
        elif number < len(own):
            status = {"F": Status.FAILED, "T": Status.TIMED_OUT, "S": Status.SUCCESS}[own[number]]
        if inputs > start and not job.careless:
            took, status = 2.0, Status.FAILED
        found.append((start, start + took, status))
        if status is Status.SUCCESS:
            break
        start += took + 15
    return found


def _attempt(
    job: Job, tenant: str, slot: int, due: float, number: int, start: float, end: float, status: Status
) -> Attempt:
    name = f"{tenant}/{job.name}/{slot}"
    return Attempt(
        run_id=f"{name}/{number}",
        logical_run_id=name,
        attempt=number,
        job=job.name,
        tenant=tenant,
        scheduled_at=MONDAY + timedelta(minutes=due),
        started_at=MONDAY + timedelta(minutes=start),
        finished_at=MONDAY + timedelta(minutes=end),
        status=status,
        error=None if status is Status.SUCCESS else f"{job.name} broke after {end - start:.0f} min",
    )
