"""What sources tell, beside the facts of the model: lines of incidents, services, and what lies beside an incident."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from correlator.model import Attempt, Change, Dependency, Incident, MetricPoint, MonitorTransition


@dataclass(frozen=True, slots=True)
class IncidentEntry:
    """A line of an incident's own log, or one of its alerts; kind is `log_entry` or `alert`."""

    entry_id: str
    incident_id: str
    kind: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Service:
    """A service as the paging tool knows it; `depends_on` are ids of services it needs.

    kind: `technical`, `business`.
    """

    service_id: str
    name: str
    depends_on: tuple[str, ...] = ()
    url: str | None = None
    kind: str = "technical"


@dataclass(frozen=True, slots=True)
class IncidentRelation:
    """What the vendor lays beside an incident: `related` is going on elsewhere, `past` looked alike on this service.

    `reason` says in words why; `score` is the vendor's own measure of likeness, where it gives one.
    """

    incident_id: str
    kind: str
    other_id: str
    at: datetime | None = None
    title: str | None = None
    reason: str = ""
    score: float | None = None


Fact = (
    Attempt
    | MetricPoint
    | Change
    | MonitorTransition
    | Incident
    | IncidentEntry
    | IncidentRelation
    | Service
    | Dependency
)
