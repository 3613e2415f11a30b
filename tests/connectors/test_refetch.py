"""What a pull keeps for quoting can be asked for once more, by the request kept with it, and by nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connectors.datadog.refetch import build as build_datadog
from connectors.pagerduty.refetch import build as build_pagerduty
from connectors.registry import KINDS, build_asker, build_source
from connectors.retries import Patience
from connectors.standin import Standin, serve_history
from correlator.errors import InputError, SettingsError, SourceError, UsageError
from correlator.model import iso
from correlator.ports import PullWindow, RawAnswer
from correlator.settings import Settings, load_settings
from tests.connectors.test_resuming import HISTORY, WINDOW


@pytest.fixture(scope="module")
def settings() -> Any:
    with serve_history(HISTORY, datadog_limit=(10**6, 3600), pagerduty_limit=(10**6, 60)) as standin:
        yield _settings(standin)


def _settings(standin: Standin) -> Settings:
    given = {
        "CORRELATOR_DATADOG_ENABLED": "true",
        "CORRELATOR_DATADOG_HOST": standin.datadog_url,
        "CORRELATOR_PAGERDUTY_ENABLED": "true",
        "CORRELATOR_PAGERDUTY_URL": standin.pagerduty_url,
        "CORRELATOR_PAGERDUTY_RELATED": "false",
    }
    return load_settings(
        environment={
            **given,
            "DD_API_KEY": "test-api-key",
            "DD_APP_KEY": "test-app-key",
            "PAGERDUTY_API_KEY": "test-rest-key",
        }
    )


def _answers(settings: Settings, kind: str, stream: str) -> list[RawAnswer]:
    source = build_source(kind, settings, Patience())
    pages = source.pages(stream, None, PullWindow(until=WINDOW.until, since=WINDOW.until - timedelta(days=2)))
    return [answer for page in pages for answer in page.raw]


@pytest.mark.parametrize(("kind", "stream"), [("datadog", "runs"), ("datadog", "changes"), ("pagerduty", "incidents")])
def test_each_quoted_item_comes_back_as_it_was(settings: Settings, kind: str, stream: str) -> None:
    answers = _answers(settings, kind, stream)
    assert answers
    asker = build_asker(kind, settings)
    for answer in answers[:5]:
        assert asker.refetch(answer.request, answer.body) == answer.body


@pytest.mark.parametrize("kind", ["datadog", "pagerduty"])
def test_an_item_that_is_not_there_is_none(settings: Settings, kind: str) -> None:
    stream = {"datadog": "runs", "pagerduty": "incidents"}[kind]
    answer = _answers(settings, kind, stream)[0]
    request = answer.request.replace(answer.fact_id, "PNOTTHERE")
    assert build_asker(kind, settings).refetch(request, {**answer.body, "id": "not-there"}) is None


BAD = (
    "DELETE /incidents/P1", "GET /users", "POST /api/v2/users {}", "GET /incidents/../users", "", "GET /incidents/P1",
    'POST /api/v2/spans/events/search {"filter": {}}', "POST /api/v2/spans/events/search [", "GET /dags/../x/tries",
    'POST /api/v2/spans/events/search {"filter": {"query": ["x"]}}', "GET http://example.com/",
    "GET /change_events/a/b",
    'POST /api/v2/spans/events/search {"filter": {"query": "' + "x" * 5000 + '"}}',
)  # fmt: skip


@pytest.mark.parametrize("request_", BAD)
@pytest.mark.parametrize("kind", ["datadog", "pagerduty"])
def test_a_request_of_a_stranger_is_never_sent(kind: str, request_: str) -> None:
    build = {"datadog": build_datadog, "pagerduty": build_pagerduty}[kind]
    given = {"DD_API_KEY": "test-api-key", "DD_APP_KEY": "test-app-key", "PAGERDUTY_API_KEY": "test-rest-key"}
    asker: Any = build(load_settings(environment=given))
    body = {"id": "x", "attributes": {"start_timestamp": iso(WINDOW.until)}}
    with pytest.raises(InputError, match="is never asked like this"):
        asker.refetch(request_, body)
    assert asker.client.sent == 0


def test_an_item_without_a_time_is_not_looked_for(settings: Settings) -> None:
    request = 'POST /api/v2/spans/events/search {"filter": {"query": "*"}}'
    with pytest.raises(InputError, match="has no time to look around"):
        build_asker("datadog", settings).refetch(request, {"id": "x"})


def test_a_kind_that_quotes_nothing_or_is_off_says_so(settings: Settings) -> None:
    with pytest.raises(UsageError, match="no way to ask `files`"):
        build_asker("files", settings)
    with pytest.raises(SettingsError, match="datadog is not enabled"):
        build_asker("datadog", load_settings(environment={}))
    assert {kind for kind, entry in KINDS.items() if entry.quoted} == {"datadog", "pagerduty", "airflow"}


def test_a_source_that_refuses_is_an_error_of_the_source(settings: Settings) -> None:
    answer = _answers(settings, "pagerduty", "incidents")[0]
    gone = load_settings(environment={**settings.environment, "CORRELATOR_PAGERDUTY_URL": "http://127.0.0.1:9"})
    with pytest.raises(SourceError, match="no answer"):
        build_pagerduty(gone, Patience(attempts=1)).refetch(answer.request, answer.body)
