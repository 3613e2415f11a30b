"""The facts the stand-in serves, sorted for paging, and a clock that decides what has come to be known."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from correlator.model import Attempt, Change, Incident, MetricPoint, Status
from correlator.simulation.history import History, attempt_at, incident_at

Clock = Callable[[], datetime]
T = TypeVar("T")


def wall_clock() -> datetime:
    return datetime.now(UTC)


@dataclass
class Facts:
    """A history behind a clock: what lies after `clock()` is not there yet. `live` False shows everything at once."""

    history: History
    clock: Clock = wall_clock
    live: bool = False
    attempts: list[tuple[int, str, Attempt]] = field(init=False)
    changes: list[tuple[int, str, Change]] = field(init=False)
    incidents: list[tuple[int, str, Incident]] = field(init=False)
    metric_index: dict[str, list[tuple[int, str, MetricPoint]]] = field(init=False)

    def __post_init__(self) -> None:
        self.attempts = sorted((millis(a.started_at), a.run_id, a) for a in self.history.attempts)
        self.changes = sorted((millis(c.at), c.change_id, c) for c in self.history.changes)
        self.incidents = sorted((millis(i.created_at), i.incident_id, i) for i in self.history.incidents)
        self.metric_index = {}
        for point in sorted(self.history.metrics, key=lambda item: item.at):
            self.metric_index.setdefault(point.metric, []).append((millis(point.at), "", point))

    def horizon(self) -> datetime | None:
        """The moment up to which facts are known, None for all of them."""
        return self.clock() if self.live else None

    def ended_attempts(self, start: int, end: int) -> Iterator[tuple[int, str, Attempt]]:
        """Attempts that started in `[start, end)` (ms) and have ended by now: a span appears when it ends."""
        horizon = self.horizon()
        for key in _between(self.attempts, start, end):
            if _ended(key[2], horizon):
                yield key

    def begun_attempts(self) -> Iterator[Attempt]:
        """Attempts that have begun, each as it stands now."""
        horizon = self.horizon()
        for _, _, attempt in self.attempts:
            if horizon is None or attempt.started_at < horizon:
                yield attempt if horizon is None else attempt_at(attempt, horizon)

    def changes_between(self, start: int, end: int) -> Iterator[tuple[int, str, Change]]:
        return _between(self.changes, start, self._last(end))

    def incidents_between(self, start: int, end: int) -> Iterator[Incident]:
        """Incidents created in `[start, end)` (ms), each as it stands now."""
        for _, _, incident in _between(self.incidents, start, self._last(end)):
            yield self._as_known(incident)

    def points_between(self, metric: str, start: int, end: int) -> Iterator[tuple[int, str, MetricPoint]]:
        """Points of one metric in `[start, end)` (ms)."""
        return _between(self.metric_index.get(metric, []), start, self._last(end))

    def incident(self, incident_id: str) -> Incident | None:
        """One incident as it stands now; None when there is none yet."""
        for at, key, incident in self.incidents:
            if key == incident_id and at < self._last(at + 1):
                return self._as_known(incident)
        return None

    def _as_known(self, incident: Incident) -> Incident:
        horizon = self.horizon()
        return incident if horizon is None else incident_at(incident, horizon)

    def _last(self, end: int) -> int:
        horizon = self.horizon()
        return end if horizon is None else min(end, millis(horizon))


def millis(moment: datetime) -> int:
    """Milliseconds since 1970 UTC."""
    return round(moment.timestamp() * 1000)


def _ended(attempt: Attempt, horizon: datetime | None) -> bool:
    if attempt.status is Status.RUNNING:
        return False
    return horizon is None or (attempt.finished_at or attempt.started_at) < horizon


def _between(rows: list[tuple[int, str, T]], start: int, end: int) -> Iterator[tuple[int, str, T]]:
    for index in range(bisect_left(rows, start, key=lambda row: row[0]), len(rows)):
        if rows[index][0] >= end:
            return
        yield rows[index]
