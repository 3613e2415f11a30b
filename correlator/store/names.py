"""From names that people paste to what is stored under them. Every question steps along an index: ten million attempts
cost no more than ten thousand."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from sqlalchemy import (
    Column,
    ColumnElement,
    CompoundSelect,
    Connection,
    Engine,
    Select,
    and_,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.engine import RowMapping

from correlator.model import FAILURES, Attempt
from correlator.store.database import reading
from correlator.store.lookups import attempt_of
from correlator.store.schema import findings, incidents, runs
from correlator.store.schema import known_jobs as jobs
from correlator.store.snapshot import once
from correlator.text.times import micros, moment

_T = TypeVar("_T")
AT_ONCE: Final = 200
NEAR_SHOWN: Final = 3
_FAILED: Final = sorted(status.value for status in FAILURES)


@dataclass(frozen=True, slots=True)
class Place:
    """A job of a tenant, and the name by which it was asked for."""

    name: str
    tenant: str
    job: str


def attempts_named(engine: Engine, names: Sequence[str]) -> list[Attempt]:
    """All attempts of the logical runs that one of the names (a run id or a logical run id) belongs to, oldest
    first."""
    with reading(engine) as connection:
        found = {_key(row): row for part in _parts(names) for row in _named(connection, part)}
        found |= {_key(row): row for row in _siblings(connection, list(found.values()), names)}
    attempts = [attempt_of(row) for row in found.values()]
    return sorted(attempts, key=lambda one: (one.started_at, one.run_id))


def _parts(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """As many at a time as fit into one statement."""
    return (items[start : start + AT_ONCE] for start in range(0, len(items), AT_ONCE))


def _key(row: RowMapping) -> tuple[str, str]:
    return row["source"], row["run_id"]


def _named(connection: Connection, names: Sequence[str]) -> Sequence[RowMapping]:
    wanted = [name for name in names if name]
    named = or_(runs.c.run_id.in_(wanted), runs.c.logical_run_id.in_(wanted))
    return connection.execute(select(runs).where(named)).mappings().all()


def _siblings(connection: Connection, found: Sequence[RowMapping], named: Sequence[str]) -> Iterator[RowMapping]:
    """The other attempts of the same scheduled runs: by logical run id, unless that is what was named, or by job,
    tenant and schedule."""
    logical = sorted({row["logical_run_id"] for row in found} - {"", *named})
    loose = [row for row in found if not row["logical_run_id"] and row["scheduled_at"] is not None]
    planned = sorted({(row["job"], row["tenant"], row["scheduled_at"]) for row in loose})
    for part in _parts(logical):
        yield from connection.execute(select(runs).where(runs.c.logical_run_id.in_(part))).mappings().all()
    for some in _parts(planned):
        yield from connection.execute(select(runs).where(or_(*map(_planned, some)))).mappings().all()


def _planned(key: tuple[str, str, int]) -> ColumnElement[bool]:
    job, tenant, at = key
    return and_(runs.c.job == job, runs.c.tenant == tenant, runs.c.scheduled_at == at, runs.c.logical_run_id == "")


def attempts_tagged(engine: Engine, word: str, near: datetime, most: int = 50) -> list[Attempt]:
    """Attempts that began within an hour of this moment and have the word (of hex or decimal digits) in their tags."""
    hour = timedelta(hours=1)
    within = and_(runs.c.started_at >= micros(near - hour), runs.c.started_at < micros(near + hour))
    tagged = runs.c.tags.contains(f'"{word}"', autoescape=True)
    with reading(engine) as connection:
        rows = connection.execute(select(runs).where(within, tagged).limit(most)).mappings().all()
    return [attempt_of(row) for row in rows]


def jobs_named(engine: Engine, names: Iterable[str], most: int | None = None) -> list[Place]:
    """Where each name that is a job runs: all of its tenants, or `most` of them, those with a finding first."""
    found: list[Place] = []
    with reading(engine) as connection:
        for job in _existing(connection, jobs.c.job, names):
            told = connection.execute(_told(job, most)).scalars().all() if most else ()
            walked = connection.execute(_steps(jobs.c.tenant, jobs.c.job == job, most=most)).scalars()
            tenants = list(dict.fromkeys([*told, *walked]))[:most]
            found += [Place(job, tenant, job) for tenant in sorted(tenants)]
    return found


def _told(job: str, most: int | None) -> Select[Any]:
    standing = select(findings.c.tenant).where(findings.c.job == job, findings.c.gone_at.is_(None))
    return standing.order_by(findings.c.verdict != "systemic", findings.c.tenant).limit(most)


def incident_places(engine: Engine, names: Sequence[str]) -> list[Place]:
    """The job that each of these incidents is about, by the incident's own id or its number (`#4711` or `4711`); those
    that name no job are left out."""
    given = {name: name.removeprefix("#") for name in names}
    wanted = [*dict.fromkeys([*given.keys(), *(number for number in given.values() if number.isdecimal())])]
    found: set[Place] = set()
    with reading(engine) as connection:
        for part in _parts(wanted):
            for row in (row for column in _CALLED for row in connection.execute(_called(column, part))):
                called_by = [name for name, number in given.items() if name == row.incident_id or number == row.number]
                found |= {Place(name, row.tenant, row.job) for name in called_by}
    return sorted(found, key=lambda place: (place.name, place.tenant, place.job))


_CALLED: Final = (incidents.c.incident_id, incidents.c.number)


def _called(column: Column[str], names: Sequence[str]) -> Select[Any]:
    columns = (incidents.c.incident_id, incidents.c.number, incidents.c.tenant, incidents.c.job)
    return select(*columns).where(column.in_(names), incidents.c.job != "")


def finding_places(engine: Engine, names: Sequence[str]) -> list[Place]:
    """The jobs that these findings are about, gone ones too."""
    ids = [name for name in names if name.startswith("F-")]
    columns = (findings.c.id, findings.c.tenant, findings.c.job)
    with reading(engine) as connection:
        rows = [
            row for part in _parts(ids) for row in connection.execute(select(*columns).where(findings.c.id.in_(part)))
        ]
    return sorted((Place(*row) for row in rows), key=lambda place: place.name)


def jobs_there(engine: Engine, wanted: Collection[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those of the jobs (tenant, job) that ever ran there."""
    found = []
    with reading(engine) as connection:
        for tenant, job in dict.fromkeys(wanted):
            ran = select(jobs.c.job).where(jobs.c.job == job, jobs.c.tenant == tenant).limit(1)
            if connection.execute(ran).first() is not None:
                found.append((tenant, job))
    return found


def known_jobs(engine: Engine, most: int | None = None) -> list[str]:
    """The names of jobs that ever ran, sorted; the first so many of them."""
    with reading(engine) as connection:
        return sorted(connection.execute(_steps(jobs.c.job, most=most)).scalars().all())


def known_tenants(engine: Engine, most: int | None = None) -> list[str]:
    """Tenants that ever ran something, sorted; "" is the unnamed one."""
    with reading(engine) as connection:
        return sorted(connection.execute(_steps(jobs.c.tenant, most=most)).scalars().all())


def imported_sources(engine: Engine) -> list[str]:
    """The sources that gave runs, sorted, be it by an import."""
    return list(once(engine, _imported_sources))


def _imported_sources(engine: Engine) -> tuple[str, ...]:
    return tuple(values_of(engine, jobs.c.source))


def values_of(engine: Engine, column: Column[str]) -> list[str]:
    """The distinct values of a column that an index begins with, sorted."""
    with reading(engine) as connection:
        return sorted(connection.execute(_steps(column)).scalars().all())


def incident_tenants(engine: Engine) -> set[str]:
    """The tenants that incidents name: the index on them begins with the job, so they are looked for job by job."""
    named, table = _steps(incidents.c.job).subquery(), incidents
    first = select(func.min(table.c.tenant)).where(table.c.job == named.c.name).correlate(named).scalar_subquery()
    step = select(named.c.name.label("job"), first.label("tenant")).cte("tenants", recursive=True)
    later = (table.c.job == step.c.job) & (table.c.tenant > step.c.tenant)
    after = select(func.min(table.c.tenant)).where(later).correlate(step).scalar_subquery()
    whole = step.union_all(select(step.c.job, after).where(step.c.tenant.is_not(None)))
    with reading(engine) as connection:
        found = select(whole.c.tenant).where(whole.c.tenant.is_not(None)).distinct()
        return set(connection.execute(found).scalars().all())


def _steps(column: Column[str], *within: ColumnElement[bool], most: int | None = None) -> Select[Any]:
    """The distinct values of an indexed column, each found from the one before it."""
    first = select(func.min(column).label("name"), literal(1).label("number")).where(*within)
    step = first.cte("step", recursive=True)
    after = select(func.min(column)).where(column > step.c.name, *within).correlate(step).scalar_subquery()
    going = step.c.name.is_not(None) if most is None else and_(step.c.name.is_not(None), step.c.number < most)
    whole = step.union_all(select(after, step.c.number + 1).where(going))
    return select(whole.c.name).where(whole.c.name.is_not(None))


def _existing(connection: Connection, column: Column[str], names: Iterable[str]) -> list[str]:
    """Those of the names that stand in an indexed column, in their order: one look into the index for each."""
    found: set[str] = set()
    wanted = list(dict.fromkeys(name for name in names if name))
    for part in _parts(wanted):
        found |= set(connection.execute(_one_of_each(column, part)).scalars().all())
    return [name for name in wanted if name in found]


def _one_of_each(column: Column[str], names: Sequence[str]) -> CompoundSelect[Any]:
    ones = [select(column.label("name")).where(column == name).limit(1).subquery() for name in names]
    return union_all(*(select(one.c.name) for one in ones))


def known_among(engine: Engine, names: Sequence[str]) -> dict[str, set[str]]:
    """Which of the names are runs (run ids and logical run ids), jobs and incidents."""
    with reading(engine) as connection:
        named = [_existing(connection, column, names) for column in _IDS]
        return {
            "runs": {name for some in named for name in some},
            "jobs": set(_existing(connection, jobs.c.job, names)),
            "incidents": set(_existing(connection, incidents.c.incident_id, names)),
        }


def near_ids(engine: Engine, name: str) -> list[str]:
    """A few stored run ids and logical run ids beside this name in their order, that begin as it does: for somebody who
    mistyped its end."""
    beginning = name[: max(4, len(name) * 4 // 5)]
    if len(beginning) < 4:
        return []
    questions = [question for column in _IDS for question in _beside(column, name, beginning)]
    with reading(engine) as connection:
        found = [one for question in questions for one in connection.execute(question).scalars()]
    return sorted(set(found) - {name})


_IDS: Final = (runs.c.run_id, runs.c.logical_run_id)


def _beside(column: Column[str], name: str, beginning: str) -> Iterator[Select[Any]]:
    """Those behind the name and those before it."""
    after = beginning[:-1] + chr(min(ord(beginning[-1]) + 1, 0x10FFFF))
    own = select(column).distinct().limit(NEAR_SHOWN)
    yield own.where(column > name, column < after).order_by(column)
    yield own.where(column >= beginning, column < name).order_by(column.desc())


@dataclass(frozen=True, slots=True)
class LastFailure:
    """When the job last failed or timed out, among its newest `looked_at` attempts; None where none of them did."""

    at: datetime | None
    looked_at: int


def last_failure(engine: Engine, job: str, tenant: str, newest: int | None = None) -> LastFailure:
    """The job's last attempt that failed or timed out: among all of them, or among so many of the newest."""
    own = select(runs.c.started_at, runs.c.status).where(runs.c.job == job, runs.c.tenant == tenant)
    latest = own.order_by(runs.c.started_at.desc()).limit(newest).subquery()
    failed = func.max(latest.c.started_at).filter(latest.c.status.in_(_FAILED))
    with reading(engine) as connection:
        at, number = connection.execute(select(failed, func.count()).select_from(latest)).one()
    return LastFailure(moment(at), number)


def count_runs(engine: Engine, job: str, tenant: str) -> int:
    """How many logical runs of the job are stored."""
    name = func.coalesce(func.nullif(runs.c.logical_run_id, ""), runs.c.run_id)
    statement = select(func.count(name.distinct())).where(runs.c.job == job, runs.c.tenant == tenant)
    with reading(engine) as connection:
        return connection.execute(statement).scalar_one()
