"""What stands around the runs: metrics, innocent deploys, and the incidents that failures open."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Final

import numpy as np

from correlator.model import Attempt, Change, Incident, MetricPoint, Status
from correlator.simulation.clock import DAY, to_datetime
from correlator.simulation.load import STEP, Load
from correlator.simulation.platform import Measured, Tenant
from correlator.simulation.randomness import stream

SITE: Final = "https://pagerduty.example.com"
GIVEN_UP: Final = timedelta(hours=4)
"""An incident nobody resolves is resolved by the service after this long."""


def metric_points(tenant: Tenant, seed: int, start: int, end: int) -> Iterator[MetricPoint]:
    """A point every ten minutes in `[start, end)` (ms) for everything measured of the tenant."""
    for measured in tenant.measured:
        load = tenant.load if measured.follows_tenant else Load(seed, f"{tenant.name} {measured.job} aside")
        for day in range(start // DAY, (end - 1) // DAY + 1):
            values = _values(measured, tenant, seed, load.day(day), day)
            for at, value in zip(day * DAY + np.arange(len(values)) * STEP, values, strict=True):
                if start <= at < end:
                    yield MetricPoint(measured.metric, to_datetime(int(at)), value, measured.job, tenant.name)


def _values(measured: Measured, tenant: Tenant, seed: int, levels: np.ndarray, day: int) -> list[float]:
    rng = stream(seed, tenant.name, measured.job, measured.metric, day)
    values = measured.base + measured.per_load * levels + rng.normal(0, measured.noise, len(levels))
    rounded: list[float] = np.clip(values, measured.least, measured.most).round(3).tolist()
    return rounded


def deploys(tenant: Tenant, seed: int, start: int, end: int) -> Iterator[Change]:
    """Deploys in `[start, end)` (ms) that do no harm."""
    for day in range(start // DAY, (end - 1) // DAY + 1):
        rng = stream(seed, tenant.name, "deploys", day)
        for _ in range(rng.poisson(tenant.deploys_per_day)):
            at = day * DAY + int(rng.integers(DAY // 1000)) * 1000
            job = tenant.jobs[int(rng.integers(len(tenant.jobs)))]
            if start <= at < end:
                yield change(at, tenant.name, job.name, f"Deploy {job.service} {rng.integers(2, 9)}.{rng.integers(40)}")


def change(at: int, tenant: str, job: str, title: str) -> Change:
    """A deploy of one tenant's job at a moment (ms)."""
    mark = hashlib.sha256(f"{at} {tenant} {job}".encode()).hexdigest()[:8]
    return Change(f"deploy-{mark}", to_datetime(at), title, job, job.replace("_", "-"), tenant)


def incidents(attempts: Iterable[Attempt], paged: tuple[str, ...], seed: int) -> Iterator[Incident]:
    """One incident for each run of a paged job whose first attempt failed, resolved when a later attempt passes."""
    runs: dict[str, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        if attempt.job in paged and attempt.logical_run_id:
            runs[attempt.logical_run_id].append(attempt)
    for logical_run_id, group in runs.items():
        first = min(group, key=lambda item: item.attempt or 0)
        if first.status in (Status.FAILED, Status.TIMED_OUT) and first.finished_at:
            yield _incident(logical_run_id, first, group, seed)


def _incident(logical_run_id: str, first: Attempt, group: list[Attempt], seed: int) -> Incident:
    assert first.finished_at is not None
    rng = stream(seed, "incident", logical_run_id)
    created = (first.finished_at + timedelta(seconds=int(rng.integers(20, 90)))).replace(microsecond=0)
    passed = [item.finished_at for item in group if item.status is Status.SUCCESS and item.finished_at]
    settled = min(passed, default=created + GIVEN_UP) + timedelta(seconds=int(rng.integers(20, 90)))
    key = "Q" + hashlib.sha256(logical_run_id.encode()).hexdigest()[:13].upper()
    return Incident(
        incident_id=key,
        created_at=created,
        resolved_at=max(settled, created + timedelta(seconds=30)).replace(microsecond=0),
        title=f"{first.job} of {first.tenant}: {first.error}",
        service=first.service,
        urgency="high",
        job=first.job,
        tenant=first.tenant,
        url=f"{SITE}/incidents/{key}",
        status="resolved",
    )
