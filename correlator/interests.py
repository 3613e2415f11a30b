"""What metrics are worth asking for: of jobs that failed and of what they read from, around the failures and at the
same hours of quiet days. Everything else would be asked for, stored, and never looked at.

Times are whole hours, so that one failure more or less does not shift what was asked for before.
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
    failed: dict[Pair, set[int]] = defaultdict(set)
    for tenant, job, at in failures:
        failed[tenant, job].add(_hour(at))
    above = _Above(edges)
    wanted: dict[Pair, set[int]] = defaultdict(set)
    for (tenant, job), hours in failed.items():
        wanted[tenant, job] |= _around(hours, hours, HOURS_BEFORE)
        for upstream in above.of(tenant, job):
            wanted[tenant, upstream] |= _around(hours, failed.get((tenant, upstream), set()), HOURS_BEFORE_ABOVE)
    last = _hour(now)
    return tuple(
        Interest(tenant, job, _moment(start), min(_moment(end), now))
        for tenant, job in sorted(wanted)
        for start, end in _stretches(hour for hour in wanted[tenant, job] if hour <= last)
    )


def _around(hours: set[int], troubled: set[int], before: int) -> set[int]:
    """The hours around each trouble, and the same hours on the newest earlier days that were quiet around them."""
    found: set[int] = set()
    near = {hour + shift for hour in hours | troubled for shift in range(-HOURS_BEFORE, HOURS_AFTER + 1)}
    for hour in hours:
        window = range(hour - before, hour + HOURS_AFTER + 1)
        found.update(window)
        quiet = (day for day in range(1, SEARCHED_DAYS + 1) if hour - 24 * day not in near)
        for day, _ in zip(quiet, range(QUIET_DAYS), strict=False):
            found.update(one - 24 * day for one in window)
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


def _stretches(hours: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Hours as few stretches `[start, end)`."""
    start = end = None
    for hour in sorted(hours):
        if end == hour:
            end = hour + 1
            continue
        if start is not None and end is not None:
            yield start, end
        start, end = hour, hour + 1
    if start is not None and end is not None:
        yield start, end


def _hour(at: datetime) -> int:
    return int(at.timestamp()) // _HOUR


def _moment(hour: int) -> datetime:
    return datetime.fromtimestamp(hour * _HOUR, UTC)
