"""Lists that go on behind a row that was shown: over an index, at a price that is that of the page alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Engine, Row, and_, or_, select, tuple_

from correlator.model import Attempt
from correlator.store.database import reading
from correlator.store.edge_debts import EdgeDebt, debts_in
from correlator.store.schema import edge_debts, findings, incidents, runs
from correlator.text.times import micros
from web.reading.incidents import Stored, incident_of
from web.reading.jobs import SORTS, DebtRow, debt_row, debts_of_keys
from web.reading.runs import COLUMNS, as_attempts

AttemptKey = tuple[datetime, str, str]
"""When an attempt started, its run id, its source."""
IncidentKey = tuple[datetime, str, str]
"""When an incident was opened, its id, its source."""
DebtKey = tuple[float, str, str]
"""What a list of jobs is sorted by (0 by name), the job, its tenant."""
EdgeDebtKey = tuple[int, str, str, str]
"""Retries that were needed, the job downstream, its tenant, the job upstream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAttempt(Attempt):
    """An attempt with the source that told it."""

    source: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """The attempts of a job of a tenant that started in `[start, end)`; None leaves an end open."""

    job: str
    tenant: str
    start: datetime | None = None
    end: datetime | None = None


def attempts_page(engine: Engine, stretch: Stretch, last: AttemptKey | None, most: int) -> list[StoredAttempt]:
    """The newest first, behind the last one shown."""
    wanted = [runs.c.job == stretch.job, runs.c.tenant == stretch.tenant]
    wanted += [runs.c.started_at >= micros(stretch.start)] if stretch.start else []
    wanted += [runs.c.started_at < micros(stretch.end)] if stretch.end else []
    wanted += _before((runs.c.started_at, runs.c.run_id, runs.c.source), last)
    order = (runs.c.started_at.desc(), runs.c.run_id.desc(), runs.c.source.desc())
    columns = (*COLUMNS, runs.c.source, runs.c.tags)
    with reading(engine) as connection:
        rows = connection.execute(select(*columns).where(*wanted).order_by(*order).limit(most)).all()
    return [_attempt(row, attempt) for row, attempt in zip(rows, as_attempts(rows), strict=True)]


def _attempt(row: Row[Any], attempt: Attempt) -> StoredAttempt:
    known = {item.name: getattr(attempt, item.name) for item in fields(Attempt)}
    return StoredAttempt(**known | {"tags": json.loads(row.tags) if row.tags else {}}, source=row.source)


def incidents_page(
    engine: Engine, last: IncidentKey | None, most: int, job: str | None = None, tenant: str | None = None
) -> list[Stored]:
    """The newest first, behind the last one shown; of this job and, with it, this tenant."""
    table = incidents
    wanted = [] if job is None else [table.c.job == job]
    wanted += [] if tenant is None else [table.c.tenant == tenant]
    wanted += _before((table.c.created_at, table.c.incident_id, table.c.source), last)
    order = (table.c.created_at.desc(), table.c.incident_id.desc(), table.c.source.desc())
    with reading(engine) as connection:
        rows = connection.execute(select(table).where(*wanted).order_by(*order).limit(most)).all()
    return [incident_of(row) for row in rows]


def _before(
    columns: tuple[ColumnElement[Any], ...], last: tuple[datetime, str, str] | None
) -> list[ColumnElement[bool]]:
    """Smaller than the key in descending order. The first condition alone is what an index is searched by."""
    if last is None:
        return []
    at = micros(last[0])
    return [columns[0] <= at, or_(columns[0] < at, tuple_(*columns[1:]) < last[1:])]


def retry_debts_after(
    engine: Engine, sort: str, last: DebtKey | None, most: int, tenant: str | None = None
) -> list[DebtRow]:
    """Findings that stand, the greatest first by SORTS (or by name), behind the last one shown."""
    by = SORTS.get(sort)
    names = (findings.c.job, findings.c.tenant)
    wanted: list[ColumnElement[bool]] = [findings.c.gone_at.is_(None)]
    wanted += [] if tenant is None else [findings.c.tenant == tenant]
    if last is not None:
        wanted += _behind(by, names, last)
    order = names if by is None else (by.desc(), *names)
    keys = select(*names).where(*wanted).order_by(*order).limit(most)
    with reading(engine) as connection:
        return [debt_row(row) for row in connection.execute(debts_of_keys(keys).order_by(*order))]


def edge_debts_after(engine: Engine, last: EdgeDebtKey | None, most: int, tenant: str | None = None) -> list[EdgeDebt]:
    """Edges by the retries they cost, the most first, behind the last one shown."""
    table = edge_debts
    names = (table.c.job, table.c.tenant, table.c.upstream)
    wanted = [] if tenant is None else [table.c.tenant == tenant]
    wanted += [] if last is None else _behind(table.c.needed_retry, names, last)
    statement = select(table).where(*wanted).order_by(table.c.needed_retry.desc(), *names).limit(most)
    with reading(engine) as connection:
        return list(debts_in(connection, statement))


def _behind(
    by: Column[Any] | None, names: Sequence[Column[str]], last: tuple[float | str, ...]
) -> list[ColumnElement[bool]]:
    """Less than the first of the key, or as much and of a later name; by name alone where `by` is None."""
    later = tuple_(*names) > last[1:]
    return [later] if by is None else [by <= last[0], or_(by < last[0], and_(by == last[0], later))]
