"""Facts: what connectors make out of a vendor's payload, and what cannot be made into one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Status(StrEnum):
    """How an attempt ended, or that it has not."""

    SUCCESS = "success"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    UPSTREAM_FAILED = "upstream_failed"
    RUNNING = "running"


class Origin(StrEnum):
    """Who says that an edge is there, the most trusted first."""

    DECLARED = "declared"
    ORCHESTRATOR = "orchestrator"
    LINEAGE = "lineage"
    CATALOG = "catalog"
    INFERRED = "inferred"

    @property
    def rank(self) -> int:
        """0 for the strongest; where two origins give the same edge the strongest counts."""
        return _RANKS[self]


_RANKS = {origin: rank for rank, origin in enumerate(Origin)}

FAILURES = frozenset({Status.FAILED, Status.TIMED_OUT})
"""The statuses that count as the attempt's own failure."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One execution of a job. `logical_run_id` groups the attempts of one scheduled run."""

    run_id: str
    job: str
    started_at: datetime
    status: Status
    tenant: str = ""
    logical_run_id: str | None = None
    attempt: int | None = None
    scheduled_at: datetime | None = None
    finished_at: datetime | None = None
    error: str | None = None
    service: str | None = None
    host: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dependency:
    """`downstream` reads what `upstream` makes. Without a tenant it holds for all of them.

    An inferred edge is never alone the ground of an accusation."""

    upstream: str
    downstream: str
    tenant: str | None = None
    max_lag_seconds: float | None = None
    origin: Origin = Origin.DECLARED


@dataclass(frozen=True, slots=True)
class MetricPoint:
    metric: str
    at: datetime
    value: float
    job: str | None = None
    tenant: str = ""
    host: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A deploy, a configuration change, a migration: something somebody did at one moment."""

    change_id: str
    at: datetime
    title: str
    job: str | None = None
    service: str | None = None
    tenant: str = ""


@dataclass(frozen=True, slots=True)
class MonitorTransition:
    """A monitor went into another state: what was seen, not something that somebody did.

    state: `alert`, `warn`, `no data` or `ok`; `groups` says for which of its groups (`job:export_ads,host:worker-1`).
    """

    event_id: str
    monitor_id: str
    at: datetime
    state: str
    title: str
    before: str | None = None
    groups: str = ""
    job: str | None = None
    service: str | None = None
    tenant: str = ""


@dataclass(frozen=True, slots=True)
class Incident:
    incident_id: str
    created_at: datetime
    resolved_at: datetime | None = None
    title: str | None = None
    service: str | None = None
    urgency: str | None = None
    job: str | None = None
    tenant: str = ""
    url: str | None = None
    status: str | None = None
    priority: str | None = None
    number: str | None = None
    """The short number people say, where the paging tool has one beside the id."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was read and could not be used. It is counted and listed, never dropped silently."""

    file: str
    line: int | None
    reason: str
