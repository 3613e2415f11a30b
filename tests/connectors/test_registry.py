"""What is configured is built, and nothing else is imported."""

from __future__ import annotations

import subprocess
import sys

from connectors.registry import KINDS, Sinks, build_sinks, build_sources, writing_kinds
from correlator.settings import load_settings

KEYS = {
    "DD_API_KEY": "test-api-key",
    "DD_APP_KEY": "test-app-key",
    "PAGERDUTY_API_KEY": "test-rest-key",
    "CORRELATOR_PAGERDUTY_FROM": "a@example.com",
    "AIRFLOW_TOKEN": "test-token",
    "CORRELATOR_FILES_FOLDER": "history",
    "CORRELATOR_WEB_BASE_URL": "https://correlator.example.com",
    "CORRELATOR_WEBHOOK_URL": "https://hooks.example.com/findings",
    "WEBHOOK_SECRET": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    "CORRELATOR_SLACK_CHANNEL": "C024BE91L",
    "SLACK_BOT_TOKEN": "test-bot-token",
    "CORRELATOR_ZENDESK_URL": "https://example.zendesk.com",
    "CORRELATOR_ZENDESK_USER": "agent@example.com",
    "ZENDESK_API_TOKEN": "test-api-token",
}


def test_nothing_is_built_that_is_not_enabled() -> None:
    settings = load_settings(environment={})
    assert (build_sources(settings), build_sinks(settings, writing_kinds(settings))) == ([], Sinks())


def test_everything_enabled_is_built_under_its_kind() -> None:
    enabled = {f"CORRELATOR_{kind.upper()}_ENABLED": "true" for kind in KINDS}
    settings = load_settings(environment=KEYS | enabled | {"CORRELATOR_DATADOG_ATTACH": "true"})
    assert [source.name for source in build_sources(settings)] == [kind for kind in KINDS if KINDS[kind].reads]
    sinks = build_sinks(settings, writing_kinds(settings))
    assert [sink.name for sink in sinks.usable] == [kind for kind in KINDS if KINDS[kind].writes]
    assert sinks.unusable == {}


def test_a_sink_that_is_configured_wrongly_stops_no_other() -> None:
    enabled = {f"CORRELATOR_{kind.upper()}_ENABLED": "true" for kind in ("webhook", "slack", "zendesk")}
    broken = {"CORRELATOR_WEBHOOK_URL": "http://hooks.example.com/", "ZENDESK_API_TOKEN": ""}
    settings = load_settings(environment=KEYS | enabled | broken)
    sinks = build_sinks(settings, writing_kinds(settings))
    assert [sink.name for sink in sinks.usable] == ["slack"]
    assert "webhook.url is not encrypted" in sinks.unusable["webhook"].message
    assert "ZENDESK_API_TOKEN" in sinks.unusable["zendesk"].message


def test_a_sink_may_be_switched_off() -> None:
    values = KEYS | {"CORRELATOR_PAGERDUTY_ENABLED": "true", "CORRELATOR_PAGERDUTY_ATTACH": "false"}
    assert writing_kinds(load_settings(environment=values)) == []


def test_the_registry_imports_no_vendor() -> None:
    code = "import sys, connectors.registry; print([m for m in sys.modules if 'datadog' in m or 'pdpyras' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
