"""Claiming a fix: since when, and how many clean first attempts will prove it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from correlator.errors import StepRefusedError, UsageError
from correlator.lifecycle.opinion import Opinion, opinion_of
from correlator.lifecycle.steps import Step
from correlator.lifecycle.transitions import Transition
from correlator.model import Finding, Verdict, iso
from correlator.store.findings import StoredFinding, Version


@dataclass(frozen=True, slots=True)
class Claim:
    """What was claimed: fixed since `since` (event time). `old_rate`: the share of first attempts that failed of the
    cause; `needed`: so many clean ones in a row show that it has changed; `background`: the share that failed of
    anything else."""

    since: datetime
    needed: int
    old_rate: float
    background: float
    was: Opinion

    def to_dict(self) -> dict[str, Any]:
        numbers = {"needed": self.needed, "old_rate": self.old_rate, "background": self.background}
        return {"fixed_since": iso(self.since)} | numbers | self.was.to_dict()

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Claim:
        numbers = {name: document[name] for name in ("needed", "old_rate", "background")}
        return cls(datetime.fromisoformat(document["fixed_since"]), **numbers, was=Opinion.from_dict(document))


def claim_fix(
    stored: StoredFinding,
    versions: Sequence[Version],
    actor: str,
    done: str,
    at: datetime,
    *,
    since: datetime | None = None,
    seen: int | None = None,
) -> Transition:
    """`done`: what was done, in words. `since`: from when on runs are to be clean; the moment of saying so, where it is
    not given. Raises UsageError for a fix in the future, StepRefusedError for a
    finding that gives no rate to prove it against."""
    since = since or at
    if since > at:
        raise UsageError(f"{iso(since)} has not come yet", hint="claim the fix when it is in")
    return Transition(Step.CLAIM_FIX, actor, done, at, claim_of(stored, versions, since).to_dict(), seen)


def claim_of(stored: StoredFinding, versions: Sequence[Version], since: datetime) -> Claim:
    """The numbers to prove a fix by, from the finding as it was last systemic."""
    finding = last_systemic(stored, versions)
    if finding is None or finding.proof_of_fix is None:
        raise StepRefusedError(
            f"{stored.id} does not say how often the cause made first attempts fail",
            hint="there is nothing to prove a fix against; `correlator correlate` judges the history anew",
        )
    proof = finding.proof_of_fix
    other = max(finding.failed_first - (finding.observed or 0), 0)
    background = (other + 0.5) / (finding.runs + 1)
    return Claim(since, proof.clean_first_attempts, proof.old_rate, background, opinion_of(finding))


def last_systemic(stored: StoredFinding, versions: Sequence[Version]) -> Finding | None:
    """The finding as it stands, if it is systemic; else as it was when it last was."""
    if stored.finding.verdict is Verdict.SYSTEMIC:
        return stored.finding
    earlier = [one.document for one in versions if one.verdict == Verdict.SYSTEMIC]
    return Finding.from_dict(earlier[-1]) if earlier else None
