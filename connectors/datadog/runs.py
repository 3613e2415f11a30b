"""Whole runs: a span or a CI pipeline event becomes an attempt. Pure: no clock, no network."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from connectors.datadog.items import READERS, Item, Lookup
from connectors.datadog.run_mapping import RunMapping
from connectors.payloads import UnmappableError, identifier, shifted, text_of
from correlator.model import Attempt, Status

ERROR_LENGTH: Final = 4000
KEPT_TAGS: Final = ("env", "version", "trace_id", "span_id")
"""What a deep link needs, and where the run belongs."""
_ERROR_PATHS: Final = ("error", "error.message", "error.type", "error.msg")


def attempt_from(document: Any, mapping: RunMapping) -> Attempt:
    """A job run from one item. One without a status failed if it carries an error. Raises UnmappableError."""
    item = READERS[mapping.kind](document)
    find = item.find
    status = mapping.status(find) or _status_by_error(find)
    started_at = started(item, mapping)
    return Attempt(
        run_id=identifier(mapping.text(find, "run_id"), mapping.called("run_id")),
        job=identifier(mapping.text(find, "job"), mapping.called("job")),
        started_at=started_at,
        status=status,
        tenant=mapping.text(find, "tenant") or "",
        logical_run_id=mapping.text(find, "logical_run_id"),
        attempt=mapping.attempt(find),
        scheduled_at=mapping.time(find, "scheduled_at"),
        finished_at=None if status is Status.RUNNING else _finished(find, mapping, started_at),
        error=error_text(find, mapping),
        service=mapping.text(find, "service"),
        host=mapping.text(find, "host"),
        tags=kept_tags(find),
    )


def started(item: Item, mapping: RunMapping) -> datetime:
    """The start of a whole run: the mapping's field, else the item's own time. Raises UnmappableError."""
    value = mapping.text(item.find, "started_at")
    value = text_of(item.at) if value is None else value
    if value is None:
        raise UnmappableError(f"no {mapping.called('started_at')}")
    return mapping.moment(value, "started_at")


def error_text(find: Lookup, mapping: RunMapping) -> str | None:
    found = mapping.text(find, "error")
    return found[:ERROR_LENGTH] if found else None


def kept_tags(find: Lookup) -> dict[str, str]:
    found = {name: find(name) for name in KEPT_TAGS}
    return {name: value for name, value in found.items() if value}


def _status_by_error(find: Lookup) -> Status:
    carries_error = any(find(path) not in (None, "0", "false") for path in _ERROR_PATHS)
    return Status.FAILED if carries_error else Status.SUCCESS


def _finished(find: Lookup, mapping: RunMapping, started_at: datetime) -> datetime | None:
    """The end as it stands there; without one, start and duration give it."""
    finished_at = mapping.time(find, "finished_at")
    if finished_at is None and (duration := mapping.duration(find)) is not None:
        finished_at = shifted(started_at, duration, mapping.place("duration"))
    if finished_at is not None and finished_at < started_at:
        raise UnmappableError("it ends before it starts")
    return finished_at
