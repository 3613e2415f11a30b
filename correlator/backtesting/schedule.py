"""When to look: every so often, or a number of evenly spaced looks at each tenant's own history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from correlator.errors import UsageError
from correlator.tables.frames import NO_TIME, Tables, from_micros

MOST_TICKS = 2_000_000


@dataclass(frozen=True)
class Tick:
    """One moment, and the tenants to be decided then; None: all."""

    at: datetime
    tenants: frozenset[str] | None = None


def every(step: timedelta, start: datetime, end: datetime) -> Iterator[Tick]:
    """Ticks at `start + step`, `start + 2 step`, ...; the last one at `end` itself. Raises UsageError."""
    if end <= start:
        raise UsageError("a backtest must end after it starts", hint="check --from and --to")
    count = -((start - end) // step)
    if count > MOST_TICKS:
        raise UsageError(f"{count:,} looks are too many to make", hint="use a longer --every, or --from and --to")
    return (Tick(min(start + number * step, end)) for number in range(1, count + 1))


def evenly(looks: int, windows: Mapping[str, tuple[datetime, datetime]]) -> list[Tick]:
    """So many looks at each tenant, evenly spaced over its own window, the last at its end; in the order of time."""
    times: dict[datetime, set[str]] = {}
    for tenant, (start, end) in windows.items():
        for number in range(1, looks + 1):
            times.setdefault(start + number * (end - start) / looks, set()).add(tenant)
    return [Tick(at, frozenset(tenants)) for at, tenants in sorted(times.items())]


def windows(tables: Tables, start: datetime, end: datetime) -> dict[str, tuple[datetime, datetime]]:
    """Each tenant's own history, from its first start to its last end, as far as it lies in `[start, end]`."""
    runs = tables.runs
    last = runs["finished_at"].where(runs["finished_at"] != NO_TIME, runs["started_at"])
    tenants = runs["tenant"].astype(str)
    firsts, lasts = runs["started_at"].groupby(tenants).min(), last.groupby(tenants).max()
    found = {
        str(tenant): (max(from_micros(int(firsts[tenant])), start), min(from_micros(int(lasts[tenant])), end))
        for tenant in firsts.index
    }
    return {tenant: window for tenant, window in found.items() if window[1] > window[0]}
