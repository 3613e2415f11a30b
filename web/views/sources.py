"""Sources: what each one gave and when, what it cannot give, what was set aside and why, and what the scheduler did."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, abort, render_template, request

from correlator.store.sinks import SinkStatus, list_sinks
from web import reading
from web.access import Role, needs
from web.context import context
from web.freshness import SourceView

pages: Final = Blueprint("sources", __name__)
CLOCK_TOLD_SECONDS: Final = 5.0
"""A vendor's clock that is off by less is not worth a word: answers take a while to come."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One source on the page."""

    view: SourceView
    attempts: reading.AttemptNumbers | None
    aside: tuple[reading.AsideReason, ...]

    @property
    def state(self) -> tuple[str, str]:
        """How it stands, in words and as a tone."""
        if self.view.reached:
            return ("✓ reached", "ok") if not self.view.notices else ("✓ reached, with notices", "warn")
        return ("✗ needs a person", "bad") if self.view.needs_person else ("✗ not reached", "bad")

    @property
    def clock(self) -> str:
        """How far the vendor's clock is from ours; "" where nothing is known of it."""
        offset = self.view.clock_offset_seconds
        if offset is None:
            return ""
        if abs(offset) < CLOCK_TOLD_SECONDS:
            return "in sync"
        return f"about {abs(offset):.0f} s {'ahead of' if offset > 0 else 'behind'} ours"


@dataclass(frozen=True, slots=True)
class Page:
    sources: tuple[Shown, ...]
    ledger: tuple[reading.LedgerRow, ...]
    sinks: tuple[SinkStatus, ...] = ()

    @property
    def headline(self) -> str:
        """Whether all is well, in one sentence."""
        silent = [source.view.name for source in self.sources if not source.view.reached]
        troubled = [sink.sink for sink in self.sinks if sink.error]
        if silent or troubled:
            parts = {"Not reached": silent, "Cannot be written to": troubled}
            return "; ".join(f"{words}: {', '.join(names)}" for words, names in parts.items() if names)
        return "Every source was reached" if self.sources else "Sources"


@pages.get("/sources")
@needs(Role.VIEWER, whole=True)
def show() -> str:
    engine = context().engine
    state, numbers = reading.freshness(engine), reading.attempt_numbers(engine)
    aside = reading.aside_reasons_of(engine, [view.name for view in state.sources if view.set_aside])
    shown = tuple(Shown(view, numbers.get(view.name), aside.get(view.name, ())) for view in state.sources)
    page = Page(shown, reading.ledger_rows(engine), list_sinks(engine))
    return render_template("sources.html", page=page, freshness=state)


@pages.get("/sources/<name>/set-aside")
@needs(Role.VIEWER, whole=True)
def set_aside(name: str) -> str:
    """The items behind the counts, with what the source sent."""
    engine = context().engine
    state = reading.freshness(engine)
    if name not in [source.name for source in state.sources]:
        abort(404, description=f"there is no source {name}")
    reason = request.args.get("reason")
    items = reading.aside_items(engine, name, reason)
    return render_template(
        "set_aside.html",
        source=name,
        reason=reason,
        items=[(item, _readable(item.payload)) for item in items],
        most=len(items) == reading.ITEMS_SHOWN,
        freshness=state,
    )


def _readable(payload: str) -> str:
    """The payload's JSON with a line for each member; what is no JSON as it is."""
    try:
        return json.dumps(json.loads(payload), indent=1, ensure_ascii=False)
    except ValueError:
        return payload
