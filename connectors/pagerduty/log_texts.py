"""A log entry in one readable line, whatever its type: who did what, and what PagerDuty keeps beside it.

PagerDuty mostly writes a summary of its own ("Acknowledged by …"). Where it does, that is the line; where it does not,
the type says what happened. What the summary leaves out follows it: the note, what the monitor sent, the fields.
Source of the types and their fields: PagerDuty/api-schema, components `LogEntry` and its kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from connectors.payloads import dig, text_of

_SUFFIXES: Final = ("_log_entry_reference", "_log_entry")


def log_text(payload: Any) -> str:
    """The line of one log entry; a type that is not known yet is told by its own name, with the underscores gone."""
    kind = entry_type(payload)
    head = text_of(dig(payload, "summary")) or _said_by_type(kind, payload)
    parts = [head]
    for extra in _EXTRAS.get(kind, _note)(payload):
        if extra and extra.casefold() not in " ".join(parts).casefold():
            parts.append(extra)
    return ": ".join((parts[0], "; ".join(parts[1:]))) if parts[1:] else head


def entry_type(payload: Any) -> str:
    """`trigger` of `trigger_log_entry`; "" where there is no type. (One type is written in two ways by its maker.)"""
    kind = text_of(dig(payload, "type")) or ""
    for suffix in _SUFFIXES:
        kind = kind.removesuffix(suffix)
    return "acknowledge" if kind == "acknowledgement" else kind


def _said_by_type(kind: str, payload: Any) -> str:
    words = _WORDS.get(kind)
    if words is None:
        return kind.replace("_", " ").capitalize() or "An entry without a type"
    agent = text_of(dig(payload, "agent.summary"))
    people = _names(dig(payload, "assignees")) or text_of(dig(payload, "user.summary"))
    whom = f" {people}" if people and words.endswith(" to") else f": {people}" if people else ""
    plain = words if whom else words.removesuffix(" to")
    return f"{plain}{whom}{f' by {agent}' if agent else ''}"


_WORDS: Final[Mapping[str, str]] = {
    "acknowledge": "Acknowledged",
    "annotate": "Note added",
    "assign": "Assigned to",
    "delegate": "Delegated to",
    "escalate": "Escalated to",
    "exhaust_escalation_path": "Nobody left to escalate to",
    "notify": "Notified",
    "reach_ack_limit": "Too many acknowledgements to keep count",
    "reach_trigger_limit": "Too many triggers to keep count",
    "repeat_escalation_path": "Escalation starts again",
    "resolve": "Resolved",
    "snooze": "Snoozed",
    "trigger": "Triggered",
    "unacknowledge": "No longer acknowledged",
    "urgency_change": "Urgency changed",
    "field_value_change": "Field changed",
    "custom_field_value_change": "Custom field changed",
}
"""All types there are, in words, for an entry without a summary."""


def _names(people: Any) -> str:
    found = [text_of(dig(person, "summary")) or text_of(dig(person, "id")) for person in _list(people)]
    return ", ".join(name for name in found if name)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _note(payload: Any) -> Iterable[str | None]:
    """The note somebody left with it, which is where PagerDuty puts it for this channel."""
    yield text_of(dig(payload, "note"))
    if dig(payload, "channel.type") == "note":
        yield text_of(dig(payload, "channel.summary")) or text_of(dig(payload, "channel.content"))


def _trigger(payload: Any) -> Iterable[str | None]:
    """What the monitor said."""
    yield text_of(dig(payload, "event_details.description"))
    yield text_of(dig(payload, "channel.summary")) or text_of(dig(payload, "channel.subject"))


def _acknowledge(payload: Any) -> Iterable[str | None]:
    yield from _note(payload)
    seconds = dig(payload, "acknowledgement_timeout")
    if isinstance(seconds, int) and not isinstance(seconds, bool) and seconds > 0:
        yield f"for {seconds // 60} min"


def _snooze(payload: Any) -> Iterable[str | None]:
    yield from _note(payload)
    for action in _list(dig(payload, "changed_actions")):
        if at := text_of(dig(action, "at")):
            yield f"{text_of(dig(action, 'type')) or 'until'} at {at}"


def _notify(payload: Any) -> Iterable[str | None]:
    how, status = (text_of(dig(payload, f"channel.notification.{name}")) for name in ("type", "status"))
    yield ", ".join(part for part in (how, status) if part)


def _unacknowledge(payload: Any) -> Iterable[str | None]:
    yield from _note(payload)
    if dig(payload, "channel.type") == "timeout":
        yield "the time for it was over"


def _fields(payload: Any) -> Iterable[str | None]:
    """The changes in words where PagerDuty gives them, else field by field."""
    words = [text_of(item) for item in _list(dig(payload, "changeset"))]
    yield from words
    if not any(words):
        for fields in ("customer_fields", "custom_fields", "application_fields"):
            yield from (_field(item) for item in _list(dig(payload, f"channel.changeset.{fields}")))


def _field(item: Any) -> str | None:
    name, old, new = (dig(item, key) for key in ("name", "old_value", "value"))
    if text_of(name) is None:
        return None
    return f"{text_of(name)} from {_value(old)} to {_value(new)}"


def _value(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(text_of(item) or "…" for item in value) or "nothing"
    return text_of(value) or "nothing"


_EXTRAS: Final[Mapping[str, Callable[[Any], Iterable[str | None]]]] = {
    "trigger": _trigger,
    "acknowledge": _acknowledge,
    "snooze": _snooze,
    "notify": _notify,
    "unacknowledge": _unacknowledge,
    "field_value_change": _fields,
    "custom_field_value_change": _fields,
}
