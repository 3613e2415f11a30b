"""What the Jobs and the Job page ask. Every question is bounded by a number of rows found over an index."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, Engine, Row, func, select, union_all

from correlator.model import Attempt, RetryDebt
from correlator.store.database import reading
from correlator.store.findings import finding_id
from correlator.store.schema import findings, runs
from correlator.store.times import micros
from web.reading.runs import COLUMNS, as_attempts

JOBS_SHOWN: Final = 50
ATTEMPTS_SHOWN: Final = 60
CAUSED_SHOWN: Final = 20
SORTS: Final[dict[str, Column[Any]]] = {"retries": findings.c.needed_retry, "minutes": findings.c.minutes_burnt}
"""By what the list can be sorted, the greatest first; each has an index."""


@dataclass(frozen=True, slots=True)
class DebtRow:
    """One job of one tenant with what is said about it; `debt` is None where the finding does not tell it."""

    id: str
    tenant: str
    job: str
    verdict: str
    last_failure_at: str | None
    debt: RetryDebt | None


@dataclass(frozen=True, slots=True)
class About:
    """A finding that stands, in short."""

    id: str
    tenant: str
    job: str
    verdict: str
    root_job: str | None


def retry_debts(engine: Engine, sort: str, page: int, tenant: str | None = None) -> tuple[tuple[DebtRow, ...], int]:
    """The page (from 1) of findings that stand, sorted by SORTS or by name, and how many there are in all."""
    standing = [findings.c.gone_at.is_(None)] + ([] if tenant is None else [findings.c.tenant == tenant])
    by = [SORTS[sort].desc()] if sort in SORTS else []
    names = select(findings.c.tenant, findings.c.job).where(*standing)  # all of it stands in the index
    wanted = names.order_by(*by, findings.c.job, findings.c.tenant).limit(JOBS_SHOWN).offset((page - 1) * JOBS_SHOWN)
    with reading(engine) as connection:
        number = connection.execute(select(func.count()).select_from(findings).where(*standing)).scalar_one()
        order = [finding_id(*row) for row in connection.execute(wanted)]
        found = {row.id: row for row in connection.execute(select(findings).where(findings.c.id.in_(order)))}
    return tuple(debt_row(found[one]) for one in order), number


def debt_row(row: Row[Any]) -> DebtRow:
    document = json.loads(row.document)
    debt = document.get("retry_debt")
    last = document.get("last_failure_at")
    return DebtRow(row.id, row.tenant, row.job, row.verdict, last, RetryDebt(**debt) if debt else None)


def attempts_before(engine: Engine, job: str, tenant: str, before: datetime | None) -> list[Attempt]:
    """The latest attempts of the job that started before this moment (or at all), oldest first; at most
    ATTEMPTS_SHOWN and one, which tells that there are more."""
    until = [] if before is None else [runs.c.started_at < micros(before)]
    own = select(*COLUMNS).where(runs.c.job == job, runs.c.tenant == tenant, *until)
    latest = own.order_by(runs.c.started_at.desc(), runs.c.run_id.desc()).limit(ATTEMPTS_SHOWN + 1)
    with reading(engine) as connection:
        return as_attempts(reversed(connection.execute(latest).all()))


def latest_attempts(engine: Engine, tenant: str, jobs: Iterable[str]) -> dict[str, Attempt]:
    """The newest attempt of each job: of this tenant, or of the unnamed tenant, which feeds all of them."""
    wanted = [(job, owner) for job in sorted(set(jobs)) for owner in sorted({tenant, ""})]
    if not wanted:
        return {}
    with reading(engine) as connection:
        rows = connection.execute(union_all(*(_newest(job, owner) for job, owner in wanted))).all()
    found = sorted(as_attempts(rows), key=lambda one: one.tenant == tenant)
    return {attempt.job: attempt for attempt in found}


def _newest(job: str, tenant: str) -> Any:
    own = select(*COLUMNS).where(runs.c.job == job, runs.c.tenant == tenant)
    return select(own.order_by(runs.c.started_at.desc()).limit(1).subquery())


def findings_of(engine: Engine, tenant: str, jobs: Sequence[str]) -> dict[str, About]:
    """What stands about these jobs of this tenant, by job."""
    wanted = findings.c.job.in_(jobs) & (findings.c.tenant == tenant)
    return {about.job: about for about in _abouts(engine, wanted, len(jobs))}


def caused_by(engine: Engine, root: str, tenant: str, downstream: Sequence[str]) -> list[About]:
    """Findings about these jobs whose trouble starts at `root`; of all tenants where the root is the unnamed one's."""
    wanted = findings.c.job.in_(downstream) & (findings.c.root_job == root)
    return _abouts(engine, wanted & (findings.c.tenant == tenant) if tenant else wanted, CAUSED_SHOWN)


def _abouts(engine: Engine, wanted: Any, most: int) -> list[About]:
    columns = (findings.c.id, findings.c.tenant, findings.c.job, findings.c.verdict, findings.c.root_job)
    statement = select(*columns).where(wanted, findings.c.gone_at.is_(None))
    with reading(engine) as connection:
        rows = connection.execute(statement.order_by(findings.c.job, findings.c.tenant).limit(most)).all()
    return [About(*row) for row in rows]
