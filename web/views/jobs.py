"""Jobs: what passing on retry costs, the most needed retries first; and one job with its attempts and its path."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import Blueprint, render_template, request

from correlator.model import FAILURES, Attempt, Finding, SignatureCount
from correlator.signatures import signature
from correlator.store.findings import StoredFinding, finding_id, get_finding
from web import reading
from web.asked_runs import RunAnswer, run_answers
from web.asking import asked_choice, asked_moment, asked_page, stamp
from web.errors import not_found, unprocessable
from web.place import place
from web.reading.jobs import (
    ATTEMPTS_SHOWN,
    JOBS_SHOWN,
    SORTS,
    About,
    DebtRow,
    attempts_before,
    caused_by,
    findings_of,
    latest_attempts,
    retry_debts,
)
from web.reading.paths import Around, Step, around, edges_of
from web.scale import around as with_air
from web.timeline import Story, Timeline, draw

pages: Final = Blueprint("jobs", __name__)
ORDERS: Final = (*SORTS, "name")
SIGNATURES_SHOWN: Final = 10
RUNS_SHOWN: Final = 15


@dataclass(frozen=True, slots=True)
class List:
    """One page of the list; `number` of jobs in all."""

    rows: tuple[DebtRow, ...]
    number: int
    page: int
    sort: str
    tenant: str | None

    @property
    def last(self) -> int:
        return max(1, -(-self.number // JOBS_SHOWN))

    @property
    def first_shown(self) -> int:
        return (self.page - 1) * JOBS_SHOWN + 1


@dataclass(frozen=True, slots=True)
class Near:
    """A job on the path: its step, its newest attempt, and what stands about it."""

    step: Step
    newest: Attempt | None
    about: About | None


@dataclass(frozen=True, slots=True)
class Page:
    """One job of one tenant. `earlier` and `later`: whether there are attempts outside what is shown."""

    job: str
    tenant: str
    stored: StoredFinding | None
    timeline: Timeline | None
    failed: int
    earlier: str | None
    later: bool
    upstream: tuple[Near, ...]
    downstream: tuple[Near, ...]
    more: bool
    caused: tuple[About, ...]
    signatures: tuple[SignatureCount, ...]
    runs: tuple[RunAnswer, ...]

    @property
    def finding(self) -> Finding | None:
        """What stands; None for a job about which nothing does now."""
        return standing(self.stored)


@pages.get("/jobs")
def show() -> str:
    engine = place().engine
    sort, page, tenant = asked_choice("sort", ORDERS), asked_page(), request.args.get("tenant")
    rows, number = retry_debts(engine, sort, page, tenant)
    if page > 1 and not rows:
        raise not_found(f"there is no page {page}", "the list has become shorter; go back to its first page")
    shown = List(rows, number, page, sort, tenant)
    return render_template("jobs.html", page=shown, freshness=reading.freshness_in_short(engine))


@pages.get("/job")
def job() -> str:
    engine = place().engine
    name, tenant = request.args.get("job", "").strip(), request.args.get("tenant", "")
    if not name:
        raise unprocessable("which job? the address has none", "for example /job?job=export_ads&tenant=tenant-01")
    return render_template("job.html", page=page_of(name, tenant), freshness=reading.freshness_in_short(engine))


def page_of(job: str, tenant: str) -> Page:
    """Raises RefusedError (404) for a job that neither ran nor is read from nor has a finding."""
    engine, before = place().engine, asked_moment("before")
    attempts = attempts_before(engine, job, tenant, before)
    shown = attempts[-ATTEMPTS_SHOWN:]
    edges = edges_of(engine, tenant)
    path = around(edges, (job,))
    stored = get_finding(engine, finding_id(tenant, job))
    if not (attempts or before or path.upstream or path.downstream or stored):
        raise not_found(
            f"nothing is stored about a job {job} of {tenant or 'the unnamed tenant'}", "names are told apart by case"
        )
    upstream, downstream = _near(tenant, path)
    return Page(
        job,
        tenant,
        stored,
        timeline=_timeline(job, shown),
        failed=sum(attempt.status in FAILURES for attempt in shown),
        earlier=stamp(shown[0].started_at) if len(attempts) > len(shown) else None,
        later=before is not None,
        upstream=upstream,
        downstream=downstream,
        more=path.more,
        caused=tuple(caused_by(engine, job, tenant, [step.job for step in path.downstream])),
        signatures=_signatures(stored, shown),
        runs=tuple(run_answers(shown, standing(stored)))[: -RUNS_SHOWN - 1 : -1],
    )


def standing(stored: StoredFinding | None) -> Finding | None:
    """The finding where it still stands."""
    return stored.finding if stored and stored.gone_at is None else None


def _near(tenant: str, path: Around) -> tuple[tuple[Near, ...], tuple[Near, ...]]:
    """Both ways with what is known of each job: two questions for all of them."""
    names = [step.job for step in (*path.upstream, *path.downstream)]
    newest = latest_attempts(place().engine, tenant, names)
    about = findings_of(place().engine, tenant, names)
    up, down = (
        tuple(Near(step, newest.get(step.job), about.get(step.job)) for step in steps)
        for steps in (path.upstream, path.downstream)
    )
    return up, down


def _timeline(job: str, attempts: Sequence[Attempt]) -> Timeline | None:
    if not attempts:
        return None
    moments: list[datetime] = [attempt.started_at for attempt in attempts]
    start, end = with_air(moments + [attempt.finished_at for attempt in attempts if attempt.finished_at], 0.02)
    return draw(Story((job,), attempts, start, end))


def _signatures(stored: StoredFinding | None, shown: Sequence[Attempt]) -> tuple[SignatureCount, ...]:
    """Those of the finding that stands; else those of the failed attempts that are shown."""
    said = standing(stored)
    if said and said.signatures:
        return said.signatures[:SIGNATURES_SHOWN]
    errors = [attempt.error for attempt in shown if attempt.status in FAILURES and attempt.error]
    examples = {signature(error): error for error in reversed(errors)}
    counts = Counter(signature(error) for error in errors).most_common(SIGNATURES_SHOWN)
    return tuple(SignatureCount(masked, examples[masked], number, 0) for masked, number in counts)
