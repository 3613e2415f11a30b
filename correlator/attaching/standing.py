"""Whether a finding is to be told now: it is systemic, its rule waits no longer, and nobody closed it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from correlator.lifecycle.life import begun
from correlator.lifecycle.saying import said_of
from correlator.lifecycle.words import closing_line
from correlator.model import Verdict
from correlator.store.finding_events import FindingEvent
from correlator.store.findings import StoredFinding
from rules.waiting import State


@dataclass(frozen=True, slots=True)
class Standing:
    """`told`: it is to be told, since `since`. If not, `why`; `closing` says who closed it or that it was fixed, and
    `lingers` that what was told is not taken back yet. `chapter` counts how often it came back."""

    told: bool
    why: str
    since: datetime
    closing: str = ""
    lingers: bool = False
    chapter: int = 1


def standing_of(
    stored: StoredFinding, events: tuple[FindingEvent, ...], now: datetime, *, heed_waits: bool = True
) -> Standing:
    """`events` are those of the finding's life; without `heed_waits` it is told before its rule says so."""
    life = begun(stored, events)
    chapter = life.chapter[0].number if life.chapter else 1
    if closing := closing_line(life):
        return Standing(told=False, why=closing, since=stored.changed_at, closing=closing, chapter=chapter)
    said = said_of(stored, now)
    systemic = stored.finding.verdict is Verdict.SYSTEMIC and stored.gone_at is None
    if systemic and (said.told or not heed_waits):
        return Standing(told=True, why="", since=said.since or stored.changed_at, chapter=chapter)
    lingers = not systemic and said.state is State.LINGERING
    return Standing(told=False, why=said.why, since=stored.changed_at, lingers=lingers, chapter=chapter)
