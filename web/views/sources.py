"""Sources: what each one gave and when, what was set aside and why, and what the scheduler did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import Blueprint, render_template

from web import reading
from web.freshness import SourceView
from web.place import place

pages: Final = Blueprint("sources", __name__)


@dataclass(frozen=True, slots=True)
class Page:
    sources: tuple[SourceView, ...]
    aside: dict[str, tuple[reading.AsideRow, ...]]
    ledger: tuple[reading.LedgerRow, ...]

    @property
    def headline(self) -> str:
        """Whether all is well, in one sentence."""
        silent = [source.name for source in self.sources if not source.reached]
        if silent:
            return f"Not reached: {', '.join(silent)}"
        return "Every source was reached" if self.sources else "Sources"


@pages.get("/sources")
def show() -> str:
    engine = place().engine
    state = reading.freshness(engine)
    aside = {source.name: reading.aside_rows(engine, source.name) for source in state.sources}
    return render_template(
        "sources.html", page=Page(state.sources, aside, reading.ledger_rows(engine)), freshness=state
    )
