"""The words of the field as frozen types: facts that come in, findings that go out.

Times are aware datetimes in UTC; durations carry their unit in their name. Facts (`Attempt`, `Change`, ...) are
what connectors make out of a vendor's payload. Findings are what the engine makes out of many facts; `Finding.to_dict`
gives the JSON document that the command line prints, the store keeps and the bundle carries.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any, Final


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


class Verdict(StrEnum):
    SYSTEMIC = "systemic"
    TRANSIENT = "transient"
    INCONCLUSIVE = "inconclusive"


class Cause(StrEnum):
    UPSTREAM = "upstream"
    SHARED = "shared"
    SELF = "self"
    NONE = "none"


# --- facts -----------------------------------------------------------------------------------------------------


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


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was read and could not be used. It is counted and listed, never dropped silently."""

    file: str
    line: int | None
    reason: str


# --- findings --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pair:
    """One failed run laid to the cause. For a shared or self cause the upstream keys and the lag are None."""

    logical_run_id: str
    upstream_job: str | None = None
    upstream_logical_run_id: str | None = None
    lag_seconds: float | None = None
    failed_at: datetime | None = None
    upstream_failed_at: datetime | None = None
    upstream_ready_at: datetime | None = None
    error: str | None = None
    upstream_error: str | None = None


@dataclass(frozen=True, slots=True)
class Episode:
    """A short time in which far more jobs than usual failed: `[start, end)`."""

    start: datetime
    end: datetime
    jobs: tuple[str, ...]
    failures: int
    scope: str = "tenant"
    expected_failures: float | None = None
    p_value: float | None = None


@dataclass(frozen=True, slots=True)
class Contribution:
    """How many of the job's failed runs are laid to one cause."""

    cause: Cause
    root_job: str | None
    failures: int


@dataclass(frozen=True, slots=True)
class EdgeTest:
    """The exact stratified test of one dependency edge, or of the path from a root, on logical runs."""

    upstream: str
    downstream: str
    runs: int
    exposed: int
    failed_first: int
    observed: int
    expected: float
    p_value: float
    e_value: float
    stratification: str
    powered: bool
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Recovery:
    """Recovery concordance: attempts before the upstream was ready, and attempts after."""

    before_failed: int
    before_total: int
    after_passed: int
    after_total: int


@dataclass(frozen=True, slots=True)
class RetryDebt:
    """What the retries cost. Minutes count failed attempts and the waiting until the run passed."""

    runs: int
    succeeded: int
    needed_retry: int
    attempts: int
    extra_attempts: int
    minutes_burnt: float


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """By how much the clock behind a job's times was found to be ahead (negative: behind), in seconds, give or take
    the uncertainty. The finding's times are set right by it."""

    job: str
    seconds: float
    uncertainty_seconds: float


@dataclass(frozen=True, slots=True)
class ProofOfFix:
    """After a fix: so many first attempts in a row without a failure would come about with a chance of one in twenty
    at the old rate, so as many clean ones show that the rate has changed."""

    old_rate: float
    clean_first_attempts: int


@dataclass(frozen=True, slots=True)
class LagProfile:
    """Seconds from the root's trouble to the downstream failure: quartiles and range.

    The bands are 95 % intervals of the quartiles and the median, from order statistics; None with too few pairs.
    """

    count: int
    least: float
    lower_quartile: float
    median: float
    upper_quartile: float
    most: float
    lower_quartile_band: tuple[float, ...] | None = None
    median_band: tuple[float, ...] | None = None
    upper_quartile_band: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class MetricEvidence:
    """One metric in the window before the root's trouble, against the same hours on quiet days."""

    metric: str
    job: str
    moved: bool
    score: float
    quiet_median: float
    before_median: float
    windows: int
    since_minutes: float | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Layer:
    """One row of the layers grid; result is eliminated | implicated | not checked | no data."""

    layer: str
    check: str
    data: str
    result: str


@dataclass(frozen=True, slots=True)
class ScopeRow:
    """One tenant (or host): failed runs and runs of this job or of the root there."""

    kind: str
    name: str
    affected: int
    exposed: int
    runs: int


@dataclass(frozen=True, slots=True)
class NearbyChange:
    change_id: str
    at: datetime
    title: str
    job: str | None
    minutes_before_onset: float


@dataclass(frozen=True, slots=True)
class SignatureCount:
    """One error text with its changing parts masked, and the failed runs of each kind that show it."""

    signature: str
    example: str
    failures: int
    laid_to_cause: int


@dataclass(frozen=True, slots=True)
class Finding:
    """What is said about one job of one tenant. The first block is the contract of `correlator analyze --json`."""

    tenant: str
    job: str
    verdict: Verdict
    cause: Cause
    root_job: str | None
    path: tuple[str, ...]
    confidence: float | None
    runs: int
    failed_first: int
    recovered_by_retry: int
    observed: int | None
    expected_by_chance: float | None
    p_value: float | None
    onset: datetime | None
    needs: str | None
    pairs: tuple[Pair, ...] = ()
    episodes: tuple[Episode, ...] = ()
    contributions: tuple[Contribution, ...] = ()
    # what a packet needs beyond the contract
    e_value: float | None = None
    summary: str = ""
    window_start: datetime | None = None
    window_end: datetime | None = None
    first_failure_at: datetime | None = None
    last_failure_at: datetime | None = None
    onset_earliest: datetime | None = None
    onset_latest: datetime | None = None
    edges: tuple[EdgeTest, ...] = ()
    recovery: Recovery | None = None
    retry_debt: RetryDebt | None = None
    lag_profile: LagProfile | None = None
    proof_of_fix: ProofOfFix | None = None
    metrics: tuple[MetricEvidence, ...] = ()
    layers: tuple[Layer, ...] = ()
    scope: tuple[ScopeRow, ...] = ()
    changes: tuple[NearbyChange, ...] = ()
    signatures: tuple[SignatureCount, ...] = ()
    root_signatures: tuple[SignatureCount, ...] = ()
    root_timed_out_share: float | None = None
    notes: tuple[str, ...] = ()
    clocks: tuple[ClockOffset, ...] = ()
    order_unclear: int = 0
    """Failed runs of which it is not established whether they began before their upstream run was ready."""

    def to_dict(self) -> dict[str, Any]:
        """The finding as JSON-ready values: times as ISO 8601 with Z, enums as their values."""
        document: dict[str, Any] = _plain(self)
        return document

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Finding:
        """The inverse of `to_dict`; keys it does not know (such as `id`) are left aside."""
        from correlator.documents import finding_from_document

        return finding_from_document(document)


@dataclass(frozen=True, slots=True)
class Analysis:
    """The answer of one look at a history."""

    as_of: datetime
    findings: tuple[Finding, ...]
    rejected: tuple[Rejected, ...] = ()
    calibration: str | None = None
    """The name of the table that the findings' confidence was read from."""

    def to_dict(self) -> dict[str, Any]:
        return {
            "as_of": iso(self.as_of),
            "calibration": self.calibration,
            "findings": [finding.to_dict() for finding in self.findings],
            "rejected": {"count": len(self.rejected), "rows": [asdict(row) for row in self.rejected]},
        }


def iso(moment: datetime) -> str:
    """`2026-03-30T00:00:00Z`; microseconds only where there are any.

    >>> iso(datetime(2026, 3, 30, tzinfo=UTC))
    '2026-03-30T00:00:00Z'
    """
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return utc.isoformat().replace("+00:00", "Z")


_JSON_READY: Final = frozenset({str, int, float, bool, type(None)})


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(item.name for item in fields(kind))


def _plain(value: Any) -> Any:
    if type(value) in _JSON_READY:
        return value
    if is_dataclass(value):
        kind: Any = type(value)
        members = [(name, getattr(value, name)) for name in _names(kind)]
        return {name: item if type(item) in _JSON_READY else _plain(item) for name, item in members}
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
