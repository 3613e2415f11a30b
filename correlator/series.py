"""Metric series by tenant and job, found by binary search; the points known at one moment."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from correlator.tables.frames import Tables


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
        frame = tables.metrics
        frame = frame[frame["at"].to_numpy(np.int64) <= as_of] if len(frame) else frame
        self._slices: dict[tuple[str, str], list[tuple[str, int, int]]] = {}
        if not len(frame):
            return
        keys = [frame[name].astype(str).where(frame[name].notna(), "") for name in ("tenant", "job", "metric")]
        means = frame["value"].groupby([*keys, frame["at"]], sort=True).mean().reset_index()
        self._at = means["at"].to_numpy(np.int64)
        self._value = means["value"].to_numpy(np.float64)
        names = means[["tenant", "job", "metric"]]
        new = np.flatnonzero((names != names.shift()).any(axis=1).to_numpy())
        for begin, end in zip(new, [*new[1:], len(means)], strict=True):
            tenant, job, metric = names.iloc[int(begin)]
            self._slices.setdefault((tenant, job), []).append((metric, int(begin), int(end)))

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
