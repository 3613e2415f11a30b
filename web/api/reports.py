"""Reports: failures, tenants and minutes by month, gathered by ask, team, rule, root, job or tenant."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from msgspec import Meta, field, to_builtins

from correlator.statistics.rate_difference import Difference
from web.api.facts import At
from web.api.kinds import Answer, Asked, DataAsOf, Limit, Text
from web.api.models import data_as_of
from web.api.routes import get
from web.context import context
from web.reading.report_trends import Trend
from web.reading.reports import BY, ROWS_SHOWN, Group, Sums, counted_months, read_report
from web.reports.asked import query_of, wanted_of
from web.views.reports import trends_of

Month = Annotated[str, Meta(pattern=r"^(19|20)[0-9]{2}-(0[1-9]|1[0-2])$", description="for example 2026-03")]


class ReportAsked(Asked, frozen=True, kw_only=True):
    """`by`: what a row is; `measure`: what rows are sorted by. Without `from` and `to` the last six months. `without`:
    names of columns, with commas, of which only rows without a name are wanted."""

    by: Literal["ask", "team", "rule", "job", "tenant"] = "ask"
    measure: Literal["laid", "minutes", "needed_retry", "failed_first", "tenants"] = "laid"
    first: Month | None = field(default=None, name="from")
    last: Month | None = field(default=None, name="to")
    team: Text | None = None
    rule_id: Text | None = None
    root_job: Text | None = None
    job: Text | None = None
    tenant: Text | None = None
    without: Annotated[str, Meta(pattern=r"^((team|rule_id|root_job|job|tenant)(,|$))*$", max_length=100)] | None = None
    limit: Limit = ROWS_SHOWN


class ReportTrend(Answer, frozen=True, kw_only=True):
    """How the jobs whose asks were accepted, from `first` to `last`, failed before and since. `difference` is null
    while a side has no runs."""

    first: At
    last: At
    asks: int
    said: str
    difference: Difference | None


class ReportRow(Answer, frozen=True, kw_only=True):
    """`key`: what names the row, in the order of the report's `columns`."""

    key: tuple[str, ...]
    total: Sums
    by_month: dict[str, Sums]
    trend: ReportTrend | None


class Report(Answer, frozen=True, kw_only=True):
    """`groups`: how many rows there are in all, of which the greatest are given. `address`: the same on the pages.
    `counted_at`: null before a count was through. `waiting`: the newest of the months that is not counted to its end,
    as those before it may not be; null: all are. `first_stored`, `last_stored`: the months between which runs
    are counted; of others nothing is known, not even 0; null: of none."""

    data_as_of: DataAsOf
    columns: tuple[str, ...]
    months: tuple[str, ...]
    rows: list[ReportRow]
    groups: int
    total: Sums
    by_month: dict[str, Sums]
    counted_at: At | None
    waiting: str | None
    first_stored: str | None
    last_stored: str | None
    address: str


@get("/reports", tag="reports", asked=ReportAsked, answer=Report)
def report(asked: ReportAsked) -> Report:
    """What failures cost, month by month; and whether jobs fail less since an ask about them was accepted."""
    wanted = wanted_of(_fields(asked), counted_months(context().engine), datetime.now(UTC))
    found, trends = read_report(context().engine, wanted, asked.limit), trends_of(wanted)
    return Report(
        data_as_of=data_as_of(),
        columns=BY[wanted.by],
        months=wanted.months,
        rows=[_row(one, trends.get(one.key)) for one in found.rows],
        groups=found.groups,
        total=found.total,
        by_month=found.by_month,
        counted_at=found.counted_at,
        waiting=found.waiting,
        first_stored=found.stored[0] if found.stored else None,
        last_stored=found.stored[1] if found.stored else None,
        address=f"/reports?{query_of(wanted)}",
    )


def _fields(asked: ReportAsked) -> dict[str, str]:
    """As the address of the page has them: what is left out is not there."""
    return {name: value for name, value in to_builtins(asked).items() if value is not None and name != "limit"}


def _row(group: Group, trend: Trend | None) -> ReportRow:
    return ReportRow(key=group.key, total=group.total, by_month=group.by_month, trend=_trend(trend) if trend else None)


def _trend(trend: Trend) -> ReportTrend:
    names = ("first", "last", "asks", "said", "difference")
    return ReportTrend(**{name: getattr(trend, name) for name in names})
