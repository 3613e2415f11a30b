"""Range answers into metric points. Pure; golden files in `tests/connectors/prometheus/golden`."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connectors.payloads import UnmappableError, dig, set_aside, text_of
from connectors.stretches import Pair
from correlator.errors import SourceError
from correlator.model import MetricPoint
from correlator.ports import SetAside


@dataclass(frozen=True, slots=True)
class Mapped:
    """What an answer became. `infinite` counts values without a finite number, which count as missing."""

    points: tuple[MetricPoint, ...]
    set_aside: tuple[SetAside, ...] = ()
    infinite: int = 0


def points_from_matrix(
    data: Any, metric: str, labels: Mapping[str, str], wanted: Collection[Pair] | None = None
) -> Mapped:
    """The points of a range answer's `data`; of the wanted pairs alone, where they are given.

    `labels` says which label holds the job, the tenant and the host. A series without a job, a second series for the
    same job, tenant and host, and a native histogram are set aside. NaN is how Prometheus writes that there is
    nothing, so it makes no point. Raises SourceError when it is no matrix.
    """
    if not isinstance(data, dict) or data.get("resultType") != "matrix" or not isinstance(data.get("result"), list):
        raise SourceError(f"Prometheus answered {metric} with {_kind(data)} where a matrix was due", permanent=True)
    points: list[MetricPoint] = []
    aside: list[SetAside] = []
    infinite = 0
    seen: set[tuple[str, str, str | None]] = set()
    for series in data["result"]:
        try:
            job, tenant, host = _place(series, labels)
            if wanted is not None and (tenant, job) not in wanted:
                continue
            _only_once((job, tenant, host), seen)
            found, lost = _points(series, metric, job, tenant, host)
        except UnmappableError as error:
            aside.append(_aside(series, metric, str(error)))
            continue
        points += found
        infinite += lost
    return Mapped(tuple(points), tuple(aside), infinite)


def _place(series: Any, labels: Mapping[str, str]) -> tuple[str, str, str | None]:
    """Job, tenant and host of a series, by its labels."""
    held = dig(series, "metric")
    found = {field: text_of(held.get(label)) if isinstance(held, dict) else None for field, label in labels.items()}
    job = found.get("job")
    if job is None:
        raise UnmappableError(f"no label `{labels.get('job', 'job')}` (the job) on it")
    return job, found.get("tenant") or "", found.get("host")


def _only_once(place: tuple[str, str, str | None], seen: set[tuple[str, str, str | None]]) -> None:
    if place in seen:
        raise UnmappableError(f"another series of job {place[0]}: let the query aggregate, e.g. max by (job)")
    seen.add(place)


def _points(series: Any, metric: str, job: str, tenant: str, host: str | None) -> tuple[list[MetricPoint], int]:
    values = series.get("values")
    if values is None and series.get("histograms") is not None:
        raise UnmappableError("a native histogram: let the query make a number of it, e.g. histogram_quantile")
    if not isinstance(values, list):
        raise UnmappableError("no values in it")
    points, infinite = [], 0
    for item in values:
        at, value = _sample(item)
        if math.isfinite(value):
            points.append(MetricPoint(metric, at, value, job, tenant, host))
        infinite += math.isinf(value)
    return points, infinite


def _sample(item: Any) -> tuple[datetime, float]:
    """`[1700000000.5, "1.25"]` as time and value."""
    try:
        at, value = item
        return datetime.fromtimestamp(float(at), UTC), float(value)
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise UnmappableError(f"not a time and a value: {item!r:.60}") from error


def _aside(series: Any, metric: str, reason: str) -> SetAside:
    """The series by its labels, without its values: they are many, and none of them is wrong."""
    held = dig(series, "metric")
    return set_aside({"query": metric, "labels": held if isinstance(held, dict) else str(series)[:200]}, reason)


def _kind(data: Any) -> str:
    found = data.get("resultType") if isinstance(data, dict) else None
    return f"a {found}" if found else "something"
