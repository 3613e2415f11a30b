"""Metric points of a few series in a stretch of time: one look into the key for each, however much is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import CompoundSelect, Engine, bindparam, select, union_all

from correlator.evidence.series import DAY, Point
from correlator.store.database import reading
from correlator.store.known_metrics import metrics_of
from correlator.store.names import imported_sources
from correlator.store.schema import metrics
from correlator.store.sources import list_sources
from correlator.text.times import micros


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
    return sorted({*(state.source for state in list_sources(engine)), *imported_sources(engine)})


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
    stretches = _stretches(micros(start), micros(end), days_before)
    places = [(one, owner) for one in dict.fromkeys(series) for owner in sorted({tenant, ""})]
    asked = _named(places, stretches) | {"sources": _sources(engine)} | ({} if by is None else {"by": micros(by)})
    found: dict[tuple[Series, str], list[Point]] = {place: [] for place in places}
    if places and asked["sources"]:
        with reading(engine) as connection:
            rows = connection.execute(_asking(len(places), len(stretches), then=by is not None), asked).all()
            for metric, job, owner, at, value in rows:
                found[Series(metric, job), owner].append((at, value))
    return {one: sorted(found[one, tenant] or found[one, ""]) for one in series}


def _stretches(start: int, end: int, days_before: int) -> list[tuple[int, int]]:
    """First and last moment of each."""
    found = [(start, end - 1)]
    if days_before and end - start < DAY:
        found += [(start - n * DAY, end - n * DAY - 1) for n in range(1, days_before + 1)]
    elif days_before:
        found.append((start - days_before * DAY, start - 1))
    return found


def _named(places: Sequence[tuple[Series, str]], stretches: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """What `_asking` leaves open, under names that SQLAlchemy gives to nothing itself."""
    named: dict[str, Any] = {}
    for number, (one, owner) in enumerate(places):
        named |= {f"place_{number}_metric": one.metric, f"place_{number}_job": one.job}
        named[f"place_{number}_tenant"] = owner
    for number, (first, last) in enumerate(stretches):
        named |= {f"stretch_{number}_first": first, f"stretch_{number}_last": last}
    return named


@lru_cache(maxsize=32)
def _asking(places: int, stretches: int, *, then: bool) -> CompoundSelect[Any]:
    """Of so many series of a tenant each stretch for itself: a plan for several at once goes through all points of the
    series. Written once, because that takes longer than the answer."""
    columns = (metrics.c.metric, metrics.c.job, metrics.c.tenant, metrics.c.at, metrics.c.value)
    known = [metrics.c.known_at <= bindparam("by")] if then else []
    sources = metrics.c.source.in_(bindparam("sources", expanding=True))
    ones = []
    for place in range(places):
        mine = [metrics.c[name] == bindparam(f"place_{place}_{name}") for name in ("metric", "job", "tenant")]
        for stretch in range(stretches):
            within = metrics.c.at.between(bindparam(f"stretch_{stretch}_first"), bindparam(f"stretch_{stretch}_last"))
            ones.append(select(*columns).where(sources, *mine, within, *known))
    return union_all(*ones)
