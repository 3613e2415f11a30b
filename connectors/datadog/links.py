"""Deep links into Datadog's pages. Pure: templates and values in, an address out.

Datadog documents no grammar for these addresses: the templates are forms that its own replies and pages use, and each
can be replaced by the setting `datadog.links`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import quote

from connectors.payloads import millis

TEMPLATES: Final[Mapping[str, str]] = {
    "logs": "https://{app}/logs?query={query}&from_ts={start}&to_ts={end}&live=false",
    "trace": "https://{app}/apm/trace/{trace_id}?spanID={span_id}&timeHint={start}",
    "traces": "https://{app}/apm/traces?query={query}&start={start}&end={end}",
    "metric": "https://{app}/metric/explorer?exp_metric={metric}&exp_scope={scope}&exp_agg=avg"
    "&from_ts={start}&to_ts={end}&live=false",
    "monitor": "https://{app}/monitors/{monitor_id}",
    "event": "https://{app}/event/event?uid={event_id}",
}
_BARE_SITES: Final = ("us2.", "us3.", "us5.", "ap1.", "ap2.", "uk1.")


def app_host(site: str) -> str:
    """The host of the pages, which is not the host of the API.

    >>> app_host("datadoghq.eu"), app_host("us5.datadoghq.com"), app_host("ddog-gov.com")
    ('app.datadoghq.eu', 'us5.datadoghq.com', 'app.ddog-gov.com')
    """
    return site if site.startswith(_BARE_SITES) else f"app.{site}"


def deep_link(kind: str, site: str, templates: Mapping[str, str] | None = None, **values: str | datetime) -> str:
    """The address of one page: `kind` is a key of TEMPLATES; times become milliseconds, texts are escaped.

    Raises KeyError for an unknown kind, or a value the template needs and was not given.

    >>> deep_link("monitor", "datadoghq.com", monitor_id="42")
    'https://app.datadoghq.com/monitors/42'
    """
    template = {**TEMPLATES, **(templates or {})}[kind]
    return template.format(app=app_host(site), **{name: _escaped(value) for name, value in values.items()})


def _escaped(value: str | datetime) -> str:
    return str(millis(value)) if isinstance(value, datetime) else quote(value, safe="")
