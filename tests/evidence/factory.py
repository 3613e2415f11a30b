"""Findings of every verdict and cause as the engine would give them, and packets made of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from correlator.evidence.packet import Packet, build_packet
from correlator.evidence.provenance import Provenance, SourceState
from correlator.model import (
    Cause,
    Contribution,
    EdgeTest,
    Episode,
    Finding,
    HourSpan,
    LagProfile,
    Layer,
    MetricEvidence,
    NearbyChange,
    Pair,
    Pressure,
    Recovery,
    RetryDebt,
    ScopeRow,
    SignatureCount,
    Verdict,
)
from rules import load_rules

START = datetime(2026, 3, 1, tzinfo=UTC)
END = datetime(2026, 3, 29, tzinfo=UTC)
FINDING_ID = "F-ABCDEFGHIJ"


def finding(**changes: Any) -> Finding:
    """A transient finding, with whatever is to be different."""
    base: dict[str, Any] = {
        "tenant": "tenant-07",
        "job": "export_ads",
        "verdict": Verdict.TRANSIENT,
        "cause": Cause.NONE,
        "root_job": None,
        "path": (),
        "confidence": 0.92,
        "runs": 672,
        "failed_first": 12,
        "recovered_by_retry": 11,
        "observed": None,
        "expected_by_chance": None,
        "p_value": None,
        "onset": None,
        "needs": None,
        "window_start": START,
        "window_end": END,
    }
    return Finding(**{**base, **changes})


def upstream_pairs(count: int = 36) -> tuple[Pair, ...]:
    """Nightly ingest time-outs, each followed by a failed export; every third ingest only ran late."""
    pairs = []
    for number in range(count):
        at = START + timedelta(days=number * 0.75, hours=4, minutes=30)
        late = number % 3 == 0
        pairs.append(
            Pair(
                logical_run_id=f"export-{number:03}",
                upstream_job="ingest_events",
                upstream_logical_run_id=f"ingest-{number:03}",
                lag_seconds=1800.0 + number,
                failed_at=at,
                upstream_failed_at=None if late else at - timedelta(minutes=5),
                upstream_ready_at=at + timedelta(minutes=25),
                error="blank output",
                upstream_error=None if late else "timed out after 3600 s",
            )
        )
    return tuple(pairs)


def upstream(**changes: Any) -> Finding:
    """36 of 41 failed exports attributed to ingest time-outs under memory pressure."""
    base: dict[str, Any] = {
        "verdict": Verdict.SYSTEMIC,
        "cause": Cause.UPSTREAM,
        "root_job": "ingest_events",
        "path": ("ingest_events", "build_segments", "export_ads"),
        "confidence": 0.97,
        "failed_first": 41,
        "recovered_by_retry": 20,
        "observed": 36,
        "expected_by_chance": 3.1,
        "p_value": 1.2e-9,
        "e_value": 5.1e6,
        "pairs": upstream_pairs(),
        "contributions": (Contribution(Cause.UPSTREAM, "ingest_events", 36), Contribution(Cause.NONE, None, 5)),
        "first_failure_at": START + timedelta(hours=4),
        "last_failure_at": END - timedelta(hours=4),
        "edges": (
            EdgeTest("ingest_events", "export_ads", 670, 40, 41, 36, 3.1, 1.2e-9, 5.1e6, "windows of 6 h", True),
        ),
        "recovery": Recovery(33, 36, 35, 36),
        "retry_debt": RetryDebt(672, 668, 37, 730, 58, 412.5),
        "lag_profile": LagProfile(36, 1800, 1809, 1818, 1827, 1835),
        "metrics": (
            MetricEvidence("job.memory_gib", "ingest_events", True, 6.2, 5.1, 7.8, 24, 45.0),
            MetricEvidence("job.cpu_percent", "ingest_events", False, 0.3, 41.0, 43.0, 24),
        ),
        "layers": (Layer("platform", "shared outages", "28 days", "eliminated"),),
        "scope": (ScopeRow("tenant", "tenant-07", 41, 40, 672), ScopeRow("tenant", "tenant-02", 0, 0, 672)),
        "signatures": (SignatureCount("blank output", "blank output", 41, 36),),
        "root_signatures": (SignatureCount("timed out after <n> s", "timed out after 3600 s", 24, 24),),
        "root_timed_out_share": 0.9,
    }
    return finding(**{**base, **changes})


def shared(**changes: Any) -> Finding:
    start = START + timedelta(days=9)
    jobs = ("export_ads", "export_crm", "ingest_web")
    base: dict[str, Any] = {
        "verdict": Verdict.SYSTEMIC,
        "cause": Cause.SHARED,
        "failed_first": 15,
        "observed": 12,
        "expected_by_chance": 0.4,
        "p_value": 1e-8,
        "episodes": (Episode(start, start + timedelta(minutes=30), jobs, 40, "platform", 0.4, 1e-9),),
        "pairs": tuple(Pair(f"export-{n}", failed_at=start + timedelta(minutes=n), error="503") for n in range(12)),
    }
    return finding(**{**base, **changes})


def own(**changes: Any) -> Finding:
    onset = START + timedelta(days=14)
    base: dict[str, Any] = {
        "verdict": Verdict.SYSTEMIC,
        "cause": Cause.SELF,
        "root_job": "export_ads",
        "path": ("export_ads",),
        "failed_first": 34,
        "observed": 30,
        "expected_by_chance": 4.2,
        "p_value": 1e-7,
        "onset": onset,
        "onset_earliest": onset - timedelta(hours=2),
        "onset_latest": onset + timedelta(hours=1),
        "changes": (NearbyChange("deploy-42", onset - timedelta(minutes=35), "deploy export 4.2", "export_ads", 35.0),),
        "signatures": (SignatureCount("schema mismatch", "schema mismatch", 30, 30),),
        "pairs": tuple(Pair(f"export-{n}", failed_at=onset + timedelta(hours=n)) for n in range(30)),
    }
    return finding(**{**base, **changes})


def inconclusive(**changes: Any) -> Finding:
    base: dict[str, Any] = {
        "verdict": Verdict.INCONCLUSIVE,
        "confidence": None,
        "failed_first": 3,
        "needs": "about 6 more failed runs",
    }
    return finding(**{**base, **changes})


EVERY = {
    "upstream": upstream(),
    "shared": shared(),
    "own": own(),
    "own at certain hours": own(onset=None, onset_earliest=None, onset_latest=None, changes=(), hours=HourSpan(1, 6)),
    "own under pressure": own(
        onset=None,
        onset_earliest=None,
        onset_latest=None,
        changes=(),
        pressure=Pressure("memory_gib", 12.14, True, 0.97),
    ),
    "transient": finding(),
    "inconclusive": inconclusive(),
}


def provenance(**changes: Any) -> Provenance:
    base: dict[str, Any] = {
        "as_of": END,
        "sources": (
            SourceState("datadog", True, END, "job runs"),
            SourceState("pagerduty", False, None, "", "HTTP 401"),
        ),
        "program_version": "0.1.0",
    }
    return Provenance(**{**base, **changes})


def packet(about: Finding | None = None, **changes: Any) -> Packet:
    """The packet about a finding, with the built-in rules."""
    about = about or upstream()
    return build_packet(about, load_rules().match(about), provenance(**changes), finding_id=FINDING_ID)
