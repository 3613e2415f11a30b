"""What the Sources page shows beside how fresh a source is: attempt numbers, and what was set aside, by reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine, case, func, select

from correlator.store.database import reading
from correlator.store.schema import runs, set_aside
from correlator.store.times import micros, moment

COUNTED: Final = timedelta(days=7)
"""Attempt numbers are counted over so long: what a source gives now matters, and all there ever was takes long."""
JOBS_SHOWN: Final = 10
REASONS_SHOWN: Final = 20
ITEMS_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class AttemptNumbers:
    """Of the runs a source gave lately: how many there are, how many say which attempt they are, and the jobs that
    leave out most, as (job, runs without)."""

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
    """By source, over the last week up to the newest run; a source without runs in it is left out."""
    numbered = func.sum(case((runs.c.attempt > 0, 1), else_=0))
    with reading(engine) as connection:
        newest = connection.execute(select(func.max(runs.c.started_at))).scalar()
        if newest is None:
            return {}
        lately = runs.c.started_at > newest - micros(moment(0) + COUNTED)
        columns = (runs.c.source, runs.c.job, func.count().label("runs"), numbered.label("numbered"))
        rows = connection.execute(select(*columns).where(lately).group_by(runs.c.source, runs.c.job)).all()
    by_source: dict[str, list[tuple[str, int, int]]] = {}
    for source, job, number, with_number in rows:
        by_source.setdefault(source, []).append((job, int(number), int(with_number)))
    return {source: _numbers(jobs) for source, jobs in by_source.items()}


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
