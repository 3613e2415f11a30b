"""What metrics are worth asking for: of jobs that failed and of what they read from, around the failures and at the
same hours of quiet days. Everything else would be asked for, stored, and never looked at.

Times are whole hours, so that one failure more or less does not shift what was asked for before. Sets of hours are
the bits of a number: a look at a large history is made before every pull.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Engine

from correlator.model import Dependency
from correlator.ports import Interest
from correlator.store.edges import list_edges
from correlator.store.lookups import failing_hours

LOOK_BACK: Final = timedelta(days=35)
HOURS_BEFORE: Final = 3
HOURS_BEFORE_ABOVE: Final = 6
"""Upstream, trouble begins earlier than the failure that it leads to."""
HOURS_AFTER: Final = 1
QUIET_DAYS: Final = 7
SEARCHED_DAYS: Final = 28
"""How far back quiet days are looked for."""
LEVELS_UP: Final = 4
_REACH: Final = 24 * (LOOK_BACK.days + SEARCHED_DAYS + 1)
_HOUR: Final = 3600
Pair = tuple[str, str]
"""(tenant, job)."""


def interests_of(engine: Engine, now: datetime) -> tuple[Interest, ...]:
    """The stretches of time of each job that matter by what is stored now, sorted. Raises StoreError."""
    return interests(failing_hours(engine, now - LOOK_BACK), [one.edge for one in list_edges(engine)], now)


def interests(
    failures: Iterable[tuple[str, str, datetime]], edges: Sequence[Dependency], now: datetime
) -> tuple[Interest, ...]:
    """The same, from (tenant, job, time) of failed attempts and the dependencies."""
    last = _hour(now)
    base = last - _REACH
    failed: dict[Pair, int] = defaultdict(int)
    for tenant, job, at in failures:
        if base <= _hour(at) <= last:
            failed[tenant, job] |= 1 << (_hour(at) - base)
    above = _Above(edges)
    wanted: dict[Pair, int] = defaultdict(int)
    for (tenant, job), hours in failed.items():
        looked_at = hours | _quiet(hours)
        wanted[tenant, job] |= _around(looked_at, HOURS_BEFORE)
        for upstream in above.of(tenant, job):
            wanted[tenant, upstream] |= _around(looked_at, HOURS_BEFORE_ABOVE)
    until = (1 << (_REACH + 1)) - 1
    return tuple(
        Interest(tenant, job, _moment(base + start), min(_moment(base + end), now))
        for tenant, job in sorted(wanted)
        for start, end in _stretches(wanted[tenant, job] & until)
    )


def _quiet(hours: int) -> int:
    """For each hour the same one on the newest earlier days that had no trouble around it."""
    near, found = _around(hours, HOURS_BEFORE), 0
    for start, end in _stretches(hours):
        for hour in range(start, end):
            days = (hour - 24 * day for day in range(1, SEARCHED_DAYS + 1) if hour >= 24 * day)
            quiet = (one for one in days if not near >> one & 1)
            for one, _ in zip(quiet, range(QUIET_DAYS), strict=False):
                found |= 1 << one
    return found


def _around(hours: int, before: int) -> int:
    """Each hour with those before and after it."""
    found = hours
    for shift in range(1, before + 1):
        found |= hours >> shift
    for shift in range(1, HOURS_AFTER + 1):
        found |= hours << shift
    return found


class _Above:
    """What each job reads from, some levels up."""

    def __init__(self, edges: Sequence[Dependency]) -> None:
        self._upstream: dict[str, list[Dependency]] = defaultdict(list)
        for edge in edges:
            self._upstream[edge.downstream].append(edge)

    def of(self, tenant: str, job: str) -> set[str]:
        found: set[str] = set()
        level = {job}
        for _ in range(LEVELS_UP):
            level = {upstream for one in level for upstream in self._of(tenant, one)} - found - {job}
            found |= level
        return found

    def _of(self, tenant: str, job: str) -> Iterator[str]:
        for edge in self._upstream.get(job, ()):
            if edge.tenant in (None, tenant):
                yield edge.upstream


def _stretches(hours: int) -> Iterator[tuple[int, int]]:
    """Hours as few stretches `[start, end)`."""
    while hours:
        start = (hours & -hours).bit_length() - 1
        rest = ~(hours >> start)
        end = start + (rest & -rest).bit_length() - 1
        yield start, end
        hours = hours >> end << end


def _hour(at: datetime) -> int:
    return int(at.timestamp()) // _HOUR


def _moment(hour: int) -> datetime:
    return datetime.fromtimestamp(hour * _HOUR, UTC)
