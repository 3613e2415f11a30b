"""The one place that touches Datadog's package: plain JSON in and out, every failure a SourceError.

The package parses, retries and pages in ways that lose what we need (see README.md), so it is asked for the raw
answer, told to retry nothing, and given a time-out, which it has not by itself.
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from datadog_api_client import ApiClient, Configuration
from datadog_api_client.exceptions import ApiException, OpenApiException

from connectors.clock import ServerClock
from connectors.payloads import excerpt, masked
from connectors.retries import Patience, TryLaterError, later, network_words
from correlator.errors import SettingsError, SourceError

CONNECT_SECONDS: Final = 5
READ_SECONDS: Final = 60
_SCOPES: Final = "that docs/datadog.md lists for what is read"


class ExpiredCursorError(SourceError):
    """The cursor is not known to the server (any more): go on from the newest item."""


class OverLimitError(TryLaterError):
    """Over a rate limit: what was asked was surely not done."""


class DatadogClient:
    """Calls to one Datadog organisation. `sent` counts the requests that went out, repeats included."""

    def __init__(
        self, *, site: str, api_key: str, app_key: str, host: str = "", patience: Patience | None = None
    ) -> None:
        self.sent = 0
        self._secrets = (api_key, app_key)
        self._where = host.rstrip("/") or f"https://api.{site}"
        self._patience = patience or Patience()
        self.clock = ServerClock(self._patience.now)
        self._api = ApiClient(_checked(_configuration(site, host, api_key, app_key)))
        self._parts: dict[str, Any] = {}

    def _part(self, module: str, name: str) -> Any:
        """One API class of the package, imported when it is used: each costs time and memory. The package is typed for
        its own models alone; dicts are as good and faster."""
        if name not in self._parts:
            self._parts[name] = getattr(importlib.import_module(f"datadog_api_client.v2.api.{module}"), name)(self._api)
        return self._parts[name]

    def search_spans(self, body: dict[str, Any]) -> dict[str, Any]:
        """`POST /api/v2/spans/events/search`; `body` is what stands in `data.attributes`."""
        wrapped = {"data": {"type": "search_request", "attributes": body}}
        return self._call("spans search", lambda: self._part("spans_api", "SpansApi").list_spans(body=wrapped))

    def search_events(self, body: dict[str, Any]) -> dict[str, Any]:
        """`POST /api/v2/events/search`."""
        return self._call("events search", lambda: self._part("events_api", "EventsApi").search_events(body=body))

    def search_logs(self, body: dict[str, Any]) -> dict[str, Any]:
        """`POST /api/v2/logs/events/search`."""
        return self._call("logs search", lambda: self._part("logs_api", "LogsApi").list_logs(body=body))

    def search_pipelines(self, body: dict[str, Any]) -> dict[str, Any]:
        """`POST /api/v2/ci/pipelines/events/search`."""
        api = self._part("ci_visibility_pipelines_api", "CIVisibilityPipelinesApi")
        return self._call("CI pipelines search", lambda: api.search_ci_app_pipeline_events(body=body))

    def deployments(self, body: dict[str, Any]) -> dict[str, Any]:
        """`POST /api/v2/dora/deployments`; `body` is what stands in `data.attributes`."""
        wrapped = {"data": {"type": "dora_deployments_list_request", "attributes": body}}
        api = self._part("dora_metrics_api", "DORAMetricsApi")
        return self._call("deployments list", lambda: api.list_dora_deployments(body=wrapped))

    def relations(self, kind: str, offset: int, limit: int) -> dict[str, Any]:
        """`GET /api/v2/catalog/relation`: relations of one type, those Datadog discovered included."""
        api = self._part("software_catalog_api", "SoftwareCatalogApi")
        return self._call(
            "catalog relations",
            lambda: api.list_catalog_relation(
                page_offset=offset, page_limit=limit, filter_type=kind, include_discovered=True
            ),
        )

    def timeseries(self, body: dict[str, Any]) -> dict[str, Any]:
        """`POST /api/v2/query/timeseries`; `body` is what stands in `data.attributes`."""
        wrapped = {"data": {"type": "timeseries_request", "attributes": body}}
        return self._call(
            "timeseries query", lambda: self._part("metrics_api", "MetricsApi").query_timeseries_data(body=wrapped)
        )

    def _call(self, what: str, request: Callable[[], Any]) -> dict[str, Any]:
        return self._patience.call(lambda: self._once(f"Datadog {what} at {self._where}", request), limit=what)

    def _once(self, what: str, request: Callable[[], Any]) -> dict[str, Any]:
        self.sent += 1
        asked_at = self._patience.now()
        try:
            response = request()
            self.clock.hear(response.headers.get("date"), asked_at)
            return self._document(what, response.data, response.headers.get("content-type", ""))
        except ApiException as error:
            self.clock.hear(_header(error, "date"), asked_at)
            raise self._refusal(what, error) from None
        except urllib3.exceptions.HTTPError as error:
            raise self._network_error(what, error) from None
        except OpenApiException as error:
            raise SourceError(f"{what}: the client refuses the call: {self._words(error)}", permanent=True) from None

    def _document(self, what: str, data: bytes, kind: str) -> dict[str, Any]:
        data = masked(data, self._secrets)
        try:
            document = json.loads(data)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise TryLaterError(
                f"{what}: answered with {kind or 'something'} that is no JSON object: {self._words(data)}",
                hint="is `datadog.host` or `datadog.site` right, and no proxy or login page in between?",
            )
        return document

    def _refusal(self, what: str, error: ApiException) -> SourceError:
        status, words = error.status, self._reasons(error)
        if status in (401, 403):
            return SourceError(
                f"{what}: refused the credentials (HTTP {status}){words}",
                hint=f"check DD_API_KEY and DD_APP_KEY, that they belong to this site, and the scopes {_SCOPES}",
                permanent=True,
            )
        if status == 429:
            wait = later(error.headers or {}, "x-ratelimit-reset", self._patience.now)
            asked = f", which ends in {wait:.0f} s" if wait is not None else ""
            limit = _header(error, "x-ratelimit-name") or "the rate limit"
            return OverLimitError(
                f"{what}: over {limit}{asked}", hint="the next pull goes on from here", wait_seconds=wait
            )
        if status == 408 or (status or 0) >= 500:
            wait = later(error.headers or {}, "retry-after", self._patience.now)
            return TryLaterError(f"{what}: failed at Datadog's side (HTTP {status}){words}", wait_seconds=wait)
        if status == 400 and "cursor" in words:
            hint = "the next pull goes on from the newest item that is stored"
            return ExpiredCursorError(f"{what}: the cursor is not known any more{words}", hint=hint)
        return _final_refusal(what, status, words)

    def _network_error(self, what: str, error: urllib3.exceptions.HTTPError) -> SourceError:
        hint = "is the network, the proxy or the address (`datadog.site`, `datadog.host`) at fault?"
        return TryLaterError(f"{what}: no answer: {self._words(network_words(error))}", hint=hint)

    def _reasons(self, error: ApiException) -> str:
        """The reasons of an error body in either of its shapes, with a leading colon; "" for an empty body."""
        body = error.body if error.headers is not None else error.reason
        errors = body.get("errors") if isinstance(body, dict) else body
        parts = [_reason(item) for item in errors] if isinstance(errors, list) else [str(errors or "")]
        words = self._words("; ".join(part for part in parts if part))
        return f": {words}" if words else ""

    def _words(self, value: object) -> str:
        text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
        return excerpt(text, self._secrets)


def _configuration(site: str, host: str, api_key: str, app_key: str) -> Configuration:
    options: dict[str, Any] = {"host": host.rstrip("/")} if host else {"server_variables": {"site": site}}
    configuration_type: Any = Configuration
    configuration: Configuration = configuration_type(
        api_key={"apiKeyAuth": api_key, "appKeyAuth": app_key},
        request_timeout=(CONNECT_SECONDS, READ_SECONDS),
        preload_content=False,
        retry_policy=urllib3.Retry(total=0, redirect=False),
        **options,
    )
    configuration.return_http_data_only = True
    configuration.proxy = _proxy(host or f"https://api.{site}")
    return configuration


def _proxy(url: str) -> str | None:
    """The proxy that the environment (HTTPS_PROXY, NO_PROXY, …) names for this address: the package asks nobody."""
    parts = urlsplit(url)
    return None if proxy_bypass(parts.netloc) else getproxies().get(parts.scheme)


def _checked(configuration: Configuration) -> Configuration:
    """The configuration, once the package agrees that there is such a site."""
    try:
        configuration.host  # noqa: B018 - a property that looks the site up
    except ValueError as error:
        known = ", ".join(re.findall(r"'([^']+)'", str(error)))
        raise SettingsError(
            f"datadog.site: there is no site {configuration.server_variables['site']}",
            hint=f"one of {known or 'those that Datadog names'}, or set `datadog.host` to a base URL",
        ) from None
    return configuration


def _reason(item: Any) -> str:
    if isinstance(item, dict):
        return str(item.get("detail") or item.get("title") or "")
    return str(item)


def _header(error: ApiException, name: str) -> str | None:
    for key, value in (error.headers or {}).items():
        if key.lower() == name:
            return str(value)
    return None


def _final_refusal(what: str, status: int | None, words: str) -> SourceError:
    if not status:
        return SourceError(f"{what}: no secure connection{words}", hint="check the certificates", permanent=True)
    hints = {404: "check `datadog.site` and `datadog.host`", 302: "check `datadog.host`: it redirects elsewhere"}
    hint = hints.get(status, "check `datadog.query`, `datadog.events_query` and `datadog.metrics`")
    return SourceError(f"{what}: refused (HTTP {status}){words}", hint=hint, permanent=True)
