"""Changes: events and DORA deployments as facts. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.datadog.items import Lookup, attributes_of, event_item, tag_values
from connectors.payloads import UnmappableError, identifier, moment, text_of
from correlator.model import Change


def change_from_event(event: Any, names: Mapping[str, str]) -> Change:
    """A change from an event of the search; `names` is the setting `datadog.tags`.

    A monitor's own event is an alert, not a change. Raises UnmappableError.
    """
    attributes = attributes_of(event)
    if is_monitor_event(attributes):
        raise UnmappableError("a monitor's own event, not a change; `datadog.events_query` can leave these out")
    item = event_item(event)
    find = item.find
    return Change(
        change_id=identifier(event.get("id"), "id"),
        at=moment(item.at, "timestamp"),
        title=title_of(find),
        job=find(names["job"]),
        service=find("service") or _impacted(attributes),
        tenant=find(names["tenant"]) or "",
    )


def change_from_deployment(deployment: Any, names: Mapping[str, str]) -> Change:
    """A change from a DORA deployment, at the moment it was through. Raises UnmappableError."""
    attributes = attributes_of(deployment)
    find = Lookup((attributes,), tag_values(attributes.get("custom_tags")))
    service = identifier(attributes.get("service"), "service")
    return Change(
        change_id=identifier(deployment.get("id"), "id"),
        at=moment(attributes.get("finished_at") or attributes.get("started_at"), "finished_at and no started_at"),
        title=_deployed(service, find),
        job=find(names["job"]),
        service=service,
        tenant=find(names["tenant"]) or "",
    )


def _deployed(service: str, find: Lookup) -> str:
    """`Deploy of exports 1.4.2 to prod`, with the commit where there is no version."""
    version = find("version") or (find("git.commit_sha") or "")[:12]
    env = find("env")
    return " ".join(part for part in ("Deploy of", service, version, f"to {env}" if env else "") if part)


def is_monitor_event(attributes: Mapping[str, Any]) -> bool:
    """Whether a monitor sent this event, by its inner attributes."""
    inner = attributes.get("attributes")
    return isinstance(inner, Mapping) and bool(inner.get("monitor_id") or inner.get("monitor"))


def title_of(find: Lookup) -> str:
    """An event's title, else the first line of its message."""
    lines = (find("event.message") or "").splitlines()
    return find("event.title") or find("title") or (lines[0].strip() if lines else "") or "(no title)"


def _impacted(attributes: Mapping[str, Any]) -> str | None:
    """The first service that a change event says it touches."""
    inner = attributes.get("attributes")
    resources = inner.get("impacted_resources") if isinstance(inner, Mapping) else None
    for resource in resources if isinstance(resources, list) else ():
        if isinstance(resource, Mapping) and resource.get("type") == "service":
            return text_of(resource.get("name"))
    return None
