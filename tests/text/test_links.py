"""Addresses of Datadog's pages: sites, times, escaping, and templates that are replaced."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from correlator.errors import SettingsError
from correlator.settings import Settings, load_settings
from correlator.text.links import app_host, event_link, logs_link, metric_link, monitor_link, trace_link

AT = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = 3_600_000
MS = 1772323200000


def at_site(site: str) -> Settings:
    return load_settings(environment={"CORRELATOR_DATADOG_SITE": site})


@pytest.mark.parametrize(
    ("site", "host"),
    [
        ("datadoghq.com", "app.datadoghq.com"),
        ("us3.datadoghq.com", "us3.datadoghq.com"),
        ("us5.datadoghq.com", "us5.datadoghq.com"),
        ("datadoghq.eu", "app.datadoghq.eu"),
        ("ap1.datadoghq.com", "ap1.datadoghq.com"),
        ("ap2.datadoghq.com", "ap2.datadoghq.com"),
        ("ddog-gov.com", "app.ddog-gov.com"),
    ],
)
def test_each_site_has_its_pages_on_its_own_host(site: str, host: str) -> None:
    assert app_host(site) == host
    assert trace_link(at_site(site), "12", "34", AT) == f"https://{host}/apm/trace/12?spanID=34&timeHint={MS}"


def test_times_are_milliseconds_with_an_hour_around_and_texts_are_escaped() -> None:
    link = logs_link(at_site("datadoghq.eu"), "@job:a b&c", AT, AT)
    expected = f"query=%40job%3Aa%20b%26c&from_ts={MS - HOUR}&to_ts={MS + HOUR}&live=false"
    assert link == f"https://app.datadoghq.eu/logs?{expected}"


def test_a_metric_is_narrowed_to_the_job_and_its_tenant_by_the_names_of_their_tags() -> None:
    settings = load_settings(environment={"CORRELATOR_DATADOG_TAGS": "tenant=customer"})
    link = metric_link(settings, "job.memory_gib", "export_ads", "tenant-07", AT, AT)
    assert "exp_metric=job.memory_gib&exp_scope=job%3Aexport_ads%2Ccustomer%3Atenant-07&" in link
    assert "exp_scope=%2A&" in metric_link(settings, "load", "", "", AT, AT)


def test_monitors_and_events() -> None:
    settings = at_site("datadoghq.com")
    assert monitor_link(settings, "4/2", AT).startswith("https://app.datadoghq.com/monitors/4%2F2?from_ts=")
    assert event_link(settings, "AZ") == "https://app.datadoghq.com/event/event?uid=AZ"


def test_one_template_is_replaced_and_the_others_stay(tmp_path: Path) -> None:
    file = tmp_path / "correlator.yaml"
    file.write_text("datadog:\n  links:\n    event: 'https://dd.example.com/e/{event_id}?host={app}'\n")
    settings = load_settings(file, {})
    assert event_link(settings, "AZ") == "https://dd.example.com/e/AZ?host=app.datadoghq.com"
    assert monitor_link(settings, "1", AT).startswith("https://app.datadoghq.com/monitors/1")


@pytest.mark.parametrize("asked", ["{event}", "{app.name}", "{0}", "{event_id:x}"])
def test_a_template_that_cannot_be_filled_is_said_with_its_place(tmp_path: Path, asked: str) -> None:
    file = tmp_path / "correlator.yaml"
    file.write_text(f"datadog:\n  links:\n    event: 'https://dd.example.com/{asked}'\n")
    with pytest.raises(SettingsError, match=r"line 2: `datadog.links`: event cannot be filled") as error:
        event_link(load_settings(file, {}), "AZ")
    assert error.value.hint == "it may use {app}, {event_id}"
