"""Some tenants' rows made into what the engine judges: one history of all of them."""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from correlator.engine.analysis import Look
from correlator.engine.pipeline import Pipeline
from correlator.engine.scope import Scopes
from correlator.incremental.moments import View
from correlator.incremental.rows import Rows
from correlator.incremental.visible import framed, seen_in
from correlator.model import Dependency
from correlator.tables.checking import empty_frame
from correlator.tables.frames import Tables
from correlator.tables.layout import INCIDENTS, METRICS, RUNS

SHARED: Final = ""
"""The unnamed tenant, whose facts are everybody's."""


@dataclass(frozen=True)
class Part:
    """Some tenants' history, and the pipelines of those of them that have failures."""

    look: Look
    pipelines: tuple[Pipeline, ...]

    @property
    def size(self) -> int:
        """How many attempts it has."""
        return len(self.look.history.tables.runs)

    def streams(self, tenants: Sequence[str]) -> dict[str, dict[str, tuple[int, int]]]:
        """Of each tenant's jobs the failed runs and the runs."""
        history, scopes = self.look.history, Scopes(self.look.history)
        found: dict[str, dict[str, tuple[int, int]]] = {tenant: {} for tenant in tenants}
        for stream, (tenant, job) in enumerate(zip(history.stream_tenant, history.stream_job, strict=True)):
            row = scopes.row(stream)
            found[history.tenants[tenant]][history.jobs[job]] = row.affected, row.runs
        return found


@dataclass(frozen=True)
class Facts:
    """What histories are made of. `rows` gives those of a tenant; `shared` is the view of the unnamed tenant's changes;
    `now` is in µs."""

    rows: Callable[[str], Rows]
    changes: pd.DataFrame
    shared: View
    edges: tuple[Dependency, ...]
    now: int

    def part(self, views: Mapping[str, View], labels: tuple[str, ...] | None) -> Part:
        """The history of these tenants, each as seen in its view. `labels`: those of runs that come back, where it is
        known from all tenants; None to find out from these."""
        seen = [seen_in(self.rows(tenant), view) for tenant, view in views.items()]
        runs, metrics = [rows.runs for rows in seen], [rows.metrics for rows in seen]
        del seen
        tables = Tables(
            runs=framed(runs, RUNS),
            metrics=framed(metrics, METRICS),
            changes=self.changes[_seen(self.changes, {**views, SHARED: self.shared})],
            incidents=empty_frame(INCIDENTS),
            dependencies=self.edges,
        )
        look = Look.of(tables, self.now, labels)
        return Part(look, tuple(look.pipelines()))


def _seen(changes: pd.DataFrame, views: Mapping[str, View]) -> NDArray[np.bool_]:
    """Which changes are those of the tenants, within their views."""
    found = []
    for tenant, at in zip(changes["tenant"].tolist(), changes["at"].tolist(), strict=True):
        view = views.get(tenant)
        found.append(view is not None and view.start <= at <= view.until)
    return np.array(found, bool)


class SeenChanges:
    """Names for what a tenant sees of the recorded changes: equal where it sees the same."""

    def __init__(self, changes: pd.DataFrame, shared: View) -> None:
        self._shared = shared
        self._of: dict[str, tuple[list[int], list[int]]] = {}
        columns = [changes[name].tolist() for name in ("at", "tenant", "change_id", "title", "job")]
        for at, tenant, *rest in sorted(zip(*columns, strict=True)):
            times, sums = self._of.setdefault(tenant, ([], [0]))
            times.append(at)
            sums.append(sums[-1] + _number(at, *rest))

    def name(self, tenant: str, view: View) -> str:
        return f"{self._part(SHARED, self._shared)} {self._part(tenant, view) if tenant != SHARED else ''}"

    def _part(self, tenant: str, view: View) -> str:
        times, sums = self._of.get(tenant, ([], [0]))
        begin, end = bisect_left(times, view.start), bisect_right(times, view.until)
        return f"{end - begin}:{sums[end] - sums[begin]:x}"


def _number(*parts: object) -> int:
    return int.from_bytes(hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).digest()[:12], "big")
