"""What the Jobs and the Job page ask. Every question is bounded by a number of rows found over an index."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from msgspec import Struct
from msgspec.json import Decoder
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    and_,
    false,
    func,
    or_,
    select,
    tuple_,
    union_all,
)

from correlator.model import Attempt, Cause, LagProfile, RetryDebt
from correlator.model.documents import from_document
from correlator.store.database import reading
from correlator.store.kinds import RUNS
from correlator.store.schema import finding_versions, findings, runs
from correlator.text.times import micros
from web.reading.known import standing
from web.reading.runs import COLUMNS, as_attempts

JOBS_SHOWN: Final = 50
ATTEMPTS_SHOWN: Final = 60
CAUSED_SHOWN: Final = 20
LAGS_SHOWN: Final = 8
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
    cause: Cause


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
    order = (*by, findings.c.job, findings.c.tenant)
    keys = select(findings.c.job, findings.c.tenant).where(*standing).order_by(*order)
    shown = debts_of_keys(keys.limit(JOBS_SHOWN).offset((page - 1) * JOBS_SHOWN)).order_by(*order)
    with reading(engine) as connection:
        number = connection.execute(select(func.count()).select_from(findings).where(*standing)).scalar_one()
        return tuple(debt_row(row) for row in connection.execute(shown)), number


def debts_of_keys(keys: Select[tuple[str, str]]) -> Select[Any]:
    """What `debt_row` is made of, for these (job, tenant): all of them stands in an index, while the rows are long."""
    columns = (findings.c.id, findings.c.tenant, findings.c.job, findings.c.verdict, findings.c.document)
    return select(*columns).where(tuple_(findings.c.job, findings.c.tenant).in_(keys.correlate(None)))


def debt_row(row: Row[Any]) -> DebtRow:
    told = _debts.decode(row.document)
    return DebtRow(row.id, row.tenant, row.job, row.verdict, told.last_failure_at, told.retry_debt, told.cause)


class _Debt(Struct):
    """What is read of a finding's document: the rest of it is passed over."""

    last_failure_at: str | None = None
    retry_debt: RetryDebt | None = None
    cause: Cause = Cause.NONE


_debts: Final = Decoder(_Debt)


def attempts_before(
    engine: Engine, job: str, tenant: str, before: datetime | None, by: datetime | None = None
) -> list[Attempt]:
    """The latest attempts of the job that started before this moment (or at all), oldest first; at most
    ATTEMPTS_SHOWN and one, which tells that there are more. With `by`, as they were known then."""
    until = [] if before is None else [runs.c.started_at < micros(before)]
    own = select(*_keyed(by)).where(runs.c.job == job, runs.c.tenant == tenant, *until, *_known(by))
    latest = own.order_by(runs.c.started_at.desc(), runs.c.run_id.desc()).limit(ATTEMPTS_SHOWN + 1)
    with reading(engine) as connection:
        found = connection.execute(latest).all()
        return as_attempts(reversed(found)) if by is None else _as_known(connection, found, by)


def latest_attempts(engine: Engine, tenant: str, jobs: Iterable[str], by: datetime | None = None) -> dict[str, Attempt]:
    """The newest attempt of each job: of this tenant, or of the unnamed tenant, which feeds all of them. With `by`, as
    they were known then."""
    wanted = [(job, owner) for job in sorted(set(jobs)) for owner in sorted({tenant, ""})]
    if not wanted:
        return {}
    with reading(engine) as connection:
        rows = connection.execute(union_all(*(_newest(job, owner, by) for job, owner in wanted))).all()
        attempts = as_attempts(rows) if by is None else _as_known(connection, rows, by)
    found = sorted(attempts, key=lambda one: one.tenant == tenant)
    return {attempt.job: attempt for attempt in found}


def _newest(job: str, tenant: str, by: datetime | None) -> Any:
    own = select(*_keyed(by)).where(runs.c.job == job, runs.c.tenant == tenant, *_known(by))
    return select(own.order_by(runs.c.started_at.desc()).limit(1).subquery())


def _keyed(by: datetime | None) -> tuple[Column[Any], ...]:
    """What is read of a run: all that is shown, or its key, where it is read as it was known then."""
    return COLUMNS if by is None else (runs.c.source, runs.c.run_id)


def _known(by: datetime | None) -> list[ColumnElement[bool]]:
    """Nothing that began later was known before: the index on the start bounds the look."""
    return [] if by is None else [runs.c.known_at <= micros(by), runs.c.started_at <= micros(by)]


def _as_known(connection: Connection, keys: Sequence[Row[Any]], by: datetime) -> list[Attempt]:
    """These runs as they were known then, oldest first."""
    wanted = or_(false(), *(and_(runs.c.source == row.source, runs.c.run_id == row.run_id) for row in keys))
    return as_attempts(standing(connection, RUNS, wanted, by, ("started_at", "run_id")))


def findings_of(engine: Engine, tenant: str, jobs: Sequence[str], by: datetime | None = None) -> dict[str, About]:
    """What stands about these jobs of this tenant, or what was said then, by job."""
    wanted = findings.c.job.in_(jobs) & (findings.c.tenant == tenant)
    if by is None:
        return {about.job: about for about in _abouts(engine, wanted, len(jobs))}
    return {about.job: about for about in _said(engine, wanted, by)}


def _said(engine: Engine, wanted: ColumnElement[bool], by: datetime) -> list[About]:
    """What was said by then of findings that are wanted, whether it stands or not."""
    said, last = finding_versions, finding_versions.alias()
    newest = select(func.max(last.c.at)).where(last.c.id == said.c.id, last.c.at <= micros(by)).scalar_subquery()
    columns = (findings.c.id, findings.c.tenant, findings.c.job, said.c.verdict, said.c.root_job)
    joined = select(*columns).join(said, said.c.id == findings.c.id).where(wanted, said.c.at == newest)
    with reading(engine) as connection:
        return [About(*row) for row in connection.execute(joined)]


def lags_behind(engine: Engine, ids: Sequence[str]) -> dict[str, LagProfile]:
    """How long after its root each of these findings' jobs failed, by the finding's id."""
    statement = select(findings.c.id, findings.c.document).where(findings.c.id.in_(ids[:LAGS_SHOWN]))
    with reading(engine) as connection:
        documents = {row.id: json.loads(row.document) for row in connection.execute(statement)}
    told = {id_: one["lag_profile"] for id_, one in documents.items() if one.get("lag_profile")}
    return {id_: from_document(LagProfile, one, "lag_profile") for id_, one in told.items()}


def verdicts_of(engine: Engine, ids: Sequence[str]) -> dict[str, str]:
    """The verdict of each of these findings."""
    with reading(engine) as connection:
        rows = connection.execute(select(findings.c.id, findings.c.verdict).where(findings.c.id.in_(ids)))
        return {row.id: row.verdict for row in rows}


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
