"""Datadog's payloads against the facts they must become, kept as golden files."""

from __future__ import annotations

import dataclasses
import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.datadog.mapping import (
    attempt_from_span,
    change_from_event,
    metric_name,
    points_from_timeseries,
    tag_values,
)
from connectors.payloads import UnmappableError
from correlator.model import Attempt, Change, MetricPoint, iso
from correlator.settings import load_settings

GOLDEN = Path(__file__).parent / "golden"
NAMES = load_settings(environment={})["datadog.tags"]
AT = 1772330700000

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def cases(name: str) -> list[Any]:
    return [pytest.param(case, id=case["about"]) for case in json.loads((GOLDEN / name).read_text(encoding="utf-8"))]


def plain(fact: Attempt | Change) -> dict[str, Any]:
    values = dataclasses.asdict(fact)
    return {key: iso(value) if isinstance(value, datetime) else value for key, value in values.items()}


@pytest.mark.parametrize("case", cases("spans.json"))
def test_a_span_becomes_an_attempt_or_is_refused_with_the_reason(case: dict[str, Any]) -> None:
    if "fact" in case:
        assert plain(attempt_from_span(case["payload"], NAMES)) == case["fact"]
    else:
        with pytest.raises(UnmappableError) as error:
            attempt_from_span(case["payload"], NAMES)
        assert str(error.value) == case["reason"]


@pytest.mark.parametrize("case", cases("events.json"))
def test_an_event_becomes_a_change_or_is_refused_with_the_reason(case: dict[str, Any]) -> None:
    if "fact" in case:
        assert plain(change_from_event(case["payload"], NAMES)) == case["fact"]
    else:
        with pytest.raises(UnmappableError) as error:
            change_from_event(case["payload"], NAMES)
        assert str(error.value) == case["reason"]


def test_the_names_of_tags_are_the_customers() -> None:
    names = {**NAMES, "job": "pipeline.name", "tenant": "customer"}
    span = {
        "attributes": {
            "custom": {"pipeline": {"name": "nightly"}},
            "tags": ["customer:tenant-02"],
            "start_timestamp": "2026-03-01T02:05:00Z",
            "span_id": "1",
        }
    }
    attempt = attempt_from_span(span, names)
    assert (attempt.job, attempt.tenant) == ("nightly", "tenant-02")


@given(JSON, JSON)
def test_no_span_and_no_event_crashes_the_mapping(custom: Any, start: Any) -> None:
    item = {"id": "x", "attributes": {"custom": custom, "attributes": custom, "start_timestamp": start, "tags": custom}}
    for mapping in (attempt_from_span, change_from_event):
        for payload in (item, custom):
            with suppress(UnmappableError):
                mapping(payload, NAMES)


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
    assert list(points_from_timeseries(document, ["memory", "rows"], NAMES)) == [
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
        list(points_from_timeseries(timeseries(**attributes), ["memory"], NAMES))


def test_the_first_of_repeated_tags_holds() -> None:
    assert tag_values(["a:1", "a:2", "bare", "b:", "c:x:y"]) == {"a": "1", "c": "x:y"}


def test_a_query_tells_its_metric() -> None:
    assert metric_name("avg:job.memory_gib{env:prod} by {job}") == "job.memory_gib"
    with pytest.raises(ValueError, match="does not read like"):
        metric_name("job.memory_gib")
