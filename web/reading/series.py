"""Metric points of a few series in a stretch of time: one look into the key for each, however much is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, select, union_all

from correlator.evidence.series import DAY, Point
from correlator.store.database import reading
from correlator.store.known_metrics import metrics_of
from correlator.store.names import imported_sources
from correlator.store.schema import metrics, source_status
from correlator.store.times import micros


@dataclass(frozen=True, slots=True)
class Series:
    """One metric of one job ("" where it is of no job)."""

    metric: str
    job: str


def series_of_jobs(engine: Engine, tenant: str, jobs: Sequence[str], most: int) -> list[Series]:
    """The metrics that are stored of these jobs of the tenant, or of no tenant, at most so many, by job in their order
    and then by name."""
    found = [Series(metric, job) for job, metric in metrics_of(engine, tenant, jobs)]
    return sorted(found, key=lambda one: (jobs.index(one.job), one.metric))[:most]


def _sources(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        pulled = connection.execute(select(source_status.c.source)).scalars().all()
    return sorted({*pulled, *imported_sources(engine)})


def points_of(
    engine: Engine,
    series: Sequence[Series],
    tenant: str,
    start: datetime,
    end: datetime,
    *,
    days_before: int = 0,
    by: datetime | None = None,
) -> dict[Series, list[Point]]:
    """The points in `[start, end)` by time, of this tenant where it is measured by tenant; of several hosts all.

    With `days_before`, also those at the same hours of so many days before. With `by`, those known at that moment."""
    sources = _sources(engine)
    wanted = _stretches(micros(start), micros(end), days_before)
    if by is not None:
        wanted = [one & (metrics.c.known_at <= micros(by)) for one in wanted]
    with reading(engine) as connection:
        return {one: _points(connection, one, tenant, sources, wanted) for one in series}


def _stretches(start: int, end: int, days_before: int) -> list[ColumnElement[bool]]:
    """Each for itself: a plan for several at once goes through all points of the series."""
    found: list[ColumnElement[bool]] = [metrics.c.at.between(start, end - 1)]
    if days_before and end - start < DAY:
        found += [metrics.c.at.between(start - n * DAY, end - n * DAY - 1) for n in range(1, days_before + 1)]
    elif days_before:
        found.append(metrics.c.at.between(start - days_before * DAY, start - 1))
    return found


def _points(
    connection: Connection, one: Series, tenant: str, sources: Sequence[str], wanted: Sequence[ColumnElement[bool]]
) -> list[Point]:
    for owner in dict.fromkeys((tenant, "")):
        mine = metrics.c.source.in_(sources) & (metrics.c.metric == one.metric)
        mine &= (metrics.c.job == one.job) & (metrics.c.tenant == owner)
        asked = union_all(*(select(metrics.c.at, metrics.c.value).where(mine, stretch) for stretch in wanted))
        found = sorted((at, value) for at, value in connection.execute(asked))
        if found:
            return found
    return []
