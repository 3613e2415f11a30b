"""The overview: what is systemic now, what gets worse, what waits for somebody, and what is watched after a fix."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from correlator.lifecycle.steps import State
from correlator.model import Verdict
from correlator.store.known_jobs import Reach
from correlator.store.outages import Outage
from web import reading
from web.api.facts import At
from web.api.jobs import JobDebt, job_debt
from web.api.kinds import Answer, DataAsOf
from web.api.life import AskOfATeam
from web.api.models import data_as_of
from web.api.routes import get
from web.context import context
from web.reading.overview import Item
from web.views.overview import page_of


class Listed(Answer, frozen=True, kw_only=True):
    """A finding in one sentence. `state`: where its life has come to; null where that is not told."""

    id: str
    tenant: str
    job: str
    verdict: Verdict
    root_job: str | None
    line: str
    owner: str | None
    state: State | None


class KindCounts(Answer, frozen=True, kw_only=True):
    """How many findings stand, and what passing on retry cost in all of them."""

    systemic: int
    shared: int
    inconclusive: int
    transient: int
    burnt_minutes: float
    needed_retry: int


class WatchedFix(Answer, frozen=True, kw_only=True):
    """A claimed fix: `count` is what the last look counted since, null before the first one after it; `needed`: so many
    clean first attempts prove it."""

    id: str
    tenant: str
    job: str
    state: State
    since: At
    fix: str
    count: dict[str, Any] | None
    needed: int


class Overview(Answer, frozen=True, kw_only=True):
    """What matters now: of each kind the first few, while `counts` knows all, and `worse_in_all` of those that get
    worse. `since`: how far verdicts look back. What was checked: `coverage` in words, the attempts `reached` (null:
    none are stored), whether no job is known to read from another (`unconnected`: then no cause upstream can be
    found), the last pull and the last look."""

    data_as_of: DataAsOf
    coverage: str
    reached: Reach | None
    unconnected: bool
    last_pull: At | None
    last_look: At | None
    headline: str
    counts: KindCounts
    systemic: list[Listed]
    shared: list[Listed]
    outages: list[Outage]
    outages_in_all: int
    inconclusive: list[Listed]
    transient: list[Listed]
    worse: list[Listed]
    worse_in_all: int
    overdue: list[AskOfATeam]
    waiting: list[AskOfATeam]
    watched: list[WatchedFix]
    debts: list[JobDebt]
    since: At | None
    stale_seconds: float | None


@get("/overview", tag="overview", answer=Overview)
def overview() -> Overview:
    """What is systemic now, what gets worse, who is waited for, which fixes are watched, what retries cost."""
    freshness = reading.freshness_in_short(context().engine)
    page = page_of(freshness, datetime.now(UTC))
    counts = {name: getattr(page.counts, name) for name in KindCounts.__struct_fields__ if name != "burnt_minutes"}
    return Overview(
        data_as_of=data_as_of(),
        coverage=freshness.coverage,
        reached=page.reached,
        unconnected=page.unconnected,
        last_pull=freshness.last_pull,
        last_look=freshness.last_correlate,
        headline=page.headline,
        counts=KindCounts(**counts, burnt_minutes=page.counts.burnt),
        systemic=[_listed(one) for one in page.systemic],
        shared=[_listed(one) for one in page.shared],
        outages=list(page.outages),
        outages_in_all=page.outages_in_all,
        inconclusive=[_listed(one) for one in page.inconclusive],
        transient=[_listed(one) for one in page.transient],
        worse=[_listed(one) for one in page.worse.items],
        worse_in_all=page.worse.number,
        overdue=[AskOfATeam(**one.to_dict()) for one in page.overdue],
        waiting=[AskOfATeam(**one.to_dict()) for one in page.waiting],
        watched=[
            WatchedFix(**{name: getattr(one, name) for name in WatchedFix.__struct_fields__}) for one in page.watched
        ],
        debts=[job_debt(one) for one in page.debts],
        since=page.since,
        stale_seconds=page.stale.total_seconds() if page.stale else None,
    )


def _listed(item: Item) -> Listed:
    finding = item.finding
    return Listed(
        id=item.id,
        tenant=finding.tenant,
        job=finding.job,
        verdict=finding.verdict,
        root_job=finding.root_job,
        line=item.line,
        owner=item.match.owner if item.match else None,
        state=item.state,
    )
