"""One history looked at many times, each tenant anew only where something about it became known.

The answer of a look is the one `analyze(tables, as_of)` gives: what one tenant's answer depends on (its own runs, those
of the unnamed tenant, the outages of the whole platform, and how many edges are tested in all) is compared with the
look before, and the tenant is decided again when any of it changed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from correlator.engine.analysis import Look, rounded_up
from correlator.engine.case import Case
from correlator.engine.episodes import SharedEpisode
from correlator.engine.pipeline import Pipeline
from correlator.engine.wide import wide_episodes
from correlator.history.building import build_history
from correlator.history.series import SeriesIndex
from correlator.model import Cause, Verdict
from correlator.tables.frames import NO_TIME, Tables, from_micros

IntArray = NDArray[np.int64]
FOREVER: Final = int(np.iinfo(np.int64).max)


@dataclass(frozen=True)
class Call:
    """What one look said about one job; `at` is the moment of the look."""

    at: datetime
    tenant: str
    job: str
    verdict: Verdict
    cause: Cause
    root_job: str | None
    confidence: float | None
    runs: int
    failed_first: int

    @property
    def said(self) -> tuple[Verdict, Cause, str | None]:
        """What a reader takes away: verdict, cause and root."""
        return self.verdict, self.cause, self.root_job


class Replay:
    """Looks at one history in the order of time. Raises nothing; a look before the first run finds no calls."""

    def __init__(self, tables: Tables) -> None:
        self._parts = {name: _Part(part) for name, part in _by_tenant(tables).items()}
        self.decided = 0
        """How often a tenant was decided, over all looks."""

    @property
    def tenants(self) -> tuple[str, ...]:
        return tuple(self._parts)

    def window(self, tenant: str) -> tuple[datetime, datetime]:
        """The first and the last time in a tenant's runs."""
        times = self._parts[tenant].times
        return from_micros(int(times[0])), from_micros(int(times[-1]))

    def renewed(self, tables: Tables) -> Replay:
        """A replay of tables that may have changed; tenants with the same rows as before keep what was decided."""
        fresh = Replay(tables)
        for name, part in fresh._parts.items():
            old = self._parts.get(name)
            if old is not None and old.same(part):
                fresh._parts[name] = old
        fresh.decided = self.decided
        return fresh

    def looks(self, at: int, tenants: Collection[str] | None = None) -> Iterator[tuple[Call, Case]]:
        """Every decided job as known at `at` (µs), of these tenants or of all; later looks must not be earlier."""
        for part in self._parts.values():
            part.advance(at)
        pipelines = [part.pipeline for part in self._parts.values() if part.pipeline is not None]
        platform = wide_episodes(pipelines)
        tests = rounded_up(sum(part.tests for part in self._parts.values()))
        moment = from_micros(at)
        for name, part in self._parts.items():
            if tenants is None or name in tenants:
                self.decided += part.decide(platform, tests)
                yield from ((replace(call, at=moment), case) for call, case in part.calls)

    def calls(self, at: int, tenants: Collection[str] | None = None) -> list[Call]:
        return [call for call, _ in self.looks(at, tenants)]


class _Part:
    """One tenant's rows (and the unnamed tenant's), with what the last look made of them."""

    def __init__(self, tables: tuple[str, Tables]) -> None:
        self.tenant, self._tables = tables
        runs = self._tables.runs
        own = runs[["started_at", "finished_at"]].to_numpy(np.int64).ravel()
        self.times: IntArray = np.unique(own[own != NO_TIME])
        self._known = -1
        self._key: tuple[int, int, tuple[SharedEpisode, ...]] | None = None
        self._look: Look | None = None
        self._series = SeriesIndex(self._tables, FOREVER)
        self.pipeline: Pipeline | None = None
        self.tests = 0
        self.calls: tuple[tuple[Call, Case], ...] = ()

    def same(self, other: _Part) -> bool:
        mine, theirs = self._tables, other._tables
        names = ("runs", "metrics", "changes", "incidents")
        return mine.dependencies == theirs.dependencies and all(
            getattr(mine, name).equals(getattr(theirs, name)) for name in names
        )

    def advance(self, at: int) -> None:
        """Take in what became known by `at`; nothing to do where no attempt started or ended since."""
        known = int(np.searchsorted(self.times, at, side="right"))
        if known == self._known:
            return
        self._known = known
        look = Look(build_history(self._tables, at), self._series.until(at))
        self._look = look
        self.pipeline = next((found for found in look.pipelines() if found.tenant == self.tenant), None)
        self.tests = 0 if self.pipeline is None else look.tests(self.pipeline)

    def decide(self, platform: tuple[SharedEpisode, ...], tests: int) -> bool:
        """Whether anything the calls depend on had changed, and they were made anew."""
        key = (self._known, tests, platform)
        if key == self._key:
            return False
        self._key = key
        if self.pipeline is None or self._look is None:
            self.calls = ()
            return False
        self.calls = tuple((_call(case), case) for case in self._look.cases(self.pipeline, platform, tests))
        return True


def _call(case: Case) -> Call:
    job, decision, main = case.job, case.decision, case.main
    return Call(
        at=from_micros(case.history.as_of),
        tenant=job.tenant,
        job=job.name,
        verdict=decision.verdict,
        cause=Cause.NONE if main is None else main.cause,
        root_job=None if case.root is None else case.root.name,
        confidence=decision.confidence,
        runs=len(job.due),
        failed_first=int(case.causes.failed.sum()),
    )


def leaning_call(call: Call, case: Case) -> Call:
    """What the call would have been, had the verdict the evidence points to been given however unsure."""
    leaning = case.decision.withheld
    if leaning is None:
        return call
    main, jobs = leaning.main, case.pipeline.jobs
    root = None
    if main is not None and main.cause is not Cause.SHARED:
        root = call.job if main.root is None else jobs[main.root].name
    cause = Cause.NONE if main is None else main.cause
    return replace(call, verdict=leaning.verdict, cause=cause, root_job=root, confidence=leaning.confidence)


def _by_tenant(tables: Tables) -> dict[str, tuple[str, Tables]]:
    """Each tenant's rows with those of the unnamed tenant, whose runs and metrics feed all."""
    runs, metrics = _Rows(tables.runs), _Rows(tables.metrics)
    return {name: (name, replace(tables, runs=runs.of(name), metrics=metrics.of(name))) for name in runs.tenants}


class _Rows:
    """The rows of a frame by tenant, found in one pass."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame
        found = frame.groupby("tenant", observed=True).indices
        self._places = {str(name): np.asarray(places, np.int64) for name, places in found.items()}

    @property
    def tenants(self) -> list[str]:
        return sorted(self._places)

    def of(self, tenant: str) -> pd.DataFrame:
        """The rows of a tenant and of the unnamed one, in their order."""
        none = np.empty(0, np.int64)
        places = [self._places.get(name, none) for name in {tenant, ""}]
        return self._frame.iloc[np.sort(np.concatenate(places))].reset_index(drop=True)
