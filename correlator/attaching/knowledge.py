"""What is known when notes are written: read once a round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from sqlalchemy import Engine

from correlator.evidence.packet import SourceState
from correlator.explaining import Explanation, explain, finding_of
from correlator.model import Finding, Incident, Verdict
from correlator.saying import said_of
from correlator.settings import Settings
from correlator.store.findings import StoredFinding, list_findings
from correlator.store.incidents import list_incidents
from correlator.store.lookups import jobs_of_services
from correlator.store.sources import list_sources
from rules.waiting import State


@dataclass(frozen=True)
class Knowledge:
    """The findings that stand, the incidents that are open, and what ties them together."""

    findings: Sequence[StoredFinding]
    jobs_of_service: Mapping[str, frozenset[str]]
    sources: Sequence[SourceState]
    base_url: str
    open_incidents: Sequence[Incident] = ()
    now: datetime | None = None

    def explanation(self, incident: Incident) -> Explanation | None:
        """The finding that explains an incident, of those whose rule lets them be said."""
        said = (stored.finding for stored in self.findings if stored.id not in self._waiting)
        return explain(incident, said, self.jobs_of_service)

    def own_finding(self, incident: Incident) -> Finding | None:
        return finding_of(incident, (stored.finding for stored in self.findings))

    def stored(self, finding: Finding) -> StoredFinding:
        return next(stored for stored in self.findings if stored.finding is finding)

    def page_url(self, finding_id: str) -> str:
        """The page of a finding; "" where nobody said how others reach the pages."""
        return f"{self.base_url}/findings/{finding_id}" if self.base_url else ""

    @property
    def systemic(self) -> list[StoredFinding]:
        standing = (stored for stored in self.findings if stored.finding.verdict is Verdict.SYSTEMIC)
        return [stored for stored in standing if stored.id not in self._waiting]

    @cached_property
    def _waiting(self) -> frozenset[str]:
        """Findings that are not to be said yet, by the thresholds of their rules."""
        now = self.now
        if now is None:
            return frozenset()
        return frozenset(stored.id for stored in self.findings if said_of(stored, now).state is State.WAITING)

    def incidents_of(self, finding_id: str) -> tuple[Incident, ...]:
        """The open incidents that were pulled and are explained by this finding, oldest first."""
        return tuple(self._explained.get(finding_id, ()))

    @cached_property
    def _explained(self) -> Mapping[str, Sequence[Incident]]:
        found: dict[str, list[Incident]] = {}
        for incident in self.open_incidents:
            if explanation := self.explanation(incident):
                found.setdefault(self.stored(explanation.finding).id, []).append(incident)
        return found


def read_knowledge(engine: Engine, settings: Settings) -> Knowledge:
    """Findings, incidents, services and sources as the store has them. Raises StoreError."""
    states = tuple(
        SourceState(status.source, reached=not status.error, last_good_pull=status.last_good_at, error=status.error)
        for status in list_sources(engine)
    )
    base_url = settings["web.base_url"].rstrip("/")
    incidents = list_incidents(engine, open_only=True)
    findings, services = list_findings(engine), jobs_of_services(engine)
    return Knowledge(findings, services, states, base_url, incidents, datetime.now(UTC))
