"""A short story on the stand-in, and the vendors' own clients pointed at it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from datadog_api_client import ApiClient, Configuration

from connectors.standin import Standin, serve_history
from correlator.simulation.history import History
from correlator.simulation.stories import tell_story

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pdpyras

START = datetime(2026, 3, 2, 3, 38, tzinfo=UTC)


@pytest.fixture(scope="session")
def history() -> History:
    return tell_story("customer-data-platform", 1, start=START, days=4).history


@pytest.fixture
def standin(history: History) -> Iterator[Standin]:
    with serve_history(history) as running:
        yield running


def datadog_client(url: str, api_key: str = "k", app_key: str = "a", **options: Any) -> ApiClient:
    configuration_type: Any = Configuration  # the package is only half typed
    configuration = configuration_type(host=url, check_return_type=True, request_timeout=(5, 30), **options)
    configuration.api_key = {"apiKeyAuth": api_key, "appKeyAuth": app_key}
    return ApiClient(configuration)


def pagerduty_session(url: str, key: str = "k") -> Any:
    session = pdpyras.APISession(key, default_from="correlator@example.com")
    session.url = url
    session.retry = {429: 1}
    session.max_http_attempts = -1
    session.max_network_attempts = 0
    return session


@pytest.fixture
def datadog(standin: Standin) -> Iterator[ApiClient]:
    with datadog_client(standin.datadog_url) as client:
        yield client


@pytest.fixture
def pagerduty(standin: Standin) -> Any:
    return pagerduty_session(standin.pagerduty_url)


def all_pages(ask: Callable[[str | None], dict[str, Any]]) -> list[dict[str, Any]]:
    """Every item of a search with a cursor; `ask` gets the cursor and gives the answer as plain values."""
    items: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        answer = ask(cursor)
        items += answer["data"]
        cursor = answer.get("meta", {}).get("page", {}).get("after")
        if cursor is None:
            return items
