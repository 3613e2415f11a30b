"""How fresh the facts are: what every page says above everything else, so that missing data never looks like health."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from correlator.model import iso
from correlator.ports import RateLimit
from correlator.store.sources import Notice

STALE_AT_LEAST: Final = timedelta(hours=1)
STALE_PULLS: Final = 12
"""Data is called stale when so many pulls have gone by without one, and at least an hour."""


@dataclass(frozen=True, slots=True)
class SourceView:
    """One source as the pages show it. `reached` is False when its last pull failed, `needs_person` when it will go on
    failing until somebody does what `hint` says; `coverage` is in words."""

    name: str
    reached: bool
    last_good_pull: datetime | None = None
    newest_event: datetime | None = None
    coverage: str = ""
    stored: str = ""
    set_aside: int = 0
    error: str = ""
    hint: str = ""
    last_attempt: datetime | None = None
    failing_since: datetime | None = None
    failures_in_a_row: int = 0
    needs_person: bool = False
    requests: int = 0
    notices: tuple[Notice, ...] = ()
    limits: tuple[RateLimit, ...] = ()
    clock_offset_seconds: float | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "reached": self.reached,
            "last_good_pull": iso(self.last_good_pull) if self.last_good_pull else None,
            "newest_event": iso(self.newest_event) if self.newest_event else None,
            "coverage": self.coverage,
            "stored": self.stored,
            "set_aside": self.set_aside,
            "error": self.error or None,
            "hint": self.hint or None,
            "failing_since": iso(self.failing_since) if self.failing_since else None,
            "failures_in_a_row": self.failures_in_a_row,
            "needs_person": self.needs_person,
            "notices": [{"text": notice.text, "since": iso(notice.since)} for notice in self.notices],
            "limits": [_limit(limit) for limit in self.limits],
            "clock_offset_seconds": self.clock_offset_seconds,
        }


def _limit(limit: RateLimit) -> dict[str, Any]:
    return asdict(limit) | {"resets_at": iso(limit.resets_at) if limit.resets_at else None}


@dataclass(frozen=True, slots=True)
class Freshness:
    """All sources together, and when the program last made verdicts of what they gave."""

    sources: tuple[SourceView, ...]
    last_correlate: datetime | None = None

    @property
    def newest_event(self) -> datetime | None:
        return max((source.newest_event for source in self.sources if source.newest_event), default=None)

    @property
    def last_pull(self) -> datetime | None:
        return max((source.last_good_pull for source in self.sources if source.last_good_pull), default=None)

    def stale_for(self, pull_seconds: int, now: datetime) -> timedelta | None:
        """How long ago anything was pulled, where that is too long; else, or where nothing was pulled ever, None."""
        if self.last_pull is None:
            return None
        age = now - self.last_pull
        return age if age > max(STALE_AT_LEAST, STALE_PULLS * timedelta(seconds=pull_seconds)) else None

    @property
    def silent(self) -> tuple[str, ...]:
        """The sources whose last pull failed."""
        return tuple(source.name for source in self.sources if not source.reached)

    @property
    def coverage(self) -> str:
        if not self.sources:
            return "no source asked yet"
        reached = len(self.sources) - len(self.silent)
        words = f"{reached} of {len(self.sources)} {'source' if len(self.sources) == 1 else 'sources'} reached"
        return f"{words}; not {', '.join(self.silent)}" if self.silent else words
