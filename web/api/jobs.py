"""Jobs: what their retries cost; and one job with its neighbours and its latest runs."""

from __future__ import annotations

from typing import Literal

from correlator.model import Cause, LagProfile, Origin, RetryDebt, SignatureCount, Verdict, iso
from correlator.store.edge_debts import EdgeDebt
from web.api.cursors import key_in, page_of
from web.api.facts import AttemptInShort, FindingInShort, attempt_in_short, finding_in_short
from web.api.kinds import Answer, Asked, DataAsOf, Moment, Name, Next, Paged, Text
from web.api.models import data_as_of
from web.api.routes import get
from web.check.runs import RunAnswer
from web.context import context
from web.http.arguments import near_us
from web.pictures.job_near import Near
from web.reading.jobs import DebtRow
from web.reading.pages import DebtKey, retry_debts_after
from web.views import jobs as views


class JobsAsked(Paged, frozen=True, kw_only=True):
    """`tenant` without a value is the unnamed tenant. `sort`: the most needed retries or burnt minutes first, or by
    name."""

    sort: Literal["retries", "minutes", "name"] = "retries"
    tenant: Text | None = None


class JobDebt(Answer, frozen=True, kw_only=True):
    """One job of one tenant about which a finding stands, and what its retries cost."""

    finding_id: str
    tenant: str
    job: str
    verdict: Verdict
    cause: Cause
    last_failure_at: str | None
    retry_debt: RetryDebt | None


class Jobs(Answer, frozen=True, kw_only=True):
    """Jobs with failures in the window looked at."""

    data_as_of: DataAsOf
    jobs: list[JobDebt]
    next: Next


class JobAsked(Asked, frozen=True, kw_only=True):
    """`tenant` left out is the unnamed tenant. `as_of`: as it was known then, for those who may see all tenants."""

    job: Name
    tenant: Text = ""
    as_of: Moment | None = None


class Neighbour(Answer, frozen=True, kw_only=True):
    """A job up- or downstream: how many edges away, over which job next to it, who says so, and how it stands."""

    job: str
    distance: int
    next_job: str
    origin: Origin
    newest: AttemptInShort | None
    finding: FindingInShort | None


class CausedFinding(Answer, frozen=True, kw_only=True):
    """A finding whose trouble starts at the job that is asked about, and how much later it fails."""

    finding: FindingInShort
    lag_profile: LagProfile | None


class Job(Answer, frozen=True, kw_only=True):
    """One job of one tenant. `path`: from where its trouble starts; `lag_profile`: from that trouble to its failures.
    `caused`: findings of jobs downstream whose trouble starts here; `more`: there are jobs up- or downstream behind
    those given; `owes`: failed runs attributed to jobs upstream, `owed`: by jobs downstream to this one; `runs`: the
    latest, the newest first. `said_at`: since when the finding said what it said `as_of`; both are null for what stands
    now."""

    data_as_of: DataAsOf
    as_of: str | None
    said_at: str | None
    job: str
    tenant: str
    finding: FindingInShort | None
    path: list[str]
    retry_debt: RetryDebt | None
    lag_profile: LagProfile | None
    upstream: list[Neighbour]
    downstream: list[Neighbour]
    more: bool
    owes: list[EdgeDebt]
    owed: list[EdgeDebt]
    caused: list[CausedFinding]
    signatures: list[SignatureCount]
    runs: list[RunAnswer]


@get("/jobs", tag="jobs", asked=JobsAsked, answer=Jobs)
def jobs(asked: JobsAsked) -> Jobs:
    """Jobs by what passing on retry costs. A job whose cost changes between two pages may be met twice, or not."""
    last = key_in(asked.after, DebtKey)
    found = retry_debts_after(context().engine, asked.sort, last, asked.limit + 1, asked.tenant)
    rows, following = page_of(found, asked.limit, lambda row: (_sorted_by(row, asked.sort), row.job, row.tenant))
    return Jobs(data_as_of=data_as_of(), jobs=[job_debt(row) for row in rows], next=following)


def _sorted_by(row: DebtRow, sort: str) -> float:
    if row.debt is None or sort == "name":
        return 0.0
    return float(row.debt.needed_retry if sort == "retries" else row.debt.minutes_burnt)


def job_debt(row: DebtRow) -> JobDebt:
    return JobDebt(
        finding_id=row.id,
        tenant=row.tenant,
        job=row.job,
        verdict=Verdict(row.verdict),
        cause=row.cause,
        last_failure_at=row.last_failure_at,
        retry_debt=row.debt,
    )


@get("/job", tag="jobs", asked=JobAsked, answer=Job, errors=(404,))
def job(asked: JobAsked) -> Job:
    """One job of one tenant: what stands about it, what it reads from and what reads from it, its latest runs."""
    page = views.page_of(asked.job, asked.tenant, as_of=near_us("as_of", asked.as_of) if asked.as_of else None)
    finding = page.finding
    return Job(
        data_as_of=data_as_of(),
        as_of=iso(page.as_of) if page.as_of else None,
        said_at=iso(page.said_at) if page.said_at else None,
        job=page.job,
        tenant=page.tenant,
        finding=_in_short(page),
        path=list(finding.path) if finding else [],
        retry_debt=finding.retry_debt if finding else None,
        lag_profile=finding.lag_profile if finding else None,
        upstream=[_neighbour(one) for one in page.upstream],
        downstream=[_neighbour(one) for one in page.downstream],
        more=page.more,
        owes=list(page.owed.upstream),
        owed=list(page.owed.downstream),
        caused=[CausedFinding(finding=finding_in_short(one), lag_profile=page.lags.get(one.id)) for one in page.caused],
        signatures=list(page.signatures),
        runs=list(page.runs),
    )


def _in_short(page: views.Page) -> FindingInShort | None:
    finding = page.finding
    if finding is None or page.stored is None:
        return None
    return FindingInShort(
        id=page.stored.id,
        tenant=finding.tenant,
        job=finding.job,
        verdict=finding.verdict,
        root_job=finding.root_job,
    )


def _neighbour(near: Near) -> Neighbour:
    return Neighbour(
        job=near.step.job,
        distance=near.step.distance,
        next_job=near.step.next_job,
        origin=near.step.origin,
        newest=attempt_in_short(near.newest) if near.newest else None,
        finding=finding_in_short(near.about) if near.about else None,
    )
