"""A history in memory, as the facts of the model, and what of it can be known at a moment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from correlator.model import Attempt, Change, Dependency, Incident, MetricPoint, Status


@dataclass(frozen=True)
class History:
    """The five tables as facts; each tuple is in order of time, then id."""

    attempts: tuple[Attempt, ...] = ()
    metrics: tuple[MetricPoint, ...] = ()
    changes: tuple[Change, ...] = ()
    incidents: tuple[Incident, ...] = ()
    dependencies: tuple[Dependency, ...] = ()

    def until(self, moment: datetime) -> History:
        """What can be known at `moment`: what has not begun is absent, what has not ended is still open."""
        return replace(
            self,
            attempts=tuple(attempt_at(item, moment) for item in self.attempts if item.started_at < moment),
            metrics=tuple(item for item in self.metrics if item.at < moment),
            changes=tuple(item for item in self.changes if item.at < moment),
            incidents=tuple(incident_at(item, moment) for item in self.incidents if item.created_at < moment),
        )


def attempt_at(attempt: Attempt, moment: datetime) -> Attempt:
    """The attempt as it stands at `moment`: running, without an end or an error, when it ends later."""
    if attempt.finished_at is None or attempt.finished_at < moment:
        return attempt
    return replace(attempt, status=Status.RUNNING, finished_at=None, error=None)


def incident_at(incident: Incident, moment: datetime) -> Incident:
    """The incident as it stands at `moment`: open when it is resolved later."""
    if incident.resolved_at is None or incident.resolved_at < moment:
        return incident
    return replace(incident, resolved_at=None, status="triggered")
