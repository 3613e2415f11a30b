"""What is known when notes are written: read once a round."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from sqlalchemy import Engine

from correlator.attaching.standing import Standing, standing_of
from correlator.evidence.provenance import SourceState
from correlator.incident_matching import Explanation, explain, finding_of
from correlator.lifecycle.life import Life
from correlator.model import Finding, Incident
from correlator.settings import Settings
from correlator.store.finding_events import FindingEvent, all_events
from correlator.store.findings import StoredFinding, list_findings
from correlator.store.incidents import list_incidents
from correlator.store.lookups import jobs_of_services
from correlator.store.sources import list_sources


@dataclass(frozen=True)
class Knowledge:
    """The findings that stand and their lives, the incidents that are open, and what ties them together. Without
    `heed_waits` a finding is told before its rule says so."""

    findings: Sequence[StoredFinding]
    jobs_of_service: Mapping[str, frozenset[str]]
    sources: Sequence[SourceState]
    base_url: str
    now: datetime
    open_incidents: Sequence[Incident] = ()
    events: Mapping[str, tuple[FindingEvent, ...]] = field(default_factory=dict)
    heed_waits: bool = True

    def explanation(self, incident: Incident) -> Explanation | None:
        """The finding that explains an incident best, of those that are to be told."""
        return self._explained_by(incident, self.told)

    def silent_explanation(self, incident: Incident) -> StoredFinding | None:
        """The finding that would explain an incident, were it not closed or waiting."""
        found = self._explained_by(incident, self.findings)
        return None if found is None else self.stored(found.finding)

    def _explained_by(self, incident: Incident, findings: Iterable[StoredFinding]) -> Explanation | None:
        return explain(incident, (stored.finding for stored in findings), self.jobs_of_service)

    def own_finding(self, incident: Incident) -> Finding | None:
        return finding_of(incident, (stored.finding for stored in self.findings))

    def stored(self, finding: Finding) -> StoredFinding:
        return next(stored for stored in self.findings if stored.finding is finding)

    def page_url(self, finding_id: str) -> str:
        """The page of a finding; "" where nobody said how others reach the pages."""
        return f"{self.base_url}/findings/{finding_id}" if self.base_url else ""

    def life(self, finding_id: str) -> Life:
        """What people and looks did about a finding, be it gone."""
        return Life(finding_id, self.events.get(finding_id, ()))

    def standing(self, stored: StoredFinding) -> Standing:
        """Whether a finding is to be told now."""
        return standing_of(stored, self.events.get(stored.id, ()), self.now, heed_waits=self.heed_waits)

    @cached_property
    def told(self) -> Sequence[StoredFinding]:
        """The findings that are to be told now: systemic, not closed, and their rules wait no longer."""
        return [stored for stored in self.findings if self.standing(stored).told]

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


def read_knowledge(engine: Engine, settings: Settings, now: datetime, *, heed_waits: bool = True) -> Knowledge:
    """Findings with their lives, incidents, services and sources as the store has them. Raises StoreError."""
    states = tuple(
        SourceState(status.source, reached=not status.error, last_good_pull=status.last_good_at, error=status.error)
        for status in list_sources(engine)
    )
    return Knowledge(
        list_findings(engine),
        jobs_of_services(engine),
        states,
        settings["web.base_url"].rstrip("/"),
        now,
        list_incidents(engine, open_only=True),
        all_events(engine, but_first_only=True),
        heed_waits,
    )
