"""Which months of which jobs have to be counted again: those that a written row stands in or stood in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, func, or_, select

from correlator.months import between, month_of
from correlator.store.frames import STRADDLE
from correlator.store.schema import fact_revisions, findings, runs
from correlator.store.sums import Key, Positions

DAY: Final = 86_400_000_000
_LATE_CLOCK: Final = 600_000_000
"""Findings are told apart by when they were written; clocks of two machines may differ by so much (µs)."""


def touched(connection: Connection, before: Positions, until: Mapping[str, int], window: tuple[int, int]) -> set[Key]:
    """The months to count: of rows written after `before` up to `until`, and in the `window` (µs) of findings that
    were written since."""
    found: set[Key] = set()
    for source, last in until.items():
        first = before.written.get(source, 0)
        if last > first:
            written = and_(runs.c.source == source, runs.c.written > first, runs.c.written <= last)
            for tenant, job, day in _days(connection, source, written, others=len(until) > 1):
                found |= {(month, tenant, job) for month in months_touched(day * DAY, (day + 1) * DAY)}
    judged = list(between(month_of(window[0]), month_of(window[1])))
    return found | {(month, *row) for row in _judged(connection, before.findings_at) for month in judged}


def months_touched(first: int, last: int) -> Iterator[str]:
    """The months whose sums an attempt may change that began in `[first, last]` (µs): it may be of a run that began up
    to a week before, and decides whether later ones are its retries."""
    return between(month_of(first - STRADDLE), month_of(last + STRADDLE))


def _days(connection: Connection, source: str, written: Any, *, others: bool) -> Iterator[tuple[str, str, int]]:
    """Tenant, job and day (since 1970) of rows that were written, of what stood there before, and of what other
    sources say about the same attempts."""
    day = runs.c.started_at // DAY
    for row in connection.execute(select(runs.c.tenant, runs.c.job, day).where(written).distinct()):
        yield tuple(row)
    revised = select(runs.c.run_id).where(written, runs.c.revised_at > runs.c.known_at)
    for content in connection.execute(_earlier(source, revised)).scalars():
        row = json.loads(content)
        yield row["tenant"], row["job"], row["started_at"] // DAY
    if others:
        yield from (tuple(row) for row in connection.execute(_elsewhere(written)))


def _earlier(source: str, ids: Select[Any]) -> Select[Any]:
    known = fact_revisions.c
    return select(known.content).where(known.kind == "runs", known.source == source, known.fact_id.in_(ids))


def _elsewhere(written: Any) -> Select[Any]:
    other = runs.alias("other")
    same = and_(other.c.run_id == runs.c.run_id, other.c.source != runs.c.source)
    columns = (other.c.tenant, other.c.job, other.c.started_at // DAY)
    return select(*columns).select_from(runs.join(other, same)).where(written).distinct()


def _judged(connection: Connection, since: int) -> Iterator[tuple[str, str]]:
    """Tenant and job of findings that were written, or went, since then."""
    begin = max(since - _LATE_CLOCK, 0)
    new = or_(findings.c.updated_at >= begin, findings.c.gone_at >= begin)
    for row in connection.execute(select(findings.c.tenant, findings.c.job).where(new)):
        yield row.tenant, row.job


def newest_finding(connection: Connection) -> int:
    """When a finding was last written (µs); 0 where there is none."""
    return connection.execute(select(func.max(findings.c.updated_at))).scalar() or 0
