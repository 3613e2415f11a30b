"""Metric series by tenant and job, found by binary search; the points known at one moment."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from correlator.history.ordering import stable_order
from correlator.tables.frames import Tables

Columns = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]


@dataclass(frozen=True)
class Series:
    """One metric of one job: sorted times (µs) and values."""

    metric: str
    job: str
    at: NDArray[np.int64]
    value: NDArray[np.float64]

    def last_before(self, moments: NDArray[np.int64], oldest: int) -> NDArray[np.float64]:
        """The last value at or before each moment, NaN where it would be older than `oldest` µs."""
        index = np.searchsorted(self.at, moments, side="right") - 1
        at = self.at[np.maximum(index, 0)]
        known = (index >= 0) & (moments - at <= oldest)
        return np.where(known, self.value[np.maximum(index, 0)], np.nan)


class SeriesIndex:
    """All series of a history, as slices of one sorted table; points of several hosts at one time are averaged."""

    def __init__(self, tables: Tables, as_of: int) -> None:
        self._as_of = as_of
        self._slices: dict[tuple[str, str], list[tuple[str, int, int]]] = {}
        frame = tables.metrics
        frame = frame[frame["at"].to_numpy(np.int64) <= as_of] if len(frame) else frame
        if not len(frame):
            return
        (tenant, tenants), (job, jobs), (metric, metrics) = (
            _coded(frame[name]) for name in ("tenant", "job", "metric")
        )
        key = (tenant * len(jobs) + job) * len(metrics) + metric
        key, self._at, self._value = _averaged(*_sorted(key, frame["at"].to_numpy(np.int64), frame["value"].to_numpy()))
        new = np.flatnonzero(np.append(True, key[1:] != key[:-1]))
        for begin, end in zip(new.tolist(), [*new[1:].tolist(), len(key)], strict=True):
            rest, number = divmod(int(key[begin]), len(metrics))
            name = tenants[rest // len(jobs)], jobs[rest % len(jobs)]
            self._slices.setdefault(name, []).append((metrics[number], begin, end))

    def of(self, tenant: str, job: str) -> list[Series]:
        """The series of one job as one tenant sees it, or the job's shared ones, by metric name."""
        found = self._known(tenant, job) or self._known("", job)
        return [Series(metric, job, self._at[b:e], self._value[b:e]) for metric, b, e in found]

    def until(self, as_of: int) -> SeriesIndex:
        """The points known at an earlier moment (µs), without reading the table again."""
        earlier = copy(self)
        earlier._as_of = min(as_of, self._as_of)
        return earlier

    def _known(self, tenant: str, job: str) -> list[tuple[str, int, int]]:
        slices = self._slices.get((tenant, job), [])
        cut = [(m, b, b + int(np.searchsorted(self._at[b:e], self._as_of, side="right"))) for m, b, e in slices]
        return [(metric, begin, end) for metric, begin, end in cut if end > begin]


def _coded(column: pd.Series) -> tuple[NDArray[np.int64], list[str]]:
    """Codes in alphabetical order, and their names; nothing counts as ""."""
    categories = column.astype("category").cat
    names = [str(name) for name in categories.categories]
    ordered = sorted({*names, ""})
    place = {name: number for number, name in enumerate(ordered)}
    ranks = np.array([*(place[name] for name in names), place[""]], np.int64)  # the last is that of code -1
    return ranks[categories.codes.to_numpy()], ordered


def _sorted(key: NDArray[np.int64], at: NDArray[np.int64], value: NDArray[np.float64]) -> Columns:
    order = stable_order(key) if (at[1:] >= at[:-1]).all() else np.lexsort((at, key))
    return key[order], at[order], value[order]


def _averaged(key: NDArray[np.int64], at: NDArray[np.int64], value: NDArray[np.float64]) -> Columns:
    """Points of one series and time as one."""
    same = np.zeros(len(key) + 1, bool)
    same[1:-1] = (key[1:] == key[:-1]) & (at[1:] == at[:-1])
    if not same.any():
        return key, at, value
    several = np.flatnonzero(same[1:] | same[:-1])
    means = pd.Series(value[several]).groupby([key[several], at[several]], sort=True).mean().to_numpy()
    first = ~same[:-1]
    value = value.copy()
    value[several[first[several]]] = means
    return key[first], at[first], value[first]
