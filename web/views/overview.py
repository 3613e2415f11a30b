"""The overview: what is systemic now, what can't be said yet, what was noise, and what retries cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import Blueprint, render_template

from correlator.evidence.known import rule_match
from correlator.evidence.packet import verdict_line
from correlator.model import Cause, Finding, Verdict
from correlator.quantities import moment, plural
from correlator.store.findings import StoredFinding, list_findings
from rules.model import RuleMatch
from web import reading
from web.place import place
from web.words import probability

pages: Final = Blueprint("overview", __name__)
DEBTS: Final = 10
WORDS: Final = {
    Verdict.SYSTEMIC: "something is broken",
    Verdict.INCONCLUSIVE: "too early to say",
    Verdict.TRANSIENT: "noise",
}


@dataclass(frozen=True, slots=True)
class Item:
    """A finding with the sentences the list shows."""

    id: str
    finding: Finding
    line: str
    match: RuleMatch | None

    @property
    def aside(self) -> str:
        """What would settle an inconclusive finding; when a shared outage was; how sure a transient one is."""
        if self.finding.cause is Cause.SHARED and self.finding.episodes:
            return ", ".join(f"{moment(one.start)} to {one.end:%H:%M}" for one in self.finding.episodes)
        return self.finding.needs or probability(self.finding.confidence)


@dataclass(frozen=True, slots=True)
class Page:
    findings: tuple[Item, ...]
    runs: int
    jobs: int
    window: datetime | None

    def of(self, verdict: Verdict) -> tuple[Item, ...]:
        """Findings of this verdict, the latest failure first."""
        chosen = [item for item in self.findings if item.finding.verdict is verdict]
        return tuple(sorted(chosen, key=_latest_first))

    @property
    def systemic(self) -> tuple[Item, ...]:
        """What needs somebody to act: causes upstream and of the job's own, the most failures first."""
        cases = [item for item in self.of(Verdict.SYSTEMIC) if item.finding.cause is not Cause.SHARED]
        return tuple(sorted(cases, key=lambda item: -(item.finding.observed or 0)))

    @property
    def shared(self) -> tuple[Item, ...]:
        """Jobs that an outage of many explains: listed together, so that one night does not fill the page."""
        return tuple(item for item in self.of(Verdict.SYSTEMIC) if item.finding.cause is Cause.SHARED)

    @property
    def inconclusive(self) -> tuple[Item, ...]:
        return self.of(Verdict.INCONCLUSIVE)

    @property
    def transient(self) -> tuple[Item, ...]:
        return self.of(Verdict.TRANSIENT)

    @property
    def tally(self) -> list[tuple[str, tuple[Item, ...], str]]:
        return [(str(verdict), self.of(verdict), words) for verdict, words in WORDS.items()]

    @property
    def debts(self) -> list[Item]:
        """The findings whose retries cost most."""
        indebted = [
            item for item in self.findings if item.finding.retry_debt and item.finding.retry_debt.extra_attempts
        ]
        return sorted(indebted, key=lambda item: (-burnt(item), item.finding.job, item.finding.tenant))[:DEBTS]

    @property
    def debt_minutes(self) -> int:
        return round(sum(burnt(item) for item in self.findings))

    @property
    def headline(self) -> str:
        """The one sentence that must be readable from across the room."""
        number, hit = len(self.systemic), len(self.shared)
        outage = f"{plural(hit, 'job')} hit by shared outages" if hit else ""
        if number:
            trouble = f"{plural(number, 'job')} {'has' if number == 1 else 'have'} systemic trouble"
            return f"{trouble}, {outage}" if outage else trouble
        if outage:
            return outage
        return "Nothing systemic" if self.findings else "No findings"


def burnt(item: Item) -> float:
    debt = item.finding.retry_debt
    return debt.minutes_burnt if debt else 0.0


def _latest_first(item: Item) -> tuple[float, str, str]:
    last = item.finding.last_failure_at
    return -(last.timestamp() if last else 0.0), item.finding.job, item.finding.tenant


@pages.get("/")
def show() -> str:
    engine = place().engine
    return render_template("overview.html", page=page_of(list_findings(engine)), freshness=reading.freshness(engine))


def page_of(stored: Sequence[StoredFinding]) -> Page:
    counts = reading.run_counts(place().engine)
    items = tuple(Item(one.id, one.finding, verdict_line(one.finding), rule_match(one)) for one in stored)
    starts = [item.finding.window_start for item in items if item.finding.window_start]
    return Page(items, counts.runs, counts.jobs, min(starts, default=counts.oldest))
