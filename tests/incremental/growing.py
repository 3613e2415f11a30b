"""A store that grows tick by tick: attempts arrive running and end later, come late, are corrected, and fail in ways
that give verdicts of every kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from correlator.model import Attempt, Change, Dependency, MetricPoint, Status
from correlator.ports import Fact

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
EDGES = (Dependency("ingest", "clean"), Dependency("clean", "export"))
JOBS = (("ingest", 0), ("clean", 15), ("export", 30), ("billing", 5))


def arriving(seed: int, hours: int, tenants: tuple[str, ...]) -> Iterator[tuple[datetime, Fact]]:
    """Facts with the moments at which they come in; the same attempt may come several times."""
    rng = np.random.default_rng(seed)
    for tenant in tenants:
        trouble = float(rng.choice([0.02, 0.1, 0.3]))
        for hour in range(hours):
            due, late = BEGIN + hour * HOUR, bool(rng.random() < trouble)
            for job, offset in JOBS:
                at = due + offset * MINUTE + timedelta(seconds=int(rng.integers(0, 90)))
                hit = late and job != "billing" and rng.random() < 0.8
                yield from _run(rng, tenant, job, due, at, failed=bool(hit or rng.random() < 0.05))
        for number in range(hours // 2):
            at = BEGIN + number * 2 * HOUR + timedelta(minutes=int(rng.integers(0, 120)))
            yield at, MetricPoint("memory", at, float(rng.random()), "clean", tenant)
    for number in range(2):
        at = BEGIN + float(rng.random()) * hours * HOUR
        yield at, Change(f"c{number}", at, "deploy", "clean", tenant=str(rng.choice([*tenants, ""])))


def _run(
    rng: np.random.Generator, tenant: str, job: str, due: datetime, at: datetime, *, failed: bool
) -> Iterator[tuple[datetime, Fact]]:
    """One logical run: a first attempt, and when it fails a retry; some sources give no ids, some no numbers."""
    logical = f"{tenant}/{job}/{due:%d%H}" if rng.random() < 0.8 else None
    for number in (1, 2) if failed else (1,):
        start = at + (number - 1) * 35 * MINUTE
        end = start + timedelta(minutes=int(rng.integers(3, 25)))
        bad = number == 1 and failed
        done = Attempt(
            run_id=f"{tenant}/{job}/{due:%d%H}/{number}",
            job=job,
            started_at=start,
            status=Status.FAILED if bad else Status.SUCCESS,
            tenant=tenant,
            logical_run_id=logical,
            attempt=number,
            scheduled_at=due if rng.random() < 0.9 else None,
            finished_at=end if rng.random() < 0.97 else None,
            error=f"no input for {int(rng.integers(0, 99))} s" if bad else None,
            host=f"host-{int(rng.integers(0, 3))}",
        )
        if rng.random() < 0.5:
            yield start, replace(done, status=Status.RUNNING, finished_at=None, error=None)
        delay = timedelta(hours=int(rng.integers(1, 9))) if rng.random() < 0.05 else timedelta()
        yield end + delay, done
        if rng.random() < 0.03:
            yield end + delay + 2 * HOUR, replace(done, status=Status.CANCELLED if bad else Status.FAILED)
