"""Where the values stand in an item of each search: spans, log lines, CI pipeline events, events. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from connectors.payloads import UnmappableError, dig, text_of


@dataclass(frozen=True, slots=True)
class Lookup:
    """One item's values by name: in what the sender attached first (exact case), then in its tags (Datadog's case).

    `own` are the item's own attributes under a prefix (`log.message`, `event.status`): a log line's `status` is its
    level and not how a run ended, so it must be asked for by that name.
    """

    places: tuple[Mapping[str, Any], ...]
    tags: Mapping[str, str]
    own: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, name: str) -> str | None:
        if name in self.own:
            return text_of(self.own[name])
        dotted = "." in name
        for place in self.places:
            value = dig(place, name) if dotted else place.get(name)
            if value is not None and (found := text_of(value)) is not None:
                return found
        return self.tags.get(name) or self.tags.get(name.lower())


@dataclass(frozen=True, slots=True)
class Item:
    """One item of an answer: its id, when it happened (as it stands there), and its values by name."""

    item_id: str | None
    at: Any
    find: Lookup


def tag_values(tags: Any) -> dict[str, str]:
    """`["job:export", "compute"]` as `{"job": "export"}`; of a tag that repeats the first value holds."""
    values: dict[str, str] = {}
    for tag in tags if isinstance(tags, list) else ():
        name, colon, value = str(tag).partition(":")
        if colon and value:
            values.setdefault(name, value)
    return values


def attributes_of(item: Any) -> Mapping[str, Any]:
    """What stands in an item's `attributes`. Raises UnmappableError when there are none."""
    attributes = item.get("attributes") if isinstance(item, Mapping) else None
    if not isinstance(attributes, Mapping):
        raise UnmappableError("no attributes in it")
    return attributes


def span_item(span: Any) -> Item:
    """A span: `custom` holds what the program attached."""
    attributes = attributes_of(span)
    places = _mappings(attributes.get("custom"), attributes.get("attributes"), attributes)
    find = Lookup(places, tag_values(attributes.get("tags")))
    return Item(text_of(attributes.get("span_id")), attributes.get("start_timestamp"), find)


_LOG_OWN: Final = ("message", "status", "timestamp")
_EVENT_OWN: Final = ("status", "title", "timestamp", "priority")


def log_item(line: Any) -> Item:
    """A log line: the inner `attributes` are its facets."""
    attributes = attributes_of(line)
    inner = _inner(attributes)
    own = {f"log.{name}": attributes.get(name) for name in _LOG_OWN}
    places = (inner, {name: attributes.get(name) for name in ("service", "host")})
    return Item(_id(line), attributes.get("timestamp"), Lookup(places, tag_values(attributes.get("tags")), own))


def pipeline_item(event: Any) -> Item:
    """A CI pipeline event: times and durations are nanoseconds; `ci_level` stands outside of the inner attributes."""
    attributes = attributes_of(event)
    inner = _inner(attributes)
    places = (inner, {"ci_level": attributes.get("ci_level")})
    return Item(_id(event), inner.get("start"), Lookup(places, tag_values(attributes.get("tags"))))


def event_item(event: Any) -> Item:
    """An event: its exact time is the inner one."""
    attributes = attributes_of(event)
    inner = _inner(attributes)
    own = {f"event.{name}": inner.get(name) for name in _EVENT_OWN} | {"event.message": attributes.get("message")}
    values = {name: value for name, value in inner.items() if name not in _EVENT_OWN}
    if values.get("service") == "undefined":  # what Datadog writes for an event without a service
        del values["service"]
    at = inner.get("timestamp") or attributes.get("timestamp")
    places = _mappings(inner.get("custom"), values, {"host": inner.get("hostname")})
    return Item(_id(event), at, Lookup(places, tag_values(attributes.get("tags")), own))


def _mappings(*places: Any) -> tuple[Mapping[str, Any], ...]:
    """Those of the places that hold values by name."""
    return tuple(place for place in places if type(place) is dict or isinstance(place, Mapping))


def _inner(attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    inner = attributes.get("attributes")
    return inner if isinstance(inner, Mapping) else {}


def _id(item: Any) -> str | None:
    return text_of(item.get("id"))


READERS: Final[Mapping[str, Callable[[Any], Item]]] = {
    "spans": span_item,
    "logs": log_item,
    "ci_pipelines": pipeline_item,
    "events": event_item,
}
"""By the kind of a mapping."""
