"""Monitors' own events as changes of state. Pure.

Which key says the new state is in no document: the transition is looked at first, then what stands in brackets before
the title, then the event's status.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from connectors.datadog.changes import is_monitor_event, title_of
from connectors.datadog.items import Lookup, attributes_of, event_item, tag_values
from connectors.payloads import UnmappableError, dig, identifier, moment, text_of
from correlator.model import MonitorTransition

_STATES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("alert", "triggered", "re-triggered", "retriggered", "error", "renotify"), "alert"),
    **dict.fromkeys(("warn", "warning"), "warn"),
    **dict.fromkeys(("no data", "no_data", "nodata"), "no data"),
    **dict.fromkeys(("ok", "recovered", "success", "resolved", "alert recovery", "warning recovery"), "ok"),
    "no data recovery": "ok",
}
_PLACES: Final = ("destination_state", "trans_type", "trans_name")
_BRACKETS: Final = re.compile(r"^\s*\[(?P<word>[^\]]+?)(?: on (?P<groups>\{[^}]*\}))?\]\s*(?P<title>.*)$", re.DOTALL)


def transition_from(event: Any, names: Mapping[str, str]) -> MonitorTransition:
    """What an event of the search says of its monitor; `names` is the setting `datadog.tags`. Raises
    UnmappableError for an event that is no monitor's, or whose new state cannot be told."""
    attributes = attributes_of(event)
    if not is_monitor_event(attributes):
        raise UnmappableError("not a monitor's event; `datadog.monitors_query` can leave these out")
    inner = attributes["attributes"]
    item = event_item(event)
    title = title_of(item.find)
    groups = _groups(inner, title)
    find = Lookup((), {**tag_values(dig(inner, "monitor.tags")), **item.find.tags, **tag_values(groups)})
    return MonitorTransition(
        event_id=identifier(event.get("id"), "id"),
        monitor_id=identifier(inner.get("monitor_id") or dig(inner, "monitor.id"), "monitor id"),
        at=moment(item.at, "timestamp"),
        state=_state(inner, title),
        title=text_of(dig(inner, "monitor.name")) or _without_brackets(title),
        before=_STATES.get((text_of(dig(inner, "monitor.transition.source_state")) or "").lower()),
        groups=",".join(groups),
        job=find(names["job"]),
        service=item.find("service") or find("service"),
        tenant=find(names["tenant"]) or "",
    )


def _state(inner: Mapping[str, Any], title: str) -> str:
    found = [text_of(dig(inner, f"monitor.transition.{place}")) for place in _PLACES]
    brackets = _BRACKETS.match(title)
    words = [*found, brackets["word"] if brackets else None, text_of(inner.get("status"))]
    for word in filter(None, words):
        if state := _STATES.get(word.lower()):
            return state
    raise UnmappableError(f"the monitor's new state cannot be told from {', '.join(filter(None, words)) or 'it'}")


def _groups(inner: Mapping[str, Any], title: str) -> list[str]:
    """`["job:export_ads", "host:worker-1"]`, from the event, its monitor, or the title's brackets."""
    for found in (inner.get("monitor_groups"), dig(inner, "monitor.groups")):
        if isinstance(found, list) and found:
            return [part.strip() for group in found for part in str(group).split(",") if part.strip() not in ("", "*")]
    brackets = _BRACKETS.match(title)
    if brackets is None or not brackets["groups"]:
        return []
    return [part.strip() for part in brackets["groups"].strip("{}").split(",")]


def _without_brackets(title: str) -> str:
    brackets = _BRACKETS.match(title)
    return (brackets["title"].strip() if brackets else "") or title
