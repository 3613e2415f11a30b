"""The rows of the packet's fourth part: each failed run attributed to the cause, beside the upstream run it stood
on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from correlator.evidence.provenance import Provenance
from correlator.model import Attempt, Finding, Pair


@dataclass(frozen=True, slots=True)
class AttemptFacts:
    """What the history says about one logical run: its first failed attempt, and how the run ended."""

    run_id: str
    attempt: int | None
    attempts: int
    ended: str
    started_at: datetime | None = None
    host: str = ""


@dataclass(frozen=True, slots=True)
class AlignedRun:
    """One pair with what is known of both runs; `failed` and `upstream` are None where no history was at hand."""

    pair: Pair
    failed: AttemptFacts | None = None
    upstream: AttemptFacts | None = None
    arrived_at: datetime | None = None
    url: str = ""
    upstream_url: str = ""


def run_key(attempt: Attempt) -> tuple[str, str, str]:
    """What groups the attempts of one scheduled run."""
    scheduled = attempt.scheduled_at.isoformat() if attempt.scheduled_at else ""
    return attempt.tenant, attempt.job, attempt.logical_run_id or scheduled or attempt.run_id


def pair_ids(finding: Finding, latest: int | None = None) -> list[str]:
    """The logical runs (or runs) that the finding's pairs name, each once: of all pairs, or of the latest."""
    pairs = in_order(finding)[-latest:] if latest else in_order(finding)
    names = [pair.logical_run_id for pair in pairs]
    return list(dict.fromkeys([*names, *(pair.upstream_logical_run_id or "" for pair in pairs)]))


def in_order(finding: Finding) -> list[Pair]:
    """The pairs by the time of the failure, those without one last."""
    return sorted(finding.pairs, key=_when)


def _when(pair: Pair) -> tuple[bool, float, str]:
    return pair.failed_at is None, pair.failed_at.timestamp() if pair.failed_at else 0.0, pair.logical_run_id


def aligned_runs(
    finding: Finding, provenance: Provenance, attempts: Mapping[str, AttemptFacts] | None = None
) -> tuple[AlignedRun, ...]:
    """The finding's pairs in order of time; `attempts` are facts by logical run id of both jobs."""
    known = attempts or {}
    return tuple(_row(pair, provenance, known) for pair in in_order(finding))


def _row(pair: Pair, provenance: Provenance, known: Mapping[str, AttemptFacts]) -> AlignedRun:
    failed = known.get(pair.logical_run_id)
    above = known.get(pair.upstream_logical_run_id or "")
    ids = [facts.run_id for facts in (failed,) if facts] + [pair.logical_run_id]
    above_ids = [facts.run_id for facts in (above,) if facts] + [pair.upstream_logical_run_id or ""]
    return AlignedRun(
        pair,
        failed,
        above,
        arrived_at=next((provenance.arrivals[key] for key in ids if key in provenance.arrivals), None),
        url=_link(provenance, ids),
        upstream_url=_link(provenance, above_ids),
    )


def _link(provenance: Provenance, ids: list[str]) -> str:
    return next((provenance.links[key] for key in ids if key in provenance.links), "")
