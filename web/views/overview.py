"""The overview: what is systemic now, what gets worse, who waits for whom, which fixes are watched, what retries cost;
and what was checked, so that quiet can be told from blind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from flask import Blueprint, render_template, request

from correlator.lifecycle.ledger import Ask, read_asks
from correlator.model import Cause
from correlator.store.edges import any_edge
from correlator.store.known_jobs import Reach, reach
from correlator.store.outages import Outage, count_hit, newest_outages
from correlator.text.quantities import moment, plural
from web import reading
from web.context import context
from web.errors import not_found
from web.freshness import Freshness
from web.http.arguments import asked_choice, asked_moment, asked_page, stamp
from web.reading.jobs import DebtRow
from web.reading.overview import (
    KINDS,
    Counts,
    Item,
    Watched,
    Worse,
    by_root,
    count_kinds,
    judged_since,
    list_kind,
    lists,
    watched,
)
from web.reading.pages import retry_debts_after
from web.views.asks import overdue_and_waiting
from web.words import probability

pages: Final = Blueprint("overview", __name__)
SHOWN: Final = {"systemic": 20, "shared": 10, "inconclusive": 10, "transient": 5}
"""How many of each list the overview itself shows."""
PAGE: Final = 100
MOST: Final = 10
TITLES: Final = {
    "systemic": ("Systemic now", "Something is broken; retries hide it"),
    "shared": ("Hit by shared outages", "Many jobs failed at once: look for one cause below them all, not at each job"),
    "inconclusive": ("Inconclusive", "Too early to say, and what would settle it"),
    "transient": ("Transient noise", "The test could have seen a cause, and there was none"),
}
LAST_COLUMN: Final = {
    "systemic": "Confidence",
    "shared": "Outage",
    "inconclusive": "What would settle it",
    "transient": "Confidence",
}


NONE_WORSE: Final = Worse((), 0, 0)


@dataclass(frozen=True, slots=True)
class Page:
    """Lists hold as many as are shown; `counts` knows how many there are. `reached`: the stored runs, None where there
    are none; `unconnected`: no job is known to read from another; `since`: of when the verdicts look back to; `stale`:
    the age of the data where it is too old."""

    counts: Counts
    systemic: tuple[Item, ...] = ()
    shared: tuple[Item, ...] = ()
    outages: tuple[Outage, ...] = ()
    outages_in_all: int = 0
    inconclusive: tuple[Item, ...] = ()
    transient: tuple[Item, ...] = ()
    worse: Worse = NONE_WORSE
    overdue: tuple[Ask, ...] = ()
    waiting: tuple[Ask, ...] = ()
    watched: tuple[Watched, ...] = ()
    debts: tuple[DebtRow, ...] = ()
    reached: Reach | None = None
    unconnected: bool = False
    since: datetime | None = None
    stale: timedelta | None = None

    def shown(self, kind: str) -> tuple[Item, ...]:
        items: tuple[Item, ...] = getattr(self, kind)
        return items

    @property
    def headline(self) -> str:
        """The one sentence that must be readable from across the room."""
        number, hit = self.counts.systemic, self.counts.shared
        outage = f"{plural(hit, 'job')} hit by {self.outages_in_words}" if hit else ""
        if number:
            trouble = f"{plural(number, 'job')} {'has' if number == 1 else 'have'} systemic trouble"
            return f"{trouble}, {outage}" if outage else trouble
        if outage:
            return outage
        return "Nothing systemic" if self.counts.all else "No findings"

    @property
    def outages_in_words(self) -> str:
        if self.outages_in_all > 1:
            return f"{self.outages_in_all} shared outages"
        return "a shared outage" if self.outages_in_all else "a shared cause"

    @property
    def asks(self) -> int:
        return len(self.overdue) + len(self.waiting)


def aside(item: Item) -> str:
    """What would settle an inconclusive finding; when a shared outage was; how sure others are."""
    if item.finding.cause is Cause.SHARED and item.finding.episodes:
        return ", ".join(f"{moment(one.start)} to {one.end:%H:%M}" for one in item.finding.episodes)
    return item.finding.needs or probability(item.finding.confidence)


@pages.get("/")
def show() -> str:
    freshness = reading.freshness_in_short(context().engine)
    words = {"stamp": stamp, "by_root": by_root}
    common = words | {"titles": TITLES, "last_column": LAST_COLUMN, "aside": aside, "freshness": freshness}
    if "show" not in request.args:
        return render_template("overview.html", page=page_of(freshness, datetime.now(UTC)), most=MOST, **common)
    kind, number = asked_choice("show", tuple(KINDS)), asked_page()
    outage = asked_moment("outage") if kind == "shared" else None
    in_all = count_kinds(context().engine).of(kind) if outage is None else count_hit(context().engine, outage)
    items = list_kind(context().engine, kind, PAGE, number, outage)
    if number > 1 and not items:
        raise not_found(f"there is no page {number}", "the list has become shorter; go back to its first page")
    last = max(1, -(-in_all // PAGE))
    listed = {"kind": kind, "items": items, "number": number, "last": last, "all": in_all, "each": PAGE}
    listed["outage"] = outage
    return render_template("overview_list.html", **listed, **common)


def page_of(freshness: Freshness, now: datetime) -> Page:
    """What the overview shows; also what the API tells of it."""
    engine, settings = context().engine, context().settings
    overdue, waiting = overdue_and_waiting(read_asks(engine, now), now)
    outages, outages_in_all = newest_outages(engine, MOST)
    listed = lists(engine, SHOWN, MOST)
    return Page(
        counts=count_kinds(engine),
        **listed.shown,
        outages=outages,
        outages_in_all=outages_in_all,
        worse=listed.worse,
        overdue=overdue,
        waiting=waiting,
        watched=watched(engine),
        debts=tuple(retry_debts_after(engine, "minutes", None, MOST)),
        reached=reach(engine),
        unconnected=not any_edge(engine),
        since=judged_since(engine, int(settings["analysis.window_days"])),
        stale=freshness.stale_for(int(settings["schedule.pull_seconds"]), now),
    )
