"""The ledger of asks: overdue, waiting and answered ones, by team and rule; as CSV."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from flask import Blueprint, Response, render_template, request

from correlator.lives.ledger import ASK_COLUMNS, OUTCOMES, Ask, Tally, by_rule, by_team, narrowed, read_asks
from correlator.quantities import plural
from correlator.spreadsheets import csv_text
from web import reading
from web.access import note_audit
from web.place import place
from web.views.reports import csv_answer

pages: Final = Blueprint("asks", __name__)
MOST: Final = 100


@dataclass(frozen=True, slots=True)
class Page:
    """`every`: all asks of this team and rule; the others are parts of it. `team` and `rule` None: all of them."""

    every: tuple[Ask, ...]
    team: str | None
    rule: str | None
    now: datetime

    @property
    def overdue(self) -> Sequence[Ask]:
        return sorted((ask for ask in self.every if ask.waits and ask.due_at < self.now), key=lambda ask: ask.due_at)

    @property
    def waiting(self) -> Sequence[Ask]:
        return sorted((ask for ask in self.every if ask.waits and ask.due_at >= self.now), key=lambda ask: ask.due_at)

    @property
    def others(self) -> Sequence[Ask]:
        return sorted((ask for ask in self.every if not ask.waits), key=lambda ask: ask.asked_at, reverse=True)

    @property
    def teams(self) -> tuple[Tally, ...]:
        return by_team(self.every)

    @property
    def rules(self) -> tuple[Tally, ...]:
        return by_rule(self.every)

    @property
    def headline(self) -> str:
        if not self.every:
            return "Nothing was asked of anybody yet"
        overdue, waiting = len(self.overdue), len(self.waiting)
        return f"{plural(len(self.every), 'ask')}: {overdue} overdue, {waiting} waiting"


@pages.get("/asks")
def show() -> str:
    words: dict[str, Any] = {"outcomes": OUTCOMES, "most": MOST}
    return render_template("asks.html", page=_page(), freshness=reading.freshness_in_short(place().engine), **words)


@pages.get("/asks.csv")
def as_csv() -> Response:
    """Every ask of this team and rule, not only those that are shown."""
    page = _page()
    note_audit("asks downloaded", request.full_path.rstrip("?"))
    return csv_answer(csv_text(ASK_COLUMNS, (ask.to_dict() for ask in page.every)), "asks.csv")


def _page() -> Page:
    team, rule, now = request.args.get("team"), request.args.get("rule"), datetime.now(UTC)
    return Page(narrowed(read_asks(place().engine, now), team=team, rule=rule), team, rule, now)
