"""The words of the field as frozen types: facts that come in, findings that go out.

Times are aware datetimes in UTC; durations carry their unit in their name. Facts (`Attempt`, `Change`, ...) are
what connectors make out of a vendor's payload. Findings are what the engine makes out of many facts; `Finding.to_dict`
gives the JSON document that the command line prints, the store keeps and the bundle carries.
"""

from __future__ import annotations

from correlator.model.facts import (
    FAILURES,
    Attempt,
    Change,
    Dependency,
    Incident,
    MetricPoint,
    MonitorTransition,
    Origin,
    Rejected,
    Status,
)
from correlator.model.findings import (
    Analysis,
    Finding,
    Verdict,
)
from correlator.model.json_ready import (
    iso,
)
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

__all__ = [
    "FAILURES",
    "Analysis",
    "Attempt",
    "Cause",
    "Change",
    "ClockOffset",
    "Contribution",
    "Dependency",
    "EdgeTest",
    "Episode",
    "Finding",
    "HourSpan",
    "Incident",
    "LagProfile",
    "Layer",
    "MetricEvidence",
    "MetricPoint",
    "MonitorSeen",
    "MonitorTransition",
    "NearbyChange",
    "Origin",
    "Pair",
    "Pressure",
    "ProofOfFix",
    "Recovery",
    "Rejected",
    "RetryDebt",
    "ScopeRow",
    "Sign",
    "SignatureCount",
    "Status",
    "Verdict",
    "iso",
]
