"""Which finding explains which incident."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from correlator.incident_matching import EARLIEST, LATEST, explain, finding_of
from correlator.model import Cause, Finding, Incident, Pair, Verdict

FAILED_AT = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
INCIDENT = Incident("PINC001", FAILED_AT + 5 * MINUTE, job="export_ads", tenant="tenant-07", service="Exports")
NO_SERVICES: dict[str, frozenset[str]] = {}


def finding(job: str = "export_ads", tenant: str = "tenant-07", failed_at: datetime = FAILED_AT) -> Finding:
    return Finding(
        tenant=tenant,
        job=job,
        verdict=Verdict.SYSTEMIC,
        cause=Cause.UPSTREAM,
        root_job="ingest_events",
        path=("ingest_events", job),
        confidence=0.97,
        runs=672,
        failed_first=41,
        recovered_by_retry=20,
        observed=36,
        expected_by_chance=3.1,
        p_value=1e-9,
        onset=None,
        needs=None,
        pairs=(
            Pair("r1", "ingest_events", "u1", 1800.0, failed_at=failed_at, upstream_failed_at=failed_at - 30 * MINUTE),
        ),
    )


def test_the_job_and_tenant_of_an_incident_find_their_finding() -> None:
    found = explain(INCIDENT, [finding("other"), finding(tenant="tenant-08"), finding()], NO_SERVICES)
    assert found is not None
    assert (found.finding, found.failed_at) == (finding(), FAILED_AT)
    assert found.how == "it names this job and tenant"


def test_an_incident_of_the_root_is_explained_too() -> None:
    found = explain(replace(INCIDENT, job="ingest_events"), [finding()], NO_SERVICES)
    assert found is not None
    assert found.how == "it names the job where the trouble starts"


def test_an_incident_without_a_tenant_takes_the_nearest_failure() -> None:
    near, far = finding(tenant="tenant-02"), finding(tenant="tenant-01", failed_at=FAILED_AT - 60 * MINUTE)
    found = explain(replace(INCIDENT, tenant=""), [far, near], NO_SERVICES)
    assert found is not None
    assert found.finding == near


def test_an_incident_without_a_job_goes_by_its_service() -> None:
    nameless = replace(INCIDENT, job=None)
    assert explain(nameless, [finding()], NO_SERVICES) is None
    found = explain(nameless, [finding()], {"Exports": frozenset({"export_ads"})})
    assert found is not None
    assert found.how == "its service runs this job"


def test_the_closest_tie_wins_over_the_nearest_failure() -> None:
    own = finding(failed_at=FAILED_AT - 60 * MINUTE)
    below = finding("export_mail")
    found = explain(replace(INCIDENT, job="export_ads"), [replace(below, root_job="export_ads"), own], NO_SERVICES)
    assert found is not None
    assert found.finding == own


@pytest.mark.parametrize(
    ("opened_at", "explained"),
    [
        (FAILED_AT + LATEST, True),
        (FAILED_AT + LATEST + MINUTE, False),
        (FAILED_AT - 30 * MINUTE - EARLIEST, True),  # before the downstream's failure, just in time for the root's
        (FAILED_AT - 30 * MINUTE - EARLIEST - MINUTE, False),
    ],
)
def test_only_incidents_near_a_failure_laid_to_the_cause_are_explained(opened_at: datetime, explained: bool) -> None:
    found = explain(replace(INCIDENT, created_at=opened_at), [finding()], NO_SERVICES)
    assert (found is not None) is explained


@pytest.mark.parametrize("verdict", [Verdict.TRANSIENT, Verdict.INCONCLUSIVE])
def test_what_is_not_systemic_explains_nothing_but_can_be_told(verdict: Verdict) -> None:
    other = replace(finding(), verdict=verdict, cause=Cause.NONE)
    assert explain(INCIDENT, [other], NO_SERVICES) is None
    assert finding_of(INCIDENT, [finding("x"), other]) == other
    assert finding_of(replace(INCIDENT, job=None), [other]) is None
