"""Under which service a job runs, for incidents that name a service and no job."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Engine, select

from correlator.store.database import reading
from correlator.store.schema import runs


def jobs_by_service(engine: Engine, jobs: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    """Of these jobs, each a (tenant, job), those whose latest run was under a service, by its name: one look into the
    index for each, however many runs there are."""
    found: dict[str, set[str]] = {}
    with reading(engine) as connection:
        for tenant, job in sorted(set(jobs)):
            latest = select(runs.c.service).where(runs.c.job == job, runs.c.tenant == tenant)
            service = connection.execute(latest.order_by(runs.c.started_at.desc()).limit(1)).scalar()
            if service:
                found.setdefault(service, set()).add(job)
    return {service: frozenset(names) for service, names in found.items()}
