"""Deep links into Datadog's pages: templates of the settings and values in, an address out. Pure.

Datadog documents no grammar for these addresses: the templates are forms that its own replies and pages use, and each
can be replaced by the setting `datadog.links`. Here and not beside the connector, because packets and pages show them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote

from correlator.errors import SettingsError
from correlator.settings import Settings

AROUND: Final = timedelta(hours=1)
"""How much time a page shows before and after what it is about."""
_BARE_SITES: Final = ("us2.", "us3.", "us5.", "ap1.", "ap2.", "uk1.")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def app_host(site: str) -> str:
    """The host of the pages, which is not the host of the API.

    >>> app_host("datadoghq.eu"), app_host("us5.datadoghq.com"), app_host("ddog-gov.com")
    ('app.datadoghq.eu', 'us5.datadoghq.com', 'app.ddog-gov.com')
    """
    return site if site.startswith(_BARE_SITES) else f"app.{site}"


def deep_link(settings: Settings, kind: str, **values: str | datetime) -> str:
    """The address of one page: `kind` is a key of `datadog.links`; times become milliseconds, texts are escaped.

    Raises SettingsError for a template that asks for a value it cannot have.
    """
    template = settings["datadog.links"][kind]
    escaped = {name: _escaped(value) for name, value in values.items()}
    try:
        return str(template.format(app=app_host(settings["datadog.site"]), **escaped))
    except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
        raise SettingsError(
            f"{settings.origin['datadog.links']}: `datadog.links`: {kind} cannot be filled: {error}",
            hint=f"it may use {', '.join(f'{{{name}}}' for name in ('app', *values))}",
        ) from error


def trace_link(settings: Settings, trace_id: str, span_id: str, at: datetime) -> str:
    """The trace, opened at one span; the time helps the page to find it."""
    return deep_link(settings, "trace", trace_id=trace_id, span_id=span_id, start=at)


def logs_link(settings: Settings, query: str, start: datetime, end: datetime) -> str:
    """The log explorer with this search, an hour around."""
    return deep_link(settings, "logs", query=query, start=start - AROUND, end=end + AROUND)


def run_link(
    settings: Settings, job: str, tenant: str, tags: Mapping[str, str], start: datetime, end: datetime | None
) -> str:
    """A run: its trace where its tags name one, else its logs."""
    trace_id, span_id = tags.get("trace_id"), tags.get("span_id")
    if trace_id and span_id:
        return trace_link(settings, trace_id, span_id, start)
    names = settings["datadog.tags"]
    values = ((names["job"], job), (names["tenant"], tenant))
    query = " ".join(f'@{name}:"{value}"' for name, value in values if value)
    return logs_link(settings, query, start, end or start)


def metric_link(settings: Settings, metric: str, job: str, tenant: str, start: datetime, end: datetime) -> str:
    """The metric explorer, narrowed to a job and its tenant, an hour around."""
    names = settings["datadog.tags"]
    parts = [(names["job"], job), (names["tenant"], tenant)]
    scope = ",".join(f"{name}:{value}" for name, value in parts if value) or "*"
    return deep_link(settings, "metric", metric=metric, scope=scope, start=start - AROUND, end=end + AROUND)


def monitor_link(settings: Settings, monitor_id: str, at: datetime) -> str:
    """The monitor, an hour around what it saw."""
    return deep_link(settings, "monitor", monitor_id=monitor_id, start=at - AROUND, end=at + AROUND)


def event_link(settings: Settings, event_id: str) -> str:
    """One event."""
    return deep_link(settings, "event", event_id=event_id)


def _escaped(value: str | datetime) -> str:
    if isinstance(value, datetime):
        return str((value - _EPOCH) // timedelta(milliseconds=1))
    return quote(value, safe="")
