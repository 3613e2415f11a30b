"""Datadog's payloads as facts. Pure: no clock, no network; what cannot be mapped raises with the reason."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from connectors.payloads import UnmappableError, dig, identifier, moment, optional_moment, text_of
from correlator.model import Attempt, Change, MetricPoint, Status

STATUSES: Final[Mapping[str, Status]] = {
    **{status.value: status for status in Status},
    **dict.fromkeys(("ok", "succeeded", "passed", "completed", "complete", "finished", "done"), Status.SUCCESS),
    **dict.fromkeys(("error", "failure", "fail", "errored"), Status.FAILED),
    **dict.fromkeys(("timeout", "timedout", "deadline_exceeded"), Status.TIMED_OUT),
    **dict.fromkeys(("canceled", "aborted", "killed", "stopped", "terminated"), Status.CANCELLED),
    **dict.fromkeys(("omitted", "not_run"), Status.SKIPPED),
    **dict.fromkeys(("in_progress", "started"), Status.RUNNING),
}
KEPT_TAGS: Final = ("env", "version")
_ERROR_LENGTH: Final = 4000
_METRIC_NAME: Final = re.compile(r"^(?:\w+:)?(?P<name>[\w./-]+)\{")


@dataclass(frozen=True, slots=True)
class Lookup:
    """One item's values by name: in what the sender attached first (exact case), then in its tags (Datadog's case)."""

    places: tuple[Any, ...]
    tags: Mapping[str, str]

    def __call__(self, name: str) -> str | None:
        for place in self.places:
            if (found := text_of(dig(place, name))) is not None:
                return found
        return self.tags.get(name) or self.tags.get(name.lower())


def tag_values(tags: Any) -> dict[str, str]:
    """`["job:export", "compute"]` as `{"job": "export"}`; of a tag that repeats the first value holds."""
    values: dict[str, str] = {}
    for tag in tags if isinstance(tags, list) else ():
        name, colon, value = str(tag).partition(":")
        if colon and value:
            values.setdefault(name, value)
    return values


# --- spans -------------------------------------------------------------------------------------------------------


def attempt_from_span(span: Any, names: Mapping[str, str]) -> Attempt:
    """A job run from a span of the search. `names` is the setting `datadog.tags`: field -> tag or dotted path.

    A span without a run id is named by its span id; one without a status failed if it carries an error. Raises
    UnmappableError.
    """
    attributes = _attributes(span)
    find = _span_lookup(attributes)
    started_at = moment(attributes.get("start_timestamp"), "start_timestamp")
    status = _status(find, names["status"])
    finished_at = None if status is Status.RUNNING else _finished_at(attributes, started_at)
    return Attempt(
        run_id=_run_id(find, names, attributes),
        job=identifier(find(names["job"]), f"`{names['job']}` (the job)"),
        started_at=started_at,
        status=status,
        tenant=find(names["tenant"]) or "",
        logical_run_id=find(names["logical_run_id"]),
        attempt=_attempt_number(find(names["attempt"]), names["attempt"]),
        scheduled_at=optional_moment(find(names["scheduled_at"]), names["scheduled_at"]),
        finished_at=finished_at,
        error=_error(find, names["error"]),
        service=text_of(attributes.get("service")),
        host=text_of(attributes.get("host")),
        tags=_span_tags(attributes, find),
    )


def _span_lookup(attributes: Mapping[str, Any]) -> Lookup:
    places = (attributes.get("custom"), attributes.get("attributes"), attributes)
    return Lookup(places, tag_values(attributes.get("tags")))


def _attributes(item: Any) -> Mapping[str, Any]:
    attributes = item.get("attributes") if isinstance(item, Mapping) else None
    if not isinstance(attributes, Mapping):
        raise UnmappableError("no attributes in it")
    return attributes


def _run_id(find: Lookup, names: Mapping[str, str], attributes: Mapping[str, Any]) -> str:
    found = find(names["run_id"]) or attributes.get("span_id")
    return identifier(found, f"`{names['run_id']}` and no span_id")


def _status(find: Lookup, name: str) -> Status:
    word = find(name)
    if word is None:
        carries_error = any(find(path) not in (None, "0", "false") for path in ("error", *_ERROR_PATHS))
        return Status.FAILED if carries_error else Status.SUCCESS
    status = STATUSES.get(word.lower().replace("-", "_").replace(" ", "_"))
    if status is None:
        raise UnmappableError(f"unknown status {word!r} in `{name}`")
    return status


_ERROR_PATHS: Final = ("error.message", "error.type", "error.msg")


def _error(find: Lookup, name: str) -> str | None:
    found = find(name)
    return found[:_ERROR_LENGTH] if found else None


def _attempt_number(text: str | None, name: str) -> int | None:
    if text is None:
        return None
    try:
        number = float(text)
    except ValueError as error:
        raise UnmappableError(f"`{name}` is not a number: {text!r}") from error
    if not number.is_integer() or not 1 <= number < 2**31:
        raise UnmappableError(f"`{name}` must count 1, 2, …, found {text!r}")
    return int(number)


def _finished_at(attributes: Mapping[str, Any], started_at: datetime) -> datetime | None:
    """The end of the span; without one, start and duration (ns) give it."""
    finished_at = optional_moment(attributes.get("end_timestamp"), "end_timestamp")
    duration = dig(attributes.get("custom"), "duration")
    if finished_at is None and isinstance(duration, int | float) and 0 <= duration < 1e18:
        finished_at = started_at + timedelta(microseconds=int(duration // 1000))
    if finished_at is not None and finished_at < started_at:
        raise UnmappableError("end_timestamp before start_timestamp")
    return finished_at


def _span_tags(attributes: Mapping[str, Any], find: Lookup) -> dict[str, str]:
    """What a deep link needs, and where the run belongs."""
    ids = {name: text_of(attributes.get(name)) for name in ("trace_id", "span_id")}
    kept = ids | {name: find(name) for name in KEPT_TAGS}
    return {name: value for name, value in kept.items() if value}


# --- events ------------------------------------------------------------------------------------------------------


def change_from_event(event: Any, names: Mapping[str, str]) -> Change:
    """A change from an event of the search. A monitor's own event is an alert, not a change. Raises UnmappableError."""
    attributes = _attributes(event)
    inner = attributes.get("attributes")
    inner = inner if isinstance(inner, Mapping) else {}
    if inner.get("monitor_id") or inner.get("monitor"):
        raise UnmappableError("a monitor's own event, not a change; `datadog.events_query` can leave these out")
    find = Lookup((inner,), tag_values(attributes.get("tags")))
    return Change(
        change_id=identifier(event.get("id"), "id"),
        at=moment(inner.get("timestamp") or attributes.get("timestamp"), "timestamp"),
        title=_title(inner, attributes),
        job=find(names["job"]),
        service=_defined(find("service")),
        tenant=find(names["tenant"]) or "",
    )


def _title(inner: Mapping[str, Any], attributes: Mapping[str, Any]) -> str:
    title = text_of(inner.get("title")) or text_of(attributes.get("title"))
    lines = (text_of(attributes.get("message")) or "").splitlines()
    return title or (lines[0].strip() if lines else "") or "(no title)"


def _defined(value: str | None) -> str | None:
    return None if value == "undefined" else value  # what Datadog writes for an event without a service


# --- metrics -----------------------------------------------------------------------------------------------------


def metric_name(query: str) -> str:
    """The metric of a query: `avg:job.memory_gib{env:prod} by {job}` -> `job.memory_gib`.

    Raises ValueError when the query does not name one.
    """
    match = _METRIC_NAME.match(query.strip())
    if match is None:
        raise ValueError(f"{query!r} does not read like `avg:metric.name{{filter}} by {{job,tenant}}`")
    return match["name"]


def points_from_timeseries(
    document: Mapping[str, Any], metrics: list[str], names: Mapping[str, str]
) -> Iterator[MetricPoint]:
    """The points of a columnar answer: `values[i]` belongs to `series[i]`, with nulls where it has no point.

    `metrics` are the names in the order of the queries. Raises UnmappableError when the columns do not fit.
    """
    attributes = _attributes(document.get("data"))
    series, times, values = (_column(attributes, name) for name in ("series", "times", "values"))
    if len(series) != len(values):
        raise UnmappableError(f"{len(series)} series but {len(values)} rows of values")
    moments = [moment(time, "times") for time in times]
    for head, row in zip(series, values, strict=True):
        yield from _row_points(head, row, moments, metrics, names)


def _column(attributes: Mapping[str, Any], name: str) -> list[Any]:
    column = attributes.get(name)
    if column is None:
        return []
    if not isinstance(column, list):
        raise UnmappableError(f"`{name}` is not a list")
    return column


def _row_points(
    head: Any, row: Any, moments: list[datetime], metrics: list[str], names: Mapping[str, str]
) -> Iterator[MetricPoint]:
    index = head.get("query_index", 0) if isinstance(head, Mapping) else None
    if not isinstance(index, int) or not 0 <= index < len(metrics):
        raise UnmappableError(f"a series of an unknown query: {head!r}")
    if not isinstance(row, list) or len(row) != len(moments):
        raise UnmappableError("a row of values is not as long as `times`")
    tags = tag_values(head.get("group_tags"))
    job, tenant, host = _group(tags, names["job"]), _group(tags, names["tenant"]), tags.get("host")
    for at, value in _present(moments, row):
        yield MetricPoint(metrics[index], at, value, job=job, tenant=tenant or "", host=host)


def _present(moments: Iterable[datetime], row: list[Any]) -> Iterator[tuple[datetime, float]]:
    for at, value in zip(moments, row, strict=True):
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            yield at, float(value)


def _group(tags: Mapping[str, str], name: str) -> str | None:
    value = tags.get(name) or tags.get(name.lower())
    return None if value == "N/A" else value  # Datadog's group of the points without the tag
