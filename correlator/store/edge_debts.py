"""What the retries of a job owe to each job upstream: how many of its failed runs are attributed to it, by the finding
that stands. Kept beside the findings, so that edges are listed by it without reading every document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Select, func, select

from correlator.model import Finding
from correlator.store.database import reading
from correlator.store.schema import edge_debts as table


@dataclass(frozen=True, slots=True)
class EdgeDebt:
    """So many failed runs of a job of a tenant are attributed to `upstream`."""

    finding_id: str
    upstream: str
    tenant: str
    job: str
    needed_retry: int


def owed(finding: Finding) -> dict[str, int]:
    """Failed runs by the job upstream that they are attributed to."""
    laid = Counter(pair.upstream_job for pair in finding.pairs)
    return {job: number for job, number in laid.items() if job}


def told_by(finding: Finding) -> list[dict[str, Any]]:
    """What the finding owes, as rows."""
    about = {"tenant": finding.tenant, "job": finding.job}
    return [about | {"upstream": job, "needed_retry": number} for job, number in owed(finding).items()]


def edges_by_debt(engine: Engine, page: int, size: int, tenant: str | None = None) -> tuple[list[EdgeDebt], int]:
    """The page (from 1) of edges, those that cost the most retries first, and how many there are in all."""
    wanted = [] if tenant is None else [table.c.tenant == tenant]
    order = (table.c.needed_retry.desc(), table.c.job, table.c.tenant, table.c.upstream)
    statement = select(table).where(*wanted).order_by(*order).limit(size).offset((page - 1) * size)
    with reading(engine) as connection:
        number = connection.execute(select(func.count()).select_from(table).where(*wanted)).scalar_one()
        return list(debts_in(connection, statement)), number


def debts_to(engine: Engine, upstream: str, tenant: str, most: int) -> list[EdgeDebt]:
    """What jobs owe to this one, the most first: jobs of its tenant, or of all where it is the unnamed one's."""
    wanted = [table.c.upstream == upstream] + ([table.c.tenant == tenant] if tenant else [])
    order = (table.c.needed_retry.desc(), table.c.job, table.c.tenant)
    with reading(engine) as connection:
        return list(debts_in(connection, select(table).where(*wanted).order_by(*order).limit(most)))


def debts_in(connection: Connection, statement: Select[Any]) -> Iterator[EdgeDebt]:
    """The rows of a statement over the table."""
    for row in connection.execute(statement):
        yield EdgeDebt(row.finding_id, row.upstream, row.tenant, row.job, row.needed_retry)
