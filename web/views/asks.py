"""The ledger of asks: overdue, waiting and answered ones, by team and rule; as CSV."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from flask import Blueprint, Response, render_template, request

from correlator.lifecycle.ledger import ASK_COLUMNS, OUTCOMES, Ask, Tally, by_rule, by_team, narrowed, read_asks
from correlator.text.quantities import plural
from correlator.text.spreadsheets import csv_text
from web import reading
from web.access import note_audit
from web.context import context
from web.errors import unprocessable
from web.views.reports import csv_answer

pages: Final = Blueprint("asks", __name__)
MOST: Final = 100


@dataclass(frozen=True, slots=True)
class Page:
    """`now`: against which it is told whether an answer is overdue; `every`: how many asks of all teams and rules."""

    asks: tuple[Ask, ...]
    every: int
    now: datetime
    team: str | None = None
    rule: str | None = None

    @property
    def overdue(self) -> tuple[Ask, ...]:
        """The longest overdue first."""
        return tuple(sorted((ask for ask in self.asks if ask.waits and ask.due_at < self.now), key=_due))

    @property
    def waiting(self) -> tuple[Ask, ...]:
        """Not due yet; the next due first."""
        return tuple(sorted((ask for ask in self.asks if ask.waits and ask.due_at >= self.now), key=_due))

    @property
    def others(self) -> tuple[Ask, ...]:
        """Answered, or no longer waited for; the newest first."""
        return tuple(ask for ask in reversed(self.asks) if not ask.waits)

    @property
    def teams(self) -> tuple[Tally, ...]:
        return by_team(self.asks)

    @property
    def rules(self) -> tuple[Tally, ...]:
        return by_rule(self.asks)

    @property
    def headline(self) -> str:
        """Whether anybody waits, in one sentence."""
        late, waiting = len(self.overdue), len(self.waiting)
        if late:
            return f"{plural(late, 'ask')} overdue, {waiting:,} waiting"
        if waiting:
            return f"{plural(waiting, 'ask')} waiting, none overdue"
        return "Nobody waits for an answer" if self.every else "Nothing was asked of anybody yet"


def _due(ask: Ask) -> datetime:
    return ask.due_at


def overdue_and_waiting(asks: Sequence[Ask], now: datetime) -> tuple[tuple[Ask, ...], tuple[Ask, ...]]:
    """Asks without a first word: those that are overdue, and those that are not due yet."""
    page = Page(tuple(asks), len(asks), now)
    return page.overdue, page.waiting


@pages.get("/asks")
def show() -> str:
    words: dict[str, Any] = {"outcomes": OUTCOMES, "most": MOST}
    return render_template("asks.html", page=_page(), freshness=reading.freshness_in_short(context().engine), **words)


@pages.get("/asks.csv")
def as_csv() -> Response:
    """Every ask of this team and rule, not only those that are shown."""
    page = _page()
    note_audit("asks downloaded", request.full_path.rstrip("?"))
    return csv_answer(csv_text(ASK_COLUMNS, (ask.to_dict() for ask in page.asks)), "asks.csv")


def _page() -> Page:
    for name in request.args:
        if name not in ("team", "rule"):
            raise unprocessable(f"there is no parameter {name!r}", "it takes team, rule")
    every, now = read_asks(context().engine, datetime.now(UTC)), datetime.now(UTC)
    team, rule = request.args.get("team"), request.args.get("rule")
    return Page(narrowed(every, team=team, rule=rule), len(every), now, team, rule)
