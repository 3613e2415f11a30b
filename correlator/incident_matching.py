"""Which finding explains which incident: by job and tenant, else by the root, else by service; and by time.

Pure. A finding explains an incident that was opened around one of the failures attributed to its cause. An incident
near none of them stays unexplained, even of the same job: it may be one of the failures that have another reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from correlator.model import Finding, Incident, Verdict

EARLIEST: Final = timedelta(minutes=15)
"""An incident may be opened this long before the run is seen to fail: monitors watch for lateness too."""
LATEST: Final = timedelta(hours=6)
"""And this long after it: alerts wait for retries, and for repeats."""

JOB_AND_TENANT, JOB, ROOT, SERVICE = range(4)
_HOW: Final = {
    JOB_AND_TENANT: "it names this job and tenant",
    JOB: "it names this job",
    ROOT: "it names the job where the trouble starts",
    SERVICE: "its service runs this job",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """A finding for an incident: how they belong together, and the failure nearest to the incident's beginning."""

    incident: Incident
    finding: Finding
    strength: int
    failed_at: datetime

    @property
    def how(self) -> str:
        """Why these two, in words."""
        return _HOW[self.strength]


def explain(
    incident: Incident, findings: Iterable[Finding], jobs_of_service: Mapping[str, frozenset[str]]
) -> Explanation | None:
    """The best systemic finding for the incident; None when there is none.

    `jobs_of_service` says which jobs run under which service, for incidents that name no job. The closest tie wins,
    then the nearest failure, then the order of tenant and job.
    """
    candidates = (_explanation(incident, finding, jobs_of_service) for finding in findings)
    return min((found for found in candidates if found is not None), key=_rank, default=None)


def finding_of(incident: Incident, findings: Iterable[Finding]) -> Finding | None:
    """What is said about the incident's own job, systemic or not; None when the incident names no job we know."""
    if incident.job is None:
        return None
    named = [finding for finding in findings if (finding.job, finding.tenant) == (incident.job, incident.tenant)]
    return named[0] if named else None


def _explanation(
    incident: Incident, finding: Finding, jobs_of_service: Mapping[str, frozenset[str]]
) -> Explanation | None:
    if finding.verdict is not Verdict.SYSTEMIC:
        return None
    strength = _strength(incident, finding, jobs_of_service)
    failed_at = _nearest_failure(incident, finding)
    if strength is None or failed_at is None:
        return None
    return Explanation(incident, finding, strength, failed_at)


def _strength(incident: Incident, finding: Finding, jobs_of_service: Mapping[str, frozenset[str]]) -> int | None:
    if incident.tenant not in ("", finding.tenant):
        return None
    if incident.job == finding.job:
        return JOB_AND_TENANT if incident.tenant == finding.tenant else JOB
    if incident.job is not None:
        return ROOT if incident.job == finding.root_job else None
    if finding.job in jobs_of_service.get(incident.service or "", frozenset()):
        return SERVICE
    return None


def _nearest_failure(incident: Incident, finding: Finding) -> datetime | None:
    """The failure attributed to the cause that is nearest in time, within the limits."""
    within = [at for at in _failures(finding) if incident.created_at - LATEST <= at <= incident.created_at + EARLIEST]
    return min(within, key=lambda at: (abs(incident.created_at - at), at), default=None)


def _failures(finding: Finding) -> Sequence[datetime]:
    """When the runs attributed to the cause failed; the downstream's and the root's own failures both raise alerts."""
    times = [at for pair in finding.pairs for at in (pair.failed_at, pair.upstream_failed_at) if at is not None]
    return times or [at for at in (finding.first_failure_at, finding.last_failure_at) if at is not None]


def _rank(found: Explanation) -> tuple[int, timedelta, str, str]:
    distance = abs(found.incident.created_at - found.failed_at)
    return found.strength, distance, found.finding.tenant, found.finding.job
