"""Recorded changes by tenant, so that nobody looks through all of them for every finding."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from correlator.model import Change
from correlator.tables.frames import Tables, from_micros


@dataclass(frozen=True)
class ChangeIndex:
    """The changes known at one moment, those of each tenant in the order of time."""

    changes: dict[str, list[Change]]
    times: dict[str, list[int]]

    @classmethod
    def of(cls, tables: Tables, as_of: int) -> ChangeIndex:
        """`as_of` in µs; later changes are unknown."""
        index = cls({}, {})
        frame = tables.changes
        columns = [frame[name].tolist() for name in ("at", "tenant", "change_id", "title", "job")]
        for at, tenant, identity, title, job in sorted(zip(*columns, strict=True), key=lambda row: row[0]):
            if at <= as_of:
                index.times.setdefault(tenant, []).append(at)
                change = Change(str(identity), from_micros(at), str(title), job=str(job) or None, tenant=str(tenant))
                index.changes.setdefault(tenant, []).append(change)
        return index

    def recorded(self, tenant: str) -> int:
        """How many changes concern this tenant, or all tenants."""
        return sum(len(self.times.get(name, ())) for name in {"", tenant})

    def between(self, tenant: str, begin: int, end: int) -> list[tuple[int, Change]]:
        """Changes that concern this tenant, or all tenants, in `[begin, end]` (µs), with their times."""
        found = []
        for name in sorted({"", tenant}):
            times = self.times.get(name, [])
            places = range(bisect_left(times, begin), bisect_right(times, end))
            found += [(times[place], self.changes[name][place]) for place in places]
        return found
