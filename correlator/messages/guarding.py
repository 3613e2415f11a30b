"""Which names must not stand in a message to a tenant: read from the store."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from sqlalchemy import Engine, select, union

from correlator.messages.drafting import Manner
from correlator.messages.facts import Facts
from correlator.messages.lint import Guard
from correlator.model import Finding
from correlator.store.database import reading
from correlator.store.findings import finding_id
from correlator.store.names import incident_tenants, values_of
from correlator.store.schema import dependencies, findings, known_jobs, runs
from correlator.text.times import micros

_BEFORE: Final = timedelta(days=1)
MOST_HOSTS: Final = 2_000
_TELL_TENANTS: Final = (known_jobs, findings, dependencies)
_TECHNICAL: Final = re.compile(r"[^a-z ]", re.IGNORECASE)
"""A job whose name is plain words is looked for only where the finding is about it."""


def guard_for(engine: Engine, finding: Finding, facts: Facts, manner: Manner) -> Guard:
    """The tenants but this one, the hosts its jobs ran on, our jobs and ids; what the settings allow may stand."""
    tenants = incident_tenants(engine) | _told_tenants(engine)
    jobs = values_of(engine, known_jobs.c.job)
    path = {finding.job, *finding.path, *([finding.root_job] if finding.root_job else [])}
    internal = path | {job for job in jobs if _TECHNICAL.search(job)}
    internal |= {hit.key for hit in facts.hits if not hit.key.startswith("@")}
    internal.add(finding_id(finding.tenant, finding.job))
    named = {row.name for row in finding.scope if row.kind == "tenant"} | tenants
    hosts = {row.name for row in finding.scope if row.kind == "host"} | _hosts(engine, finding, sorted(path))
    said = (finding.tenant, manner.what(finding), manner.customers.get(finding.tenant, ""))
    return Guard(
        frozenset(named - {"", finding.tenant}),
        frozenset(hosts - {""}),
        frozenset(internal - {"", finding.tenant}),
        manner.partners,
        (*manner.allowed, *(text for text in said if text)),
    )


def _told_tenants(engine: Engine) -> set[str]:
    with reading(engine) as connection:
        told = union(*(select(table.c.tenant).distinct() for table in _TELL_TENANTS))
        return set(connection.execute(told).scalars().all())


def _hosts(engine: Engine, finding: Finding, jobs: list[str]) -> set[str]:
    """Where these jobs ran for the tenant, or for all, around the failures."""
    if finding.first_failure_at is None:
        return set()
    begin = micros(finding.first_failure_at - _BEFORE)
    ran = (runs.c.job.in_(jobs), runs.c.tenant.in_(sorted({"", finding.tenant})), runs.c.started_at >= begin)
    with reading(engine) as connection:
        return set(connection.execute(select(runs.c.host).where(*ran).distinct().limit(MOST_HOSTS)).scalars().all())
