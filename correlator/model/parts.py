"""What a finding consists of: pairs, tests, episodes, and what else its packet shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Cause(StrEnum):
    UPSTREAM = "upstream"
    SHARED = "shared"
    SELF = "self"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Pair:
    """One failed run attributed to the cause. For a shared or self cause the upstream keys and the lag are None.

    `upstream_due_at` is said only of an upstream run that was due and has not been seen: the other keys of such a run
    are not known yet.
    """

    logical_run_id: str
    upstream_job: str | None = None
    upstream_logical_run_id: str | None = None
    lag_seconds: float | None = None
    failed_at: datetime | None = None
    upstream_failed_at: datetime | None = None
    upstream_ready_at: datetime | None = None
    upstream_due_at: datetime | None = None
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


class Sign(StrEnum):
    """What sets a job's own trouble apart from chance: failures came more often since a moment, gather in hours of the
    day, or begin where a metric of the job stands high or low."""

    ONSET = "onset"
    HOURS = "hours"
    PRESSURE = "pressure"


@dataclass(frozen=True, slots=True)
class HourSpan:
    """Hours of the day (UTC): from `first` (0 to 23) for `count` hours."""

    first: int
    count: int


@dataclass(frozen=True, slots=True)
class Pressure:
    """The metric of the job itself that tells its failed runs from the others by what it was when they began.

    `bound`: the runs attributed to it began at this value or beyond, upwards where `high`. `superiority`: how probably
    it was higher for a failed run than for another (0.5: no difference).
    """

    metric: str
    bound: float
    high: bool
    superiority: float


@dataclass(frozen=True, slots=True)
class Contribution:
    """How many of the job's failed runs are attributed to one cause."""

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
    as it went before, so as many clean ones show that something has changed.

    `old_rate`: the share of first attempts that failed of the cause; `failures_in_a_row`: how many came at a time,
    on average."""

    old_rate: float
    clean_first_attempts: int
    failures_in_a_row: float = 1.0


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
class MonitorSeen:
    """A monitor of somebody else's that went into a state near failures: `failures` of the `of` dated ones, a median of
    `minutes_before` them (negative: after); `last_at` is its last change into the state. `job`: "" for none."""

    monitor_id: str
    title: str
    state: str
    job: str
    failures: int
    of: int
    minutes_before: float
    last_at: datetime
    url: str = ""


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
