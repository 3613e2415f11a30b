"""Deep links: the right host for the site, everything escaped, every template replaceable."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.datadog.links import TEMPLATES, deep_link

START = datetime(2026, 3, 1, 2, 5, tzinfo=UTC)


def test_times_become_milliseconds_and_queries_are_escaped() -> None:
    link = deep_link("logs", "datadoghq.eu", query="job:a b&c", start=START, end=START)
    assert link == (
        "https://app.datadoghq.eu/logs?query=job%3Aa%20b%26c&from_ts=1772330700000&to_ts=1772330700000&live=false"
    )


def test_a_site_without_an_app_host_is_its_own() -> None:
    link = deep_link("trace", "us5.datadoghq.com", trace_id="12", span_id="34", start=START)
    assert link == "https://us5.datadoghq.com/apm/trace/12?spanID=34&timeHint=1772330700000"


def test_a_template_can_be_replaced() -> None:
    templates = {"monitor": "https://dd.example.com/m/{monitor_id}"}
    assert deep_link("monitor", "datadoghq.com", templates, monitor_id="4/2") == "https://dd.example.com/m/4%2F2"


@pytest.mark.parametrize("kind", sorted(TEMPLATES))
def test_every_template_is_filled_completely(kind: str) -> None:
    texts = dict.fromkeys(("query", "trace_id", "span_id", "metric", "scope", "monitor_id", "event_id"), "x")
    assert "{" not in deep_link(kind, "datadoghq.com", None, **texts, start=START, end=START)
