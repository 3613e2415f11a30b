"""Whether the ask of a finding is said yet: what its rule waits for, in words, for the pages."""

from __future__ import annotations

from datetime import UTC, datetime

from correlator.lifecycle.saying import said_of
from correlator.model import Finding, Verdict
from correlator.store.findings import StoredFinding
from rules import Rule
from rules.measures import failures_of
from rules.waiting import Said, Standing, State, said


def telling_of(stored: StoredFinding) -> str:
    """One sentence where a finding waits, or is still said though it is over; "" where there is nothing to add."""
    found = said_of(stored, datetime.now(UTC))
    if found.state is State.WAITING:
        return f"Its rule waits before it is told to anybody: {found.why}."
    if found.state is State.LINGERING:
        return f"It no longer holds, and what was told is not taken back yet: {found.why}."
    return ""


def said_by(rule: Rule, finding: Finding, since: datetime) -> Said | None:
    """How a rule stands to a finding it speaks about; None for one that is not systemic, and is told to nobody."""
    if finding.verdict is not Verdict.SYSTEMIC:
        return None
    return said(rule.wait, Standing(datetime.now(UTC), holds=True, since=since, failures=failures_of(finding)))
