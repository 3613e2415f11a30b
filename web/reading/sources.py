"""What the Sources page shows beside how fresh a source is: attempt numbers, and what was set aside, by reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Engine, bindparam, func, select

from correlator.store.database import reading
from correlator.store.schema import known_jobs, runs, set_aside
from correlator.store.times import micros, moment

COUNTED: Final = timedelta(days=7)
"""Attempt numbers are counted over so long: what a source gives now matters, and all there ever was takes long."""
PLACES_COUNTED: Final = 40
RUNS_COUNTED: Final = 25
"""Of each source so many jobs are looked at, and of each of them so many of its latest runs: counting all of a week
would take the longer, the more runs there are."""
JOBS_SHOWN: Final = 10
REASONS_SHOWN: Final = 20
ITEMS_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class AttemptNumbers:
    """Of the latest runs of a source's jobs: how many were looked at, how many say which attempt they are, and the jobs
    that leave out most, as (job, runs without)."""

    runs: int
    numbered: int
    without: tuple[tuple[str, int], ...] = ()

    @property
    def share(self) -> float:
        return self.numbered / self.runs


@dataclass(frozen=True, slots=True)
class AsideReason:
    """Items set aside for one reason: how many, when the first and the last of them came, and one of them."""

    reason: str
    number: int
    first_at: datetime
    last_at: datetime
    example: str


@dataclass(frozen=True, slots=True)
class AsideItem:
    item: str
    reason: str
    payload: str
    first_at: datetime
    last_at: datetime


def attempt_numbers(engine: Engine) -> dict[str, AttemptNumbers]:
    """By source, of the latest runs of each job in the last week up to the newest run; of as many tenants as there is
    room for. A source without runs in it is left out."""
    with reading(engine) as connection:
        found = {name: _counted(connection, name, lately) for name, lately in _lately(connection).items()}
    return {name: _numbers(jobs) for name, jobs in found.items()}


def _lately(connection: Connection) -> dict[str, list[tuple[str, str, int]]]:
    """Of each source jobs with tenants that ran lately, and since when that is: every job first, then more tenants."""
    newest = connection.execute(select(func.max(known_jobs.c.newest_at))).scalar()
    if newest is None:
        return {}
    since = newest - micros(moment(0) + COUNTED)
    turn = func.row_number().over(
        partition_by=(known_jobs.c.source, known_jobs.c.job), order_by=known_jobs.c.newest_at.desc()
    )
    columns = (known_jobs.c.source, known_jobs.c.job, known_jobs.c.tenant)
    ran = select(*columns, turn.label("turn")).where(known_jobs.c.newest_at > since).subquery()
    found: dict[str, list[tuple[str, str, int]]] = {}
    for source, job, tenant in connection.execute(
        select(ran.c.source, ran.c.job, ran.c.tenant).order_by(ran.c.source, ran.c.turn, ran.c.job)
    ):
        places = found.setdefault(source, [])
        if len(places) < PLACES_COUNTED:
            places.append((job, tenant, since))
    return found


def _counted(connection: Connection, source: str, places: Sequence[tuple[str, str, int]]) -> list[tuple[str, int, int]]:
    """(job, runs, those that say their attempt), by job."""
    found: dict[str, tuple[int, int]] = {}
    for job, tenant, since in places:
        asked = {"source": source, "job": job, "tenant": tenant, "since": since}
        attempts = connection.execute(_LATEST, asked).scalars().all()
        number, numbered = found.get(job, (0, 0))
        found[job] = number + len(attempts), numbered + sum(attempt > 0 for attempt in attempts)
    return [(job, *counts) for job, counts in found.items()]


_LATEST: Final = (
    select(runs.c.attempt)
    .where(
        runs.c.job == bindparam("job"),
        runs.c.tenant == bindparam("tenant"),
        runs.c.started_at > bindparam("since"),
        runs.c.source == bindparam("source"),
    )
    .order_by(runs.c.started_at.desc())
    .limit(RUNS_COUNTED)
)


def _numbers(jobs: list[tuple[str, int, int]]) -> AttemptNumbers:
    without = sorted(((job, number - numbered) for job, number, numbered in jobs), key=lambda one: (-one[1], one[0]))
    shown = tuple(one for one in without[:JOBS_SHOWN] if one[1])
    return AttemptNumbers(sum(number for _, number, _ in jobs), sum(numbered for _, _, numbered in jobs), shown)


def aside_reasons(engine: Engine, source: str) -> tuple[AsideReason, ...]:
    """Why items of this source were set aside, the most frequent reasons first."""
    columns = (
        set_aside.c.reason,
        func.count().label("number"),
        func.min(set_aside.c.first_at),
        func.max(set_aside.c.last_at).label("last"),
        func.max(set_aside.c.item_id),
    )
    statement = select(*columns).where(set_aside.c.source == source).group_by(set_aside.c.reason)
    with reading(engine) as connection:
        rows = connection.execute(
            statement.order_by(func.count().desc(), func.max(set_aside.c.last_at).desc()).limit(REASONS_SHOWN)
        ).all()
    return tuple(
        AsideReason(reason, number, moment(first), moment(last), item) for reason, number, first, last, item in rows
    )


def aside_items(engine: Engine, source: str, reason: str | None = None) -> tuple[AsideItem, ...]:
    """The latest items of this source that were set aside, with their payloads; of one reason where it is given."""
    statement = select(set_aside).where(set_aside.c.source == source)
    if reason is not None:
        statement = statement.where(set_aside.c.reason == reason)
    ordered = statement.order_by(set_aside.c.last_at.desc(), set_aside.c.item_id).limit(ITEMS_SHOWN)
    with reading(engine) as connection:
        rows = connection.execute(ordered).all()
    return tuple(
        AsideItem(row.item_id, row.reason, row.payload, moment(row.first_at), moment(row.last_at)) for row in rows
    )
