"""What a message is made of, out of the store: the customers a finding concerns, and the facts for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Engine, select

from correlator.lifecycle.fixing import Claim
from correlator.lifecycle.life import Life, life_of
from correlator.lifecycle.steps import Step
from correlator.messages.drafting import Sent
from correlator.messages.facts import Facts
from correlator.messages.runs import hits_of, runs_in
from correlator.model import Attempt, Cause, Finding, Status, Verdict
from correlator.store.customer_messages import last_sent
from correlator.store.database import reading
from correlator.store.finding_events import last_count
from correlator.store.findings import StoredFinding
from correlator.store.lookups import newest_event
from correlator.store.schema import findings, runs
from correlator.text.times import micros, moment

MOST_CUSTOMERS: Final = 100
MOST_ATTEMPTS: Final = 5_000
"""Of the newest attempts of one job of one tenant: what a message tells of."""
_BEFORE: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Customer:
    """A tenant that a finding concerns, with the finding about the same job there."""

    tenant: str
    finding_id: str
    verdict: str
    own: bool


def customers_of(engine: Engine, stored: StoredFinding) -> list[Customer]:
    """The finding's own tenant first; then those where the same job fails systemically of the same cause, by name."""
    own = Customer(stored.finding.tenant, stored.id, stored.finding.verdict.value, own=True)
    finding = stored.finding
    if finding.verdict is not Verdict.SYSTEMIC:
        return [own]
    same = (findings.c.cause == finding.cause.value, findings.c.root_job.is_not_distinct_from(finding.root_job))
    there = (findings.c.job == finding.job, findings.c.gone_at.is_(None), findings.c.verdict == finding.verdict.value)
    others = select(findings.c.tenant, findings.c.id, findings.c.verdict).where(
        *there, *same, findings.c.id != stored.id
    )
    with reading(engine) as connection:
        rows = connection.execute(others.order_by(findings.c.tenant).limit(MOST_CUSTOMERS)).all()
    return [own, *(Customer(row.tenant, row.id, row.verdict, own=False) for row in rows)]


def facts_of(engine: Engine, stored: StoredFinding) -> Facts:
    """As the store has it now. Raises StoreError."""
    finding, life = stored.finding, life_of(engine, stored)
    attempts = _attempts(engine, finding)
    changed, clean = _change(engine, life)
    return Facts(
        stored.id,
        finding.tenant,
        finding.verdict,
        finding.cause,
        since=min((one.started_at for one in attempts), default=None),
        until=max((one.finished_at or one.started_at for one in attempts), default=None),
        data_as_of=newest_event(engine),
        runs=runs_in(attempts),
        hits=hits_of(attempts),
        onset=finding.onset,
        hours=finding.hours,
        outages=tuple(one.start for one in finding.episodes) if finding.cause is Cause.SHARED else (),
        state=life.state or "",
        changed_at=changed,
        clean=clean,
    )


def _change(engine: Engine, life: Life) -> tuple[datetime | None, int]:
    """Since when it is claimed to be fixed, and how many runs passed at once since then."""
    claimed = life.last(Step.CLAIM_FIX)
    if claimed is None:
        return None, 0
    counted = last_count(engine, life.finding_id)
    fixed = life.last(Step.FIXED)
    document: Mapping[str, Any] = fixed.details if fixed else counted[1] if counted else {}
    return Claim.from_dict(claimed.details).since, int(document.get("clean", 0))


def _attempts(engine: Engine, finding: Finding) -> list[Attempt]:
    """The job's attempts for this tenant from the first failure of the finding's window on."""
    begin = finding.first_failure_at or finding.window_start
    if begin is None:
        return []
    here = (runs.c.job == finding.job, runs.c.tenant == finding.tenant)
    began = runs.c.started_at >= micros(begin - _BEFORE if finding.window_start is None else finding.window_start)
    names = ("run_id", "logical_run_id", "attempt", "status", "scheduled_at", "started_at", "finished_at")
    newest = select(*(runs.c[name] for name in names)).where(*here, began).order_by(runs.c.started_at.desc())
    with reading(engine) as connection:
        rows = connection.execute(newest.limit(MOST_ATTEMPTS)).all()
    return [
        Attempt(
            row.run_id,
            finding.job,
            moment(row.started_at),
            Status(row.status),
            finding.tenant,
            row.logical_run_id or None,
            row.attempt or None,
            moment(row.scheduled_at),
            moment(row.finished_at),
        )
        for row in rows
    ]


def sent_before(engine: Engine, finding_id: str) -> Sent | None:
    """The last message that was sent about it."""
    last = last_sent(engine, finding_id)
    return None if last is None or last.sent_at is None else Sent(last.sent_at, Facts.from_dict(last.facts))
