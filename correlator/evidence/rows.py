"""One attempt as pictures and tables of the evidence take it. Needs no numerical library."""

from __future__ import annotations

from dataclasses import dataclass

from correlator.model import FAILURES, Finding


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One attempt; times in microseconds since 1970 UTC, `finished_at` None while it ran."""

    job: str
    tenant: str
    logical_run_id: str
    run_id: str
    attempt: int
    attempts: int
    scheduled_at: int | None
    started_at: int
    finished_at: int | None
    status: str
    error: str
    host: str
    url: str
    arrived_at: int | None

    @property
    def failed(self) -> bool:
        return self.status in FAILURES


def jobs_of(finding: Finding) -> tuple[str, ...]:
    """The jobs a finding is about, upstream first: its path, or the tested upstreams and the job itself."""
    if len(finding.path) > 1:
        return finding.path
    tested = [edge.upstream for edge in finding.edges if edge.downstream == finding.job]
    return tuple(dict.fromkeys([*tested, finding.job]))
