"""Outages: short times in which many jobs failed at once, with the findings whose failures are attributed to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, distinct, func, select

from correlator.model import Cause, Finding, Verdict
from correlator.store.database import reading
from correlator.store.schema import finding_outages as table
from correlator.text.times import micros, moment


@dataclass(frozen=True, slots=True)
class Outage:
    """`[began_at, ended_at]`, and what it hit: the names of the `jobs`, how many `findings` (a job of a tenant) and
    `tenants`, and how many of their runs failed in it. `scope`: of what the failures were counted together."""

    began_at: datetime
    ended_at: datetime
    scope: str
    jobs: tuple[str, ...]
    findings: int
    tenants: int
    failed: int


def told_by(finding: Finding) -> list[dict[str, Any]]:
    """The outages that a systemic finding of a shared cause is attributed to, as rows, with its failures in each."""
    if finding.verdict is not Verdict.SYSTEMIC or finding.cause is not Cause.SHARED:
        return []
    failed = [pair.failed_at for pair in finding.pairs if pair.failed_at]
    about = {"tenant": finding.tenant, "job": finding.job}
    return [
        about
        | {"began_at": micros(one.start), "ended_at": micros(one.end), "scope": one.scope}
        | {"failed": sum(one.start <= at <= one.end for at in failed)}
        for one in finding.episodes
    ]


def newest_outages(engine: Engine, most: int) -> tuple[tuple[Outage, ...], int]:
    """The newest outages, and how many there are in all."""
    key = (table.c.began_at, table.c.ended_at, table.c.scope)
    counts = (
        func.count(distinct(table.c.finding_id)).label("findings"),
        func.count(distinct(table.c.tenant)).label("tenants"),
        func.sum(table.c.failed).label("failed"),
        func.count().over().label("in_all"),
    )
    newest = select(*key, *counts).group_by(*key).order_by(*(column.desc() for column in key)).limit(most)
    with reading(engine) as connection:
        rows = connection.execute(newest).all()
        names = _names(connection, rows)
    return tuple(_outage(row, names) for row in rows), rows[0].in_all if rows else 0


def hit_by(began_at: datetime) -> Select[str]:
    """The ids of the findings that are attributed to an outage which began then."""
    return select(table.c.finding_id).where(table.c.began_at == micros(began_at))


def findings_hit(engine: Engine, began_at: datetime) -> list[str]:
    """Their ids, by tenant and job."""
    ordered = hit_by(began_at).order_by(table.c.tenant, table.c.job, table.c.finding_id)
    with reading(engine) as connection:
        return list(dict.fromkeys(connection.execute(ordered).scalars()))


def count_hit(engine: Engine, began_at: datetime) -> int:
    """How many findings are."""
    with reading(engine) as connection:
        return connection.execute(select(func.count(distinct(hit_by(began_at).subquery().c[0])))).scalar_one()


def _names(connection: Connection, rows: Sequence[Row[Any]]) -> dict[tuple[int, int, str], list[str]]:
    key = (table.c.began_at, table.c.ended_at, table.c.scope)
    began = [row.began_at for row in rows]
    found: dict[tuple[int, int, str], list[str]] = {}
    jobs = select(*key, table.c.job).distinct().where(table.c.began_at.in_(began)).order_by(table.c.job)
    for row in connection.execute(jobs) if began else ():
        found.setdefault((row.began_at, row.ended_at, row.scope), []).append(row.job)
    return found


def _outage(row: Row[Any], names: dict[tuple[int, int, str], list[str]]) -> Outage:
    jobs = tuple(names[row.began_at, row.ended_at, row.scope])
    return Outage(moment(row.began_at), moment(row.ended_at), row.scope, jobs, row.findings, row.tenants, row.failed)
