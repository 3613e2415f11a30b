"""One host, one shard, one pool that breaks: named as what the failures share, and nothing named where none does."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from correlator.model import Attempt, Cause, Finding, Verdict
from correlator.tables.frames import Tables
from tests.engine.build import MONDAY, findings, hourly, tables_of

HOURS = 14 * 24
TENANTS = tuple(f"tenant-{number:02d}" for number in range(1, 6))
JOBS = ("copy", "load", "report", "sweep")
Broken = Callable[[str, str, str, int], float]
"""The chance that a run fails, by tenant, job, host and hour; 0 where nothing is broken."""


def fleet(broken: Broken, seed: int = 7, hosts: int = 6) -> list[Attempt]:
    """Unrelated hourly jobs of five tenants, each run on any of a few hosts; one in fifty fails for no reason."""
    rng, made = np.random.default_rng(seed), []
    for tenant in TENANTS:
        for number, job in enumerate(JOBS):
            on = [f"worker-{pick}" for pick in rng.integers(1, hosts + 1, HOURS)]
            chance = [max(broken(tenant, job, on[hour], hour), 0.02) for hour in range(HOURS)]
            ends = ["FS" if rng.random() < risk else "S" for risk in chance]
            runs = hourly(job, ends, minute=13 * number, tenant=tenant)
            host = {MONDAY + timedelta(hours=hour, minutes=13 * number): on[hour] for hour in range(HOURS)}
            made += [replace(attempt, host=host[_due(attempt)]) for attempt in runs]
    return made


def _due(attempt: Attempt) -> datetime:
    assert attempt.scheduled_at is not None
    return attempt.scheduled_at


def with_tag(tables: Tables, key: str, value_of: Callable[[str, str], str]) -> Tables:
    """The tables as files with one more column tell them."""
    runs = tables.runs.copy()
    names = zip(runs["tenant"].astype(str), runs["job"].astype(str), strict=True)
    runs["tags"] = [json.dumps({key: value_of(*name)}) for name in names]
    return replace(tables, runs=runs)


def scopes(found: dict[tuple[str, str], Finding]) -> set[str]:
    """The places that were named."""
    return {episode.scope for finding in found.values() for episode in finding.episodes} - {"tenant"}


def test_a_host_that_breaks_for_some_hours_is_named_and_only_its_runs_are_laid_to_it() -> None:
    def broken(tenant: str, job: str, host: str, hour: int) -> float:
        return 0.95 if host == "worker-3" and 100 <= hour < 136 else 0.0

    attempts = fleet(broken)
    found = findings(tables_of(attempts))
    assert scopes(found) == {"host worker-3"}
    host = {attempt.logical_run_id: attempt.host for attempt in attempts}
    shared = [found_one for found_one in found.values() if found_one.cause is Cause.SHARED]
    on_host = [one for one in shared if {episode.scope for episode in one.episodes} == {"host worker-3"}]
    assert len(on_host) >= 4
    assert {host[pair.logical_run_id] for one in on_host for pair in one.pairs} == {"worker-3"}


def test_a_host_that_stays_bad_is_set_against_the_other_hosts() -> None:
    found = findings(tables_of(fleet(lambda tenant, job, host, hour: 0.4 if host == "worker-2" else 0.0)))
    assert "host worker-2" in scopes(found)
    systemic = [finding for finding in found.values() if finding.verdict is Verdict.SYSTEMIC]
    assert len(systemic) >= 15
    assert {finding.cause for finding in systemic} == {Cause.SHARED}


def test_a_pool_that_some_tenants_share_is_found_through_its_tag() -> None:
    users = [(tenant, job) for tenant in TENANTS[:3] for job in ("copy", "load")]

    def broken(tenant: str, job: str, host: str, hour: int) -> float:
        return 0.9 if (tenant, job) in users and hour in (80, 81, 82, 211, 212, 213) else 0.0

    def pool(tenant: str, job: str) -> str:
        return "pg-1" if (tenant, job) in users else f"pg-{2 + JOBS.index(job)}"

    found = findings(with_tag(tables_of(fleet(broken)), "pool", pool))
    assert scopes(found) == {"pool pg-1"}
    hit = [found[user] for user in users]
    assert [finding.cause for finding in hit if finding.verdict is Verdict.SYSTEMIC].count(Cause.SHARED) >= 4


@pytest.mark.parametrize("seed", range(4))
def test_where_no_place_is_broken_none_is_named(seed: int) -> None:
    assert scopes(findings(tables_of(fleet(lambda *run: 0.0, seed)))) == set()


@pytest.mark.parametrize("seed", range(4))
def test_a_bad_night_of_all_jobs_is_not_the_fault_of_the_host_they_ran_on(seed: int) -> None:
    found = findings(tables_of(fleet(lambda tenant, job, host, hour: 0.25 if hour % 24 in (1, 2, 3) else 0.0, seed)))
    assert not [scope for scope in scopes(found) if scope.startswith("host")]


@pytest.mark.parametrize("seed", range(4))
def test_the_bursts_of_one_job_are_not_the_fault_of_a_place(seed: int) -> None:
    def broken(tenant: str, job: str, host: str, hour: int) -> float:
        return 0.8 if (tenant, job) == ("tenant-02", "load") and hour % 60 < 8 else 0.0

    assert scopes(findings(tables_of(fleet(broken, seed)))) == set()


def test_failures_together_that_no_label_explains_are_shared_once_there_are_many() -> None:
    users = {("tenant-01", "copy"), ("tenant-03", "copy"), ("tenant-04", "copy"), ("tenant-05", "copy")}

    def broken(tenant: str, job: str, host: str, hour: int) -> float:
        return 0.95 if (tenant, job) in users and hour in (30, 77, 140, 205, 259, 296, 311, 332) else 0.0

    found = findings(tables_of(fleet(broken, hosts=1)))
    shared = [part.failures for user in users for part in found[user].contributions if part.cause is Cause.SHARED]
    assert sum(shared) >= 12
    assert not [one for one in found.values() if one.cause is Cause.UPSTREAM]
