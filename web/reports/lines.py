"""A report as plain lines: what its CSV and the API hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from correlator.model import iso
from web.reading.report_trends import Trend
from web.reading.reports import BY, Report, Sums

COLUMNS: Final = (
    *("month", "team", "rule_id", "root_job", "job", "tenant"),
    *("runs", "failed_first", "laid_to_the_cause", "needed_retry", "extra_attempts", "minutes_burnt", "tenants_hit"),
    *("accepted_first_at", "accepted_last_at", "trend", "runs_before", "failed_before", "rate_before"),
    *("rate_before_low", "rate_before_high", "runs_after", "failed_after", "rate_after"),
    *("rate_after_low", "rate_after_high", "difference_low", "difference_high"),
)
"""The same of every report; new columns come at the end. What a report does not tell is empty."""


def report_lines(report: Report, trends: Mapping[tuple[str, ...], Trend]) -> Iterator[dict[str, Any]]:
    """A line for each row and month."""
    for row in report.rows:
        names = dict(zip(BY[report.wanted.by], row.key, strict=True))
        told = _trend(trends.get(row.key))
        for month, one in sorted(row.by_month.items()):
            yield {"month": month, **names, **_numbers(one), **told}


def _numbers(one: Sums) -> dict[str, Any]:
    renamed = {"laid": "laid_to_the_cause", "minutes": "minutes_burnt", "tenants": "tenants_hit"}
    return {renamed.get(name, name): value for name, value in one.to_dict().items()}


def _trend(trend: Trend | None) -> dict[str, Any]:
    if trend is None:
        return {}
    told: dict[str, Any] = {"accepted_first_at": iso(trend.first), "accepted_last_at": iso(trend.last)}
    told["trend"] = trend.said
    if trend.difference is None:
        return told
    for side, rate in (("before", trend.difference.before), ("after", trend.difference.after)):
        told |= {f"runs_{side}": rate.runs, f"failed_{side}": rate.failed, f"rate_{side}": round(rate.value, 6)}
        told |= {f"rate_{side}_low": round(rate.low, 6), f"rate_{side}_high": round(rate.high, 6)}
    ends = {"difference_low": trend.difference.low, "difference_high": trend.difference.high}
    return told | {name: round(value, 6) for name, value in ends.items()}
