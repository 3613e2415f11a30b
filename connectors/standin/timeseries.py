"""Metrics: `POST /api/v2/query/timeseries` for queries such as `avg:memory_gib{tenant:tenant-01} by {job,tenant}`.

As the vendor does, the answer is columnar (`series[i]` belongs to `values[i]`), its times are milliseconds, points are
rolled up to an interval that grows with the window, and a series without a point in a bucket has null there.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Final

from connectors.standin.facts import Facts
from connectors.standin.paging import BadRequestError
from correlator.model import MetricPoint

_QUERY: Final = re.compile(
    r"\s*(?P<how>avg|sum|min|max):(?P<metric>[A-Za-z][\w.]*)\{(?P<scope>[^}]*)\}"
    r"(?:\s*by\s*\{(?P<by>[^}]*)\})?(?:\.rollup\((?:\w+,\s*)?(?P<rollup>\d+)\))?\s*"
)
_COMBINE: Final[dict[str, Callable[[Iterable[float]], float]]] = {"avg": fmean, "sum": sum, "min": min, "max": max}
_STEPS: Final = ((3_600_000, 20_000), (14_400_000, 60_000), (86_400_000, 300_000), (172_800_000, 600_000))
_COARSE: Final = ((604_800_000, 3_600_000), (2_678_400_000, 14_400_000))
MAX_POINTS: Final = 1500
NAMESPACE: Final = "job."


@dataclass(frozen=True)
class Condition:
    """A tag that must have (or not have) one of these values."""

    tag: str
    values: frozenset[str]
    wanted: bool = True

    def holds(self, point: MetricPoint) -> bool:
        return (_tag(point, self.tag) in self.values) == self.wanted


@dataclass(frozen=True)
class MetricQuery:
    """A metric query, taken apart; `scope` is the conditions that must hold, `by` the keys that make the series."""

    how: str
    metric: str
    scope: tuple[Condition, ...]
    by: tuple[str, ...]
    rollup: int | None


def parse_metric_query(text: str) -> MetricQuery:
    """Raises BadRequestError for what is not such a query."""
    found = _QUERY.fullmatch(text)
    if not found:
        raise BadRequestError(f"Error parsing query: {text}")
    scope = _conditions(found["scope"])
    by = tuple(part.strip() for part in (found["by"] or "").split(",") if part.strip())
    rollup = int(found["rollup"]) * 1000 if found["rollup"] else None
    return MetricQuery(found["how"], found["metric"], scope, by, rollup)


def _conditions(scope: str) -> tuple[Condition, ...]:
    """Commas and `!`, or AND, NOT and IN: never both, as with the vendor. Raises BadRequestError."""
    worded = re.search(r"\b(AND|NOT|IN)\b", scope) is not None
    if "(" in scope.replace("IN (", ""):
        raise BadRequestError(f"Error parsing query: brackets are not served here: {scope}")
    if worded and ("!" in scope or "," in re.sub(r"\([^)]*\)", "", scope)):
        raise BadRequestError(f"Error parsing query: commas beside AND: {scope}")
    parts = re.split(r"\bAND\b", scope) if worded else scope.split(",")
    return tuple(_condition(part.strip()) for part in parts if part.strip() not in ("", "*"))


def _condition(part: str) -> Condition:
    refused = part.startswith(("NOT ", "!"))
    part = part.removeprefix("NOT ").removeprefix("!").strip()
    if listed := re.fullmatch(r"(\S+) IN \(([^)]*)\)", part):
        return Condition(listed[1], frozenset(one.strip() for one in listed[2].split(",")), not refused)
    tag, colon, value = part.partition(":")
    if not colon:
        raise BadRequestError(f"Error parsing query: {part}")
    return Condition(tag.strip(), frozenset([value.strip()]), not refused)


def interval_for(start: int, end: int, wanted: int | None) -> int:
    """Milliseconds between points: what was wanted, or the window's default; coarser rather than too many points."""
    span = max(end - start, 1)
    default = next((step for width, step in (*_STEPS, *_COARSE) if span <= width), 86_400_000)
    interval = wanted or default
    return interval if span / interval <= MAX_POINTS else max(default, span // MAX_POINTS)


def timeseries(facts: Facts, attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The inner attributes of the answer. Raises BadRequestError."""
    start, end = _whole(attributes, "from"), _whole(attributes, "to")
    columns: list[tuple[int, tuple[str, ...], dict[int, float]]] = []
    for index, query in enumerate(_metric_queries(attributes)):
        interval = interval_for(start, end, query.rollup or attributes.get("interval"))
        for tags, points in sorted(_series(facts, query, start, end, interval).items()):
            columns.append((index, tags, points))
    times = sorted({at for _, _, points in columns for at in points})
    return {
        "series": [{"group_tags": list(tags), "query_index": index, "unit": None} for index, tags, _ in columns],
        "times": times,
        "values": [[points.get(at) for at in times] for _, _, points in columns],
    }


def _whole(attributes: Mapping[str, Any], name: str) -> int:
    value = attributes.get(name)
    if not isinstance(value, int):
        raise BadRequestError(f"API input validation failed: {name} must be a whole number of milliseconds.")
    return value


def _metric_queries(attributes: Mapping[str, Any]) -> list[MetricQuery]:
    queries = attributes.get("queries") or []
    metric_queries = [item["query"] for item in queries if item.get("data_source") == "metrics" and "query" in item]
    if len(metric_queries) != len(queries) or not queries:
        raise BadRequestError("API input validation failed: only metrics queries are served here.")
    return [parse_metric_query(text) for text in metric_queries]


def _series(
    facts: Facts, query: MetricQuery, start: int, end: int, interval: int
) -> dict[tuple[str, ...], dict[int, float]]:
    buckets: dict[tuple[str, ...], dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for at, _, point in facts.points_between(_name(facts, query.metric), start, end):
        if all(condition.holds(point) for condition in query.scope):
            tags = tuple(f"{key}:{_tag(point, key) or 'N/A'}" for key in query.by)
            buckets[tags][at // interval * interval if interval > 60_000 else at].append(point.value)
    combine = _COMBINE[query.how]
    return {tags: {at: combine(values) for at, values in by_time.items()} for tags, by_time in buckets.items()}


def _name(facts: Facts, metric: str) -> str:
    """`job.memory_gib` also finds what the history calls `memory_gib`."""
    return metric if metric in facts.metric_index else metric.removeprefix(NAMESPACE)


def _tag(point: MetricPoint, key: str) -> str:
    """A point's tag in the vendor's spelling: lower case, and `_` for what tags cannot hold."""
    value: str | None = getattr(point, key, None) if key in ("job", "tenant", "host") else None
    return re.sub(r"[^a-z0-9_\-:./]", "_", (value or "").lower())
