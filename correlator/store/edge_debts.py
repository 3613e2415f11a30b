"""What the retries of a job owe to each job upstream: how many of its failed runs are laid to it, by the finding that
stands. Kept beside the findings, so that edges are listed by it without reading every document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Engine, Select, delete, func, insert, select

from correlator.model import Finding
from correlator.store.database import reading
from correlator.store.schema import edge_debts as table

_IDS_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class EdgeDebt:
    """So many failed runs of a job of a tenant are laid to `upstream`."""

    finding_id: str
    upstream: str
    tenant: str
    job: str
    needed_retry: int


def owed(finding: Finding) -> dict[str, int]:
    """Failed runs by the job upstream that they are laid to."""
    laid = Counter(pair.upstream_job for pair in finding.pairs)
    return {job: number for job, number in laid.items() if job}


def keep_edge_debts(connection: Connection, standing: Mapping[str, Finding], before: Collection[str]) -> None:
    """Enter what these findings (by id) say. `before`: the ids of all that stood until now; of those that do not stand
    any more nothing is kept. Only what differs is written."""
    ids = sorted({*standing, *before})
    kept = _kept(connection, ids)
    wanted = {id_: owed(finding) for id_, finding in standing.items()}
    stale = [id_ for id_ in ids if kept.get(id_, {}) != wanted.get(id_, {})]
    for part in _parts(stale):
        connection.execute(delete(table).where(table.c.finding_id.in_(part)))
    rows = [
        {"finding_id": id_, "upstream": job, "needed_retry": number}
        | {"tenant": standing[id_].tenant, "job": standing[id_].job}
        for id_ in stale
        for job, number in wanted.get(id_, {}).items()
    ]
    if rows:
        connection.execute(insert(table), rows)


def _kept(connection: Connection, ids: Sequence[str]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for part in _parts(ids):
        for row in connection.execute(select(table).where(table.c.finding_id.in_(part))):
            found.setdefault(row.finding_id, {})[row.upstream] = row.needed_retry
    return found


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + _IDS_AT_ONCE] for start in range(0, len(ids), _IDS_AT_ONCE))


def edges_by_debt(engine: Engine, page: int, size: int, tenant: str | None = None) -> tuple[list[EdgeDebt], int]:
    """The page (from 1) of edges, those that cost the most retries first, and how many there are in all."""
    wanted = [] if tenant is None else [table.c.tenant == tenant]
    order = (table.c.needed_retry.desc(), table.c.job, table.c.tenant, table.c.upstream)
    statement = select(table).where(*wanted).order_by(*order).limit(size).offset((page - 1) * size)
    with reading(engine) as connection:
        number = connection.execute(select(func.count()).select_from(table).where(*wanted)).scalar_one()
        return list(debts_in(connection, statement)), number


def debts_of(engine: Engine, finding_id: str) -> list[EdgeDebt]:
    """What one job owes to each job upstream, the most first."""
    statement = select(table).where(table.c.finding_id == finding_id).order_by(table.c.needed_retry.desc())
    with reading(engine) as connection:
        return list(debts_in(connection, statement))


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
