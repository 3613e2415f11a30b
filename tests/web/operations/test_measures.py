"""`/metrics`: what it says of sources, and that names and units are what Prometheus' conventions ask for."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from tests.web import cast

UNITS = {"seconds", "ratio", "requests", "items", "total", "info", "bytes"}
PLAIN = {
    *("correlator_findings", "correlator_source_reached", "correlator_source_needs_person"),
    *("correlator_source_notices", "correlator_source_failures_in_a_row"),
}
"""Counts of things named by the metric, and switches: what has no unit."""


@pytest.fixture
def values(client: FlaskClient) -> dict[tuple[str, tuple[str, ...]], float]:
    client.get("/")
    families = list(text_string_to_metric_families(client.get("/metrics").text))
    samples = [sample for family in families for sample in family.samples]
    return {(one.name, tuple(one.labels[name] for name in sorted(one.labels))): one.value for one in samples}


def test_each_source_says_how_it_does(values: dict[tuple[str, tuple[str, ...]], float]) -> None:
    pulled = (cast.END - timedelta(minutes=4)).timestamp()
    expected = {
        ("reached", ("datadog",)): 1,
        ("reached", ("pagerduty",)): 0,
        ("needs_person", ("pagerduty",)): 1,
        ("failures_in_a_row", ("pagerduty",)): 2,
        ("last_good_pull_timestamp_seconds", ("datadog",)): pulled,
        ("newest_event_timestamp_seconds", ("datadog",)): (cast.END - timedelta(hours=14)).timestamp(),
        ("set_aside_items", ("datadog",)): 1,
        ("notices", ("datadog",)): 1,
        ("clock_offset_seconds", ("datadog",)): -42,
        ("attempt_number_ratio", ("datadog",)): 1,
        ("rate_limit_remaining_requests", ("timeseries_query", "datadog")): 0,
        ("rate_limit_requests", ("rest", "pagerduty")): 960,
        ("rate_limit_reset_timestamp_seconds", ("spans_search", "datadog")): (
            cast.END + timedelta(minutes=20)
        ).timestamp(),
    }
    assert {key: values.get((f"correlator_source_{key[0]}", key[1])) for key in expected} == expected


def test_what_is_not_known_is_left_out(values: dict[tuple[str, tuple[str, ...]], float]) -> None:
    assert ("correlator_source_clock_offset_seconds", ("pagerduty",)) not in values
    assert ("correlator_source_rate_limit_remaining_requests", ("rest", "pagerduty")) not in values


def test_names_say_their_unit_and_counters_end_in_total(client: FlaskClient) -> None:
    client.get("/")
    for family in text_string_to_metric_families(client.get("/metrics").text):
        assert re.fullmatch(r"correlator(_[a-z]+)+", family.name), family.name
        assert family.documentation.endswith("."), family.name
        if family.type == "counter":
            assert {sample.name for sample in family.samples} <= {f"{family.name}_total"}
        elif not family.name.endswith("_created"):  # when a counter began, which the client adds by itself
            assert family.name in PLAIN or family.name.rsplit("_", 1)[1] in UNITS, family.name


def test_reading_them_twice_gives_each_value_once(client: FlaskClient) -> None:
    client.get("/metrics")
    lines = [line for line in client.get("/metrics").text.splitlines() if line.startswith("correlator_source")]
    assert len({line.rsplit(" ", 1)[0] for line in lines}) == len(lines)
