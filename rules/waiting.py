"""How long a finding waits before its rule's ask is said, and how long it stays said once the trouble is over.

Two thresholds with a distance between them, so that nobody is told and untold with every look: `alarm` (so many failed
runs at least, and the finding has stood for so many minutes) and `recover` (so many minutes without a failure). What is
needed is known to the store: since when the finding says what it says, and its last failure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from correlator.text.quantities import duration, plural


@dataclass(frozen=True, slots=True)
class Wait:
    """`failures`: so many failed runs at least; `minutes`: standing for so long; `recover_minutes`: quiet so long."""

    failures: int = 0
    minutes: float = 0.0
    recover_minutes: float = 0.0

    @classmethod
    def written(cls, entry: Mapping[str, Any]) -> Wait:
        """From `wait` as rule files have it."""
        alarm, recover = entry.get("alarm", {}), entry.get("recover", {})
        return cls(alarm.get("failures", 0), alarm.get("minutes", 0.0), recover.get("minutes", 0.0))


AT_ONCE: Final = Wait()
"""No waiting at all."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the store knows about a finding at a moment.

    `holds`: the rule's finding still stands then; `since`: it has since then (or had, until `until`); `failures`: the
    failed runs it is about.
    """

    at: datetime
    holds: bool
    since: datetime
    failures: int
    last_failure_at: datetime | None = None
    until: datetime | None = None


class State(StrEnum):
    """`waiting`: not yet; `said`; `lingering`: over, but not for long enough to be taken back; `over`."""

    WAITING = "waiting"
    SAID = "said"
    LINGERING = "lingering"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Said:
    """A state, why, and since when the ask has been said (None while it is not)."""

    state: State
    why: str
    since: datetime | None = None

    @property
    def told(self) -> bool:
        return self.state in (State.SAID, State.LINGERING)


def said(wait: Wait, standing: Standing) -> Said:
    """Whether the ask is said, by the thresholds of its rule."""
    due = standing.since + timedelta(minutes=wait.minutes)
    last = standing.at if standing.holds else standing.until or standing.at
    if standing.failures < wait.failures:
        short = f"{plural(standing.failures, 'failed run')} of the {wait.failures} it waits for"
        return Said(State.WAITING if standing.holds else State.OVER, short)
    if last < due:
        stood = f"stood for {duration((last - standing.since).total_seconds())} of {duration(wait.minutes * 60)}"
        return Said(State.WAITING if standing.holds else State.OVER, stood)
    if standing.holds:
        return Said(State.SAID, f"{plural(standing.failures, 'failed run')}, standing long enough", due)
    return _after(wait, standing, due)


def _after(wait: Wait, standing: Standing, due: datetime) -> Said:
    """It was said, and no longer holds: taken back once it has been quiet for long enough."""
    quiet_since = max(filter(None, (standing.last_failure_at, standing.until)), default=standing.since)
    quiet = (standing.at - quiet_since).total_seconds()
    if quiet < wait.recover_minutes * 60:
        return Said(State.LINGERING, f"quiet for {duration(quiet)} of {duration(wait.recover_minutes * 60)}", due)
    return Said(State.OVER, f"quiet for {duration(quiet)}")
