"""Jobs: what passing on retry costs, the most needed retries first; and one job with its attempts and its path."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy import Engine
from werkzeug.wrappers import Response

from correlator.checking.answers import names_meant
from correlator.model import FAILURES, Attempt, Finding, LagProfile, SignatureCount
from correlator.store.edge_debts import EdgeDebt, debts_to, edges_by_debt, owed
from correlator.store.findings import StoredFinding, finding_id, get_finding
from correlator.store.names import jobs_named
from correlator.text.quantities import tenant_name
from correlator.text.signatures import signature
from web import reading
from web.access import current_actor
from web.check.runs import RunAnswer, run_answers
from web.context import context
from web.errors import RefusedError, not_found, unprocessable
from web.http.arguments import asked_choice, asked_moment, asked_page, stamp
from web.pictures.job_map import JobMap
from web.pictures.job_near import Mapped, Near, map_of, near_of
from web.pictures.scale import around as with_air
from web.pictures.timeline import Story, Timeline, draw
from web.reading.jobs import (
    ATTEMPTS_SHOWN,
    CAUSED_SHOWN,
    JOBS_SHOWN,
    SORTS,
    About,
    DebtRow,
    attempts_before,
    caused_by,
    lags_behind,
    retry_debts,
    verdicts_of,
)
from web.reading.opinions import said_by
from web.reading.paths import around, edges_of, edges_then

pages: Final = Blueprint("jobs", __name__)
ORDERS: Final = (*SORTS, "name")
SIGNATURES_SHOWN: Final = 10
RUNS_SHOWN: Final = 15
TENANTS_NAMED: Final = 5
"""So many are named to somebody who asked for a job without its tenant."""


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
class Edges:
    """One page of the edges by what they cost; `number` of them in all. `verdicts` are those of the findings."""

    rows: tuple[EdgeDebt, ...]
    number: int
    page: int
    tenant: str | None
    verdicts: Mapping[str, str]

    @property
    def last(self) -> int:
        return max(1, -(-self.number // JOBS_SHOWN))


@dataclass(frozen=True, slots=True)
class Owed:
    """Retry debt by edge: what this job owes to others upstream, and what others owe to it."""

    upstream: tuple[EdgeDebt, ...]
    downstream: tuple[EdgeDebt, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One job of one tenant. `earlier` and `later`: whether there are attempts outside what is shown. `finding`: what
    stands, or what was said `as_of`; None for a job about which nothing is or was. `lags`: those of the jobs in
    `caused`, by the finding's id."""

    job: str
    tenant: str
    stored: StoredFinding | None
    finding: Finding | None
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
    map: JobMap
    owed: Owed
    lags: Mapping[str, LagProfile]
    as_of: datetime | None
    said_at: datetime | None


@pages.get("/jobs")
def show() -> str:
    engine = context().engine
    sort, page, tenant = asked_choice("sort", ORDERS), asked_page(), request.args.get("tenant")
    rows, number = retry_debts(engine, sort, page, tenant)
    if page > 1 and not rows:
        raise not_found(f"there is no page {page}", "the list has become shorter; go back to its first page")
    shown = List(rows, number, page, sort, tenant)
    return render_template("jobs.html", page=shown, freshness=reading.freshness_in_short(engine))


@pages.get("/jobs/edges")
def edges() -> str:
    """The edges by the retries they cost."""
    engine, page, tenant = context().engine, asked_page(), request.args.get("tenant")
    rows, number = edges_by_debt(engine, page, JOBS_SHOWN, tenant)
    if page > 1 and not rows:
        raise not_found(f"there is no page {page}", "the list has become shorter; go back to its first page")
    verdicts = verdicts_of(engine, [row.finding_id for row in rows])
    shown = Edges(tuple(rows), number, page, tenant, verdicts)
    return render_template("edges.html", page=shown, freshness=reading.freshness_in_short(engine))


@pages.get("/job")
def job() -> str | Response:
    """Without a tenant: the only one that runs the job, where there is one alone."""
    engine = context().engine
    name, tenant = request.args.get("job", "").strip(), request.args.get("tenant", "")
    if not name:
        raise unprocessable("which job? the address has none", "for example /job?job=export_ads&tenant=tenant-01")
    only = only_tenant(engine, name) if not tenant else ""
    if only:
        before, as_of = request.args.get("before"), request.args.get("as_of")
        return redirect(url_for(".job", job=name, tenant=only, before=before, as_of=as_of))
    page = page_of(name, tenant, asked_moment("before"), asked_moment("as_of"))
    return render_template("job.html", page=page, freshness=reading.freshness_in_short(engine))


def only_tenant(engine: Engine, job: str) -> str:
    """The tenant of a job that runs for one alone; "" where it runs for none, for several, or for the unnamed one."""
    tenants = [one.tenant for one in jobs_named(engine, (job,), 2)]
    return tenants[0] if len(tenants) == 1 else ""


def _meant(engine: Engine, job: str) -> str:
    """A hint for somebody whom nothing was found for: the tenants that run the job, or jobs of nearly this name."""
    tenants = [tenant_name(one.tenant) for one in jobs_named(engine, (job,), TENANTS_NAMED + 1)]
    if tenants:
        others = " and others" if len(tenants) > TENANTS_NAMED else ""
        return f"it runs for {', '.join(tenants[:TENANTS_NAMED])}{others}: name the tenant"
    (near,) = names_meant(engine, (job,))
    return f"did you mean {' or '.join(near)}? Names are case-sensitive" if near else "names are case-sensitive"


def page_of(job: str, tenant: str, before: datetime | None = None, as_of: datetime | None = None) -> Page:
    """With attempts from `before`, and as all was known `as_of`. RefusedError: 404 for a job that neither ran nor is
    read from nor has a finding; 403 for those who may see some tenants alone and look back: what stood in a fact before
    it was revised is kept for all tenants together."""
    if as_of is not None and current_actor().restricted:
        raise RefusedError(403, "not_allowed", "looking back is for those who may see all tenants")
    engine = context().engine
    attempts = attempts_before(engine, job, tenant, before, as_of)
    shown = attempts[-ATTEMPTS_SHOWN:]
    edges = edges_of(engine, tenant) if as_of is None else edges_then(engine, tenant, as_of)
    path = around(edges, (job,))
    stored = get_finding(engine, finding_id(tenant, job))
    if not (attempts or before or path.upstream or path.downstream or stored):
        raise not_found(f"nothing is stored about a job {job} of {tenant_name(tenant)}", _meant(engine, job))
    said = said_by(engine, stored.id, as_of) if stored and as_of else None
    finding = standing(stored) if as_of is None else said[0] if said else None
    upstream, downstream = near_of(tenant, path, as_of)
    near = {one.step.job: one for one in (*upstream, *downstream)}
    caused = caused_by(engine, job, tenant, [step.job for step in path.downstream]) if as_of is None else []
    return Page(
        job,
        tenant,
        stored,
        finding,
        timeline=_timeline(job, shown),
        failed=sum(attempt.status in FAILURES for attempt in shown),
        earlier=stamp(shown[0].started_at) if len(attempts) > len(shown) else None,
        later=before is not None,
        upstream=upstream,
        downstream=downstream,
        more=path.more,
        caused=tuple(caused),
        signatures=_signatures(finding, shown),
        runs=tuple(run_answers(shown, finding))[: -RUNS_SHOWN - 1 : -1],
        map=map_of(Mapped(job, tenant, finding, as_of), edges, path, near),
        owed=_owed(job, tenant, finding, as_of),
        lags=lags_behind(engine, [about.id for about in caused]),
        as_of=as_of,
        said_at=said[1] if said else None,
    )


def _owed(job: str, tenant: str, finding: Finding | None, as_of: datetime | None) -> Owed:
    """What the finding says of its job; what others owe is told for now alone."""
    own = sorted((owed(finding) if finding else {}).items(), key=lambda item: (-item[1], item[0]))
    up = tuple(EdgeDebt(finding_id(tenant, job), name, tenant, job, number) for name, number in own)
    return Owed(up, tuple(debts_to(context().engine, job, tenant, CAUSED_SHOWN)) if as_of is None else ())


def standing(stored: StoredFinding | None) -> Finding | None:
    """The finding where it still stands."""
    return stored.finding if stored and stored.gone_at is None else None


def _timeline(job: str, attempts: Sequence[Attempt]) -> Timeline | None:
    if not attempts:
        return None
    moments: list[datetime] = [attempt.started_at for attempt in attempts]
    start, end = with_air(moments + [attempt.finished_at for attempt in attempts if attempt.finished_at], 0.02)
    return draw(Story((job,), attempts, start, end))


def _signatures(said: Finding | None, shown: Sequence[Attempt]) -> tuple[SignatureCount, ...]:
    """Those of the finding; else those of the failed attempts that are shown."""
    if said and said.signatures:
        return said.signatures[:SIGNATURES_SHOWN]
    errors = [attempt.error for attempt in shown if attempt.status in FAILURES and attempt.error]
    examples = {signature(error): error for error in reversed(errors)}
    counts = Counter(signature(error) for error in errors).most_common(SIGNATURES_SHOWN)
    return tuple(SignatureCount(masked, examples[masked], number, 0) for masked, number in counts)
