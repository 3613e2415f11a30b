"""What the Sources page shows beside how fresh a source is: attempt numbers, and what was set aside, by reason."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Connection, Engine, Select, Subquery, bindparam, func, select, union_all

from correlator.store.database import reading
from correlator.store.paging import Place, behind, newest_first
from correlator.store.schema import known_jobs, runs, set_aside
from correlator.text.times import micros, moment

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
    found: dict[str, dict[str, tuple[int, int]]] = {}
    with reading(engine) as connection:
        since, jobs = _lately(connection)
        asked: dict[str, Any] = {"since": since, "most": PLACES_COUNTED}
        asked |= {f"place_{number}_source": source for number, (source, _) in enumerate(jobs)}
        asked |= {f"place_{number}_job": job for number, (_, job) in enumerate(jobs)}
        for source, job, more, more_numbered in connection.execute(_latest(len(jobs)), asked) if jobs else ():
            counts = found.setdefault(source, {})
            number, numbered = counts.get(job, (0, 0))
            counts[job] = number + more, numbered + more_numbered
    return {name: _numbers([(job, *told) for job, told in counts.items()]) for name, counts in found.items()}


def _lately(connection: Connection) -> tuple[int, list[tuple[str, str]]]:
    """Since when a job counts as running now, and of each source the first (source, job) that do."""
    table = known_jobs
    ran = select(table.c.source, table.c.job, func.max(table.c.newest_at)).group_by(table.c.source, table.c.job)
    rows = sorted((source, job, newest) for source, job, newest in connection.execute(ran))
    since = max((newest for _, _, newest in rows), default=0) - micros(moment(0) + COUNTED)
    lately = groupby(((source, job) for source, job, newest in rows if newest > since), key=itemgetter(0))
    return since, [one for _, jobs in lately for one in islice(jobs, PLACES_COUNTED)]


@lru_cache(maxsize=8)
def _latest(jobs: int) -> Select[Any]:
    """(source, job, runs, those that say their attempt) of so many jobs: every job first, then more of its tenants."""
    places = _places(jobs)
    own = [runs.c[name] == places.c[name] for name in ("job", "tenant", "source")]
    latest = select(runs.c.attempt).where(*own, runs.c.started_at > bindparam("since")).correlate(places)
    some = latest.order_by(runs.c.started_at.desc()).limit(RUNS_COUNTED).subquery()
    number = select(func.count()).select_from(some).scalar_subquery()
    numbered = select(func.count()).select_from(some).where(some.c.attempt > 0).scalar_subquery()
    return select(places.c.source, places.c.job, number, numbered).order_by(places.c.source, places.c.place)


def _places(jobs: int) -> Subquery:
    ones = union_all(*(_tenants(number) for number in range(jobs))).subquery()
    turn = func.row_number().over(
        partition_by=(ones.c.source, ones.c.job), order_by=(ones.c.newest_at.desc(), ones.c.tenant)
    )
    ran = select(ones, turn.label("turn")).subquery()
    place = func.row_number().over(partition_by=ran.c.source, order_by=(ran.c.turn, ran.c.job))
    ordered = select(ran, place.label("place")).subquery()
    return select(ordered).where(ordered.c.place <= bindparam("most")).subquery("places")


def _tenants(number: int) -> Select[Any]:
    """Where one job ran lately, the newest first."""
    table = known_jobs
    own = [table.c[name] == bindparam(f"place_{number}_{name}") for name in ("source", "job")]
    columns = (table.c.source, table.c.job, table.c.tenant, table.c.newest_at)
    lately = select(*columns).where(*own, table.c.newest_at > bindparam("since"))
    return select(lately.order_by(table.c.newest_at.desc(), table.c.tenant).limit(PLACES_COUNTED).subquery())


def _numbers(jobs: list[tuple[str, int, int]]) -> AttemptNumbers:
    without = sorted(((job, number - numbered) for job, number, numbered in jobs), key=lambda one: (-one[1], one[0]))
    shown = tuple(one for one in without[:JOBS_SHOWN] if one[1])
    return AttemptNumbers(sum(number for _, number, _ in jobs), sum(numbered for _, _, numbered in jobs), shown)


def aside_reasons(engine: Engine, source: str) -> tuple[AsideReason, ...]:
    """Why items of this source were set aside, the most frequent reasons first."""
    return aside_reasons_of(engine, [source]).get(source, ())


def aside_reasons_of(engine: Engine, sources: Collection[str]) -> dict[str, tuple[AsideReason, ...]]:
    """The same of several sources, by name; those without any are left out."""
    table, number = set_aside, func.count()
    last = func.max(table.c.last_at)
    turn = func.row_number().over(partition_by=table.c.source, order_by=(number.desc(), last.desc(), table.c.reason))
    columns = (table.c.source, table.c.reason, number.label("number"), func.min(table.c.first_at).label("first"))
    counted = select(*columns, last.label("last"), func.max(table.c.item_id).label("item"), turn.label("turn"))
    ranked = counted.where(table.c.source.in_(sorted(sources))).group_by(table.c.source, table.c.reason).subquery()
    shown = select(ranked).where(ranked.c.turn <= REASONS_SHOWN).order_by(ranked.c.source, ranked.c.turn)
    found: dict[str, list[AsideReason]] = {}
    with reading(engine) as connection:
        for row in connection.execute(shown):
            reason = AsideReason(row.reason, row.number, moment(row.first), moment(row.last), row.item)
            found.setdefault(row.source, []).append(reason)
    return {source: tuple(reasons) for source, reasons in found.items()}


def aside_items(
    engine: Engine, source: str, reason: str | None = None, most: int = ITEMS_SHOWN, after: Place | None = None
) -> tuple[AsideItem, ...]:
    """The latest items of this source that were set aside, with their payloads; of one reason where it is given; behind
    `after`."""
    order = set_aside.c.last_at, set_aside.c.item_id
    statement = select(set_aside).where(set_aside.c.source == source, behind(*order, after))
    if reason is not None:
        statement = statement.where(set_aside.c.reason == reason)
    ordered = statement.order_by(*newest_first(*order)).limit(most)
    with reading(engine) as connection:
        rows = connection.execute(ordered).all()
    return tuple(
        AsideItem(row.item_id, row.reason, row.payload, moment(row.first_at), moment(row.last_at)) for row in rows
    )
