"""Metric queries and the points of their answers. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from connectors.datadog.items import attributes_of, tag_values
from connectors.payloads import UnmappableError, moment
from correlator.model import MetricPoint

_QUERY: Final = re.compile(r"^\s*(?P<head>(?:\w+:)?(?P<name>[\w./-]+))\{(?P<scope>[^}]*)\}(?P<rest>.*)$", re.DOTALL)
_GROUPS: Final = re.compile(r"^\s*by\s*\{(?P<by>[^}]*)\}")
_WORDS: Final = re.compile(r"\b(?:AND|OR|NOT|IN)\b")
_NOT_IN_TAGS: Final = re.compile(r"[^a-z0-9_\-:./]")


@dataclass(frozen=True, slots=True)
class MetricQuery:
    """A query taken apart: `avg:job.rows` `{env:prod}` ` by {job,tenant}`."""

    head: str
    metric: str
    scope: str
    rest: str

    def groups_by(self, name: str) -> bool:
        """Whether each value of this tag gives a series of its own."""
        found = _GROUPS.match(self.rest)
        return found is not None and name in [part.strip() for part in found["by"].split(",")]

    def narrowed(self, conditions: Iterable[str]) -> str:
        """The query for what fulfils these conditions as well."""
        return f"{self.head}{{{' AND '.join([*self._conditions(), *conditions]) or '*'}}}{self.rest}"

    def _conditions(self) -> list[str]:
        """The scope in words: Datadog takes commas and `!`, or AND and NOT, but not both in one query."""
        scope = self.scope.strip()
        if scope in ("", "*"):
            return []
        if _WORDS.search(scope):
            return [f"({scope})"]
        parts = [part.strip() for part in scope.split(",") if part.strip() not in ("", "*")]
        return [f"NOT {part[1:]}" if part.startswith("!") else part for part in parts]


def parse_query(text: str) -> MetricQuery:
    """The query taken apart. Raises ValueError when it does not name a metric.

    >>> parse_query("avg:job.memory_gib{env:prod} by {job}").metric
    'job.memory_gib'
    """
    match = _QUERY.match(text)
    if match is None:
        raise ValueError(f"{text!r} does not read like `avg:metric.name{{filter}} by {{job,tenant}}`")
    return MetricQuery(match["head"], match["name"], match["scope"], match["rest"])


def full_query(entry: str, names: Mapping[str, str]) -> str:
    """A metric's name as a query over all jobs and tenants; an entry that is a query already stays as it is.

    >>> full_query("job.memory_gib", {"job": "job", "tenant": "customer"})
    'avg:job.memory_gib{*} by {job,customer}'
    """
    return entry if "{" in entry else f"avg:{entry}{{*}} by {{{names['job']},{names['tenant']}}}"


def one_of(tag: str, values: Collection[str]) -> str:
    """The condition that a tag has one of these values, in Datadog's spelling of them.

    >>> one_of("job", ["Export Ads"]), one_of("job", ["b", "a"])
    ('job:export_ads', 'job IN (a,b)')
    """
    spelt = sorted({tag_spelling(value) for value in values})
    return f"{tag}:{spelt[0]}" if len(spelt) == 1 else f"{tag} IN ({','.join(spelt)})"


def tag_spelling(value: str) -> str:
    """A value as Datadog keeps it in tags: lower case, and `_` for what tags cannot hold."""
    return _NOT_IN_TAGS.sub("_", value.lower())


def points_from_timeseries(
    document: Mapping[str, Any],
    metrics: list[str],
    names: Mapping[str, str],
    known: Mapping[str, str],
) -> Iterator[MetricPoint]:
    """The points of a columnar answer: `values[i]` belongs to `series[i]`, with nulls where it has no point.

    `metrics` are the names in the order of the queries; `known` gives jobs and tenants back their own spelling.
    Raises UnmappableError when the columns do not fit.
    """
    attributes = attributes_of(document.get("data"))
    series, times, values = (_column(attributes, name) for name in ("series", "times", "values"))
    if len(series) != len(values):
        raise UnmappableError(f"{len(series)} series but {len(values)} rows of values")
    moments = [moment(time, "times") for time in times]
    for head, row in zip(series, values, strict=True):
        yield from _row_points(head, row, moments, metrics, names, known)


def _column(attributes: Mapping[str, Any], name: str) -> list[Any]:
    column = attributes.get(name)
    if column is None:
        return []
    if not isinstance(column, list):
        raise UnmappableError(f"`{name}` is not a list")
    return column


def _row_points(
    head: Any,
    row: Any,
    moments: list[datetime],
    metrics: list[str],
    names: Mapping[str, str],
    known: Mapping[str, str],
) -> Iterator[MetricPoint]:
    index = head.get("query_index", 0) if isinstance(head, Mapping) else None
    if not isinstance(index, int) or not 0 <= index < len(metrics):
        raise UnmappableError(f"a series of an unknown query: {head!r}")
    if not isinstance(row, list) or len(row) != len(moments):
        raise UnmappableError("a row of values is not as long as `times`")
    tags = tag_values(head.get("group_tags"))
    job, tenant = (_group(tags, names[field], known) for field in ("job", "tenant"))
    for at, value in _present(moments, row):
        yield MetricPoint(metrics[index], at, value, job=job, tenant=tenant or "", host=tags.get("host"))


def _present(moments: Iterable[datetime], row: list[Any]) -> Iterator[tuple[datetime, float]]:
    for at, value in zip(moments, row, strict=True):
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            yield at, float(value)


def _group(tags: Mapping[str, str], name: str, known: Mapping[str, str]) -> str | None:
    value = tags.get(name) or tags.get(name.lower())
    if value is None or value == "N/A":  # Datadog's group of the points without the tag
        return None
    return known.get(value, value)
