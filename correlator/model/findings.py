"""Findings: what the engine makes out of many facts, and their JSON document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from correlator.model.documents import from_document
from correlator.model.facts import Rejected
from correlator.model.json_ready import iso, plain
from correlator.model.parts import (
    Cause,
    ClockOffset,
    Contribution,
    EdgeTest,
    Episode,
    HourSpan,
    LagProfile,
    Layer,
    MetricEvidence,
    MonitorSeen,
    NearbyChange,
    Pair,
    Pressure,
    ProofOfFix,
    Recovery,
    RetryDebt,
    ScopeRow,
    Sign,
    SignatureCount,
)


class Verdict(StrEnum):
    SYSTEMIC = "systemic"
    TRANSIENT = "transient"
    INCONCLUSIVE = "inconclusive"


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
    first_failure_at: datetime | None = None  # when the first run that failed began; `pairs` say when runs ended
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
    hours: HourSpan | None = None
    pressure: Pressure | None = None
    monitors: tuple[MonitorSeen, ...] = ()
    """Those that saw trouble near the failures. The engine knows none: a look puts in what the store has."""
    order_unclear: int = 0
    """Failed runs of which it is not established whether they began before their upstream run was ready."""

    @property
    def sign(self) -> Sign | None:
        """What sets the job's own trouble apart; None for other causes."""
        if self.cause is not Cause.SELF:
            return None
        signs = {Sign.ONSET: self.onset, Sign.PRESSURE: self.pressure, Sign.HOURS: self.hours}
        return next((sign for sign, value in signs.items() if value is not None), None)

    def to_dict(self) -> dict[str, Any]:
        """The finding as JSON-ready values: times as ISO 8601 with Z, enums as their values."""
        document: dict[str, Any] = plain(self)
        return document

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Finding:
        """The inverse of `to_dict`; keys it does not know (such as `id`) are left aside."""
        return from_document(cls, document, "finding")


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
