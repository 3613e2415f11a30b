"""Metric queries taken apart and narrowed, and the points of columnar answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.datadog.timeseries import one_of, parse_query, points_from_timeseries
from connectors.payloads import UnmappableError
from correlator.model import MetricPoint

NAMES = {"job": "job", "tenant": "tenant"}
AT = 1772330700000


def timeseries(**attributes: Any) -> dict[str, Any]:
    return {"data": {"id": "0", "type": "timeseries_response", "attributes": attributes}}


def test_points_come_out_of_columns_and_nulls_are_no_points() -> None:
    document = timeseries(
        series=[
            {"group_tags": ["job:ingest", "tenant:tenant-07"], "query_index": 0, "unit": None},
            {"group_tags": ["job:N/A", "tenant:N/A"], "query_index": 1, "unit": None},
        ],
        times=[AT, AT + 60_000],
        values=[[7.5, None], [None, 3]],
    )
    first = datetime(2026, 3, 1, 2, 5, tzinfo=UTC)
    assert list(points_from_timeseries(document, ["memory", "rows"], NAMES, {})) == [
        MetricPoint("memory", first, 7.5, job="ingest", tenant="tenant-07"),
        MetricPoint("rows", first.replace(minute=6), 3.0),
    ]


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"series": [{}], "times": [], "values": []}, "1 series but 0 rows of values"),
        ({"series": [{}], "times": [AT], "values": [[]]}, "a row of values is not as long as `times`"),
        ({"series": [{"query_index": 5}], "times": [], "values": [[]]}, "a series of an unknown query"),
        ({"series": {}, "times": [], "values": []}, "`series` is not a list"),
    ],
)
def test_columns_that_do_not_fit_are_refused(attributes: dict[str, Any], reason: str) -> None:
    with pytest.raises(UnmappableError, match=reason):
        list(points_from_timeseries(timeseries(**attributes), ["memory"], NAMES, {}))


def test_jobs_and_tenants_get_their_own_spelling_back() -> None:
    head = {"group_tags": ["job:export_ads_2", "tenant:tenant-07"]}
    document = timeseries(series=[head], times=[AT], values=[[1]])
    (point,) = points_from_timeseries(document, ["rows"], NAMES, {"export_ads_2": "Export Ads 2"})
    assert (point.job, point.tenant) == ("Export Ads 2", "tenant-07")


@pytest.mark.parametrize(
    ("query", "narrowed"),
    [
        ("avg:rows{*} by {job}", "avg:rows{job:a AND env:x} by {job}"),
        ("avg:rows{env:prod,!host:old} by {job}", "avg:rows{env:prod AND NOT host:old AND job:a AND env:x} by {job}"),
        ("sum:rows{env:prod OR env:dev}.rollup(60)", "sum:rows{(env:prod OR env:dev) AND job:a AND env:x}.rollup(60)"),
    ],
)
def test_a_query_is_narrowed_in_words_as_the_vendor_takes_no_mixture(query: str, narrowed: str) -> None:
    assert parse_query(query).narrowed(["job:a", "env:x"]) == narrowed


def test_values_are_asked_for_in_the_spelling_of_tags() -> None:
    assert one_of("job", ["Export Ads!", "b"]) == "job IN (b,export_ads_)"


@pytest.mark.parametrize(("query", "grouped"), [("avg:a{*} by {tenant, job}", True), ("avg:a{job:x}", False)])
def test_whether_each_job_has_a_series_of_its_own(query: str, grouped: bool) -> None:
    assert parse_query(query).groups_by("job") is grouped


def test_a_query_tells_its_metric() -> None:
    assert parse_query("avg:job.memory_gib{env:prod} by {job}").metric == "job.memory_gib"
    with pytest.raises(ValueError, match="does not read like"):
        parse_query("job.memory_gib")
