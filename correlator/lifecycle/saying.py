"""Whether the ask of a stored finding is said yet: the thresholds of its rule against what the store knows of it.

For those who tell people (notes, sinks, pages). A finding that waits is shown as waiting, with the reason; it is no
news.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from correlator.model import Finding, Verdict
from correlator.store.findings import StoredFinding
from rules.measures import failures_of
from rules.waiting import Said, Standing, State, Wait, said


def said_of(stored: StoredFinding, now: datetime) -> Said:
    """What is said of a finding at a moment, by the rule that was stored with it.

    When a systemic finding is followed by another verdict, the rule of before decides how long it stays said.
    """
    if stored.finding.verdict is Verdict.SYSTEMIC and stored.gone_at is None:
        standing = Standing(now, holds=True, since=stored.changed_at, failures=failures_of(stored.finding))
        return said(_wait(stored.document), standing)
    return _after(stored, now)


def _after(stored: StoredFinding, now: datetime) -> Said:
    gone, before = stored.finding.verdict is Verdict.SYSTEMIC, stored.previous
    if not gone and (before is None or before.verdict != Verdict.SYSTEMIC):
        return Said(State.OVER, "it is not systemic")
    document = stored.document if gone or before is None else before.document
    finding = Finding.from_dict(document)
    standing = Standing(
        now,
        holds=False,
        since=stored.changed_at if gone or before is None else before.at,
        failures=failures_of(finding),
        last_failure_at=stored.finding.last_failure_at,
        until=stored.gone_at if gone else stored.changed_at,
    )
    return said(_wait(document), standing)


def _wait(document: Mapping[str, Any]) -> Wait:
    return Wait(**((document.get("rule") or {}).get("wait") or {}))
