"""One look, from what the last one left or from nothing: the same answer either way.

What a tenant's findings depend on is its rows and changes as seen in its view, the edges, and three things of all
tenants: when outages hit several of them, for how many tested edges p-values are corrected, and which labels come back.
So a tenant is judged again when something in its view is new, or when one of these three has moved.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from heapq import nsmallest
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from correlator.engine.analysis import TenantWork, rounded_up
from correlator.engine.executors import Executor
from correlator.engine.pipeline import Pipeline
from correlator.engine.platform import BIN, Starts, Totals
from correlator.engine.wide import wide_episodes
from correlator.incremental.moments import Clock, View, loud_times
from correlator.incremental.parts import SHARED, Facts, Part, SeenChanges
from correlator.incremental.row_cache import RowCache, get_rows, get_starts, put_rows, put_starts
from correlator.incremental.rows import NEVER, Rows, column, numbers
from correlator.incremental.state import Known, State, Wide
from correlator.incremental.visible import first_to_leave, next_time, seen_in
from correlator.model import Dependency, Finding, ScopeRow, Status
from correlator.model.scopes import ROWS_AT_MOST, worst
from correlator.store.frames import STRADDLE
from correlator.tables.frames import NO_TIME


@dataclass(frozen=True)
class Given:
    """What a look has to go by beside the rows. `choose` gives an executor for so many attempts."""

    clock: Clock
    changes: pd.DataFrame
    edges: tuple[Dependency, ...]
    row_cache: RowCache
    choose: Callable[[int], Executor]

    @cached_property
    def seen_changes(self) -> SeenChanges:
        return SeenChanges(self.changes, self.clock.view(NO_TIME))


@dataclass(frozen=True)
class Looked:
    """What came of it. `findings`: those of the tenants judged, by tenant and job, each with its own tenant's row of
    the scope alone; `judged`: these tenants; `scopes`: of every job the rows that are the same for all tenants."""

    tenants: Mapping[str, Known]
    totals: Totals
    wide: Wide
    waiting: Rows
    findings: tuple[Finding, ...]
    judged: frozenset[str]
    scopes: Mapping[str, tuple[ScopeRow, ...]]


def look_afresh(given: Given, rows: Iterable[tuple[str, Rows]]) -> Looked:
    """Judge every tenant. `rows`: by tenant, all there are since the start of the longest window."""
    tenants = {name: _filed(given, name, mine) for name, mine in rows}
    return _Judging(given, tenants, set(tenants), Rows.none(), None).of_all()


def look_again(given: Given, state: State, new: Rows) -> Looked:
    """Judge the tenants that anything new concerns. `new`: the rows written since the last look."""
    arrived = get_rows(given.row_cache, state.waiting).plus(new)
    if given.clock.stepped < given.clock.now:
        found = _merged(given, state, new, arrived).of_some()
        if found is not None:
            return found
        given = replace(given, clock=given.clock.at_a_step())
    return _merged(given, state, new, arrived).of_all()


def _merged(given: Given, state: State, new: Rows, arrived: Rows) -> _Judging:
    """The tenants with their new rows. Those whom nothing concerns that could be seen now keep them waiting."""
    tenants, touched = _touched(given, state.tenants, new)
    rows = dict(arrived.by_tenant())
    for name in touched:
        old = state.tenants.get(name)
        kept = get_rows(given.row_cache, old.file) if old is not None else Rows.none()
        whole = kept.plus(rows.get(name, Rows.none())).newest()
        tenants[name] = _filed(given, name, whole.since(given.clock.oldest - STRADDLE))
    waiting = Rows.none().plus(*(mine for name, mine in rows.items() if name not in touched))
    return _Judging(given, tenants, touched, waiting, state)


def _filed(given: Given, name: str, rows: Rows) -> Known:
    """A tenant's rows put away, and when it is to be looked at again."""
    loud, next_loud = _loud(given, rows)
    view = given.clock.view(loud)
    return Known(
        file=put_rows(given.row_cache, rows),
        start=view.start,
        until=view.until,
        wake=next_time(rows.runs, rows.metrics, view.until),
        leave=first_to_leave(rows.runs, rows.metrics, view),
        loud=loud,
        next_loud=next_loud,
        changes=given.seen_changes.name(name, view),
    )


def _loud(given: Given, rows: Rows) -> tuple[int, int]:
    """When the last failure or retry by now ended, and the first one dated later."""
    ended, now = loud_times(rows.runs), given.clock.now
    return int(ended[ended <= now].max(initial=NO_TIME)), int(ended[ended > now].min(initial=NEVER))


def _touched(given: Given, before: Mapping[str, Known], new: Rows) -> tuple[dict[str, Known], set[str]]:
    """The tenants with what they now wait for, and the names of those that must be judged again."""
    tenants, touched = dict(before), set()
    for name, rows in new.by_tenant():
        known = before.get(name, Known())
        starts = numbers(rows.runs, "started_at"), numbers(rows.metrics, "at")
        late = min(int(at.min(initial=NEVER)) for at in starts) <= known.until
        if name not in before or (late and _shows(given, known, rows)):
            touched.add(name)
        loud, next_loud = _loud(given, rows)
        tenants[name] = replace(
            known,
            wake=min(known.wake, next_time(rows.runs, rows.metrics, known.until)),
            loud=max(known.loud, loud),
            next_loud=min(known.next_loud, next_loud),
        )
    for name, known in tenants.items():
        view = given.clock.view(known.loud)
        due = view.until >= known.wake or view.start > known.leave or known.next_loud <= given.clock.now
        if due or given.seen_changes.name(name, view) != known.changes:
            touched.add(name)
    return tenants, set(tenants) if SHARED in touched else touched


def _shows(given: Given, known: Known, new: Rows) -> bool:
    """Whether new rows may change what was seen of a tenant: not when attempts that ran then have ended since.

    They may where one of them belongs to a run that began before the view, which shows some of such attempts only, or
    where several sources tell of one: the row revised last counts, whatever it says.
    """
    if new.metrics.num_rows:
        return True
    view, ids = View(known.start, known.until), column(new.runs, "run_id")
    kept = get_rows(given.row_cache, known.file).runs
    before = replace(Rows.none(), runs=kept.filter(pc.is_in(column(kept, "run_id"), value_set=ids)))
    every = before.plus(new)
    after = every.newest()
    if numbers(every.runs, "started_at").min() < view.start or after.runs.num_rows > pc.count_distinct(ids).as_py():
        return True
    return not _seen_of(before, view).equals(_seen_of(after, view))


def _seen_of(rows: Rows, view: View) -> Any:
    """What a view shows of attempts, whenever it came to be known."""
    return seen_in(rows, view).runs.drop_columns(["known_at", "revised_at"]).sort_by("run_id").combine_chunks()


class _Judging:
    """The tenants as they stand, those of them to be judged, and the state that the last look left (None: nothing)."""

    def __init__(
        self, given: Given, tenants: dict[str, Known], touched: set[str], waiting: Rows, state: State | None
    ) -> None:
        self._given, self._tenants, self._touched = given, tenants, touched
        self._waiting, self._state = waiting, state
        self._facts = Facts(self._rows, given.changes, given.clock.view(NO_TIME), given.edges, given.clock.now)

    def of_some(self) -> Looked | None:
        """The findings of the touched tenants, by what was known of all at the last step; None where that may have
        moved: several tenants fail together, or many more edges are tested."""
        state = self._state
        if state is None:
            return None
        part = self._part(self._touched, state.wide.labels)
        out, into = (self._starts(tenants, self._touched) for tenants in (state.tenants, self._tenants))
        totals = state.totals.changed(out, into)
        with_waiting = replace(totals.changed((), [_clean_starts(self._waiting)]), tenants=totals.tenants)
        if with_waiting.spans() != state.wide.spans or self._tests() != state.wide.tests:
            return None
        return self._looked(part, self._touched, totals, state.wide)

    def of_all(self) -> Looked:
        """The findings of the touched tenants, and of all where what concerns all has moved."""
        part = self._part(self._tenants, None)
        totals = Totals.of(self._starts(self._tenants, self._tenants))
        wide = Wide(
            episodes=wide_episodes(part.pipelines),
            tests=self._tests(),
            labels=tuple(place.key for place in part.look.history.places),
            spans=totals.spans(),
            found_at=self._given.clock.now,
        )
        moved = self._state is None or not wide.same(self._state.wide)
        return self._looked(part, set(self._tenants) if moved else self._touched, totals, wide)

    def _looked(self, part: Part, judged: set[str], totals: Totals, wide: Wide) -> Looked:
        mine = [(part.look, pipeline) for pipeline in part.pipelines if pipeline.tenant in judged]
        work = TenantWork(mine, wide.episodes, wide.tests)
        found = (one for some in self._given.choose(part.size).run(work, work.parts) for one in some)
        findings = sorted((_with_own_scope(one) for one in found), key=lambda one: (one.tenant, one.job))
        scopes = _scopes(self._tenants)
        return Looked(self._tenants, totals, wide, self._waiting, tuple(findings), frozenset(judged), scopes)

    def _rows(self, name: str) -> Rows:
        return get_rows(self._given.row_cache, self._tenants[name].file)

    def _part(self, wanted: Collection[str], labels: tuple[str, ...] | None) -> Part:
        """The history of the wanted tenants; what each of them adds to the whole is noted."""
        views = {name: View(self._tenants[name].start, self._tenants[name].until) for name in sorted(wanted)}
        part = self._facts.part(views, labels)
        pipelines = {pipeline.tenant: pipeline for pipeline in part.pipelines}
        for name, streams in part.streams(list(views)).items():
            pipeline = pipelines.get(name)
            tests = 0 if pipeline is None else part.look.tests(pipeline)
            starts = self._put_starts(pipeline) if self._given.clock.step else ""
            self._tenants[name] = replace(self._tenants[name], tests=tests, streams=streams, starts=starts)
        return part

    def _put_starts(self, pipeline: Pipeline | None) -> str:
        return "" if pipeline is None else put_starts(self._given.row_cache, Starts.of(pipeline))

    def _starts(self, tenants: Mapping[str, Known], names: Iterable[str]) -> list[Starts]:
        files = [tenants[name].starts for name in names if name in tenants]
        return [get_starts(self._given.row_cache, file) for file in files if file]

    def _tests(self) -> int:
        return rounded_up(sum(known.tests for known in self._tenants.values()))


def _clean_starts(rows: Rows) -> Starts:
    """What clean runs that wait to be counted add: without them a bin in which one tenant failed would seem to hold
    nothing else."""
    passed = pc.equal(column(rows.runs, "status"), Status.SUCCESS.value).to_numpy(zero_copy_only=False)
    bins, runs = np.unique(numbers(rows.runs, "started_at")[passed] // BIN, return_counts=True)
    return Starts(bins, runs, np.zeros(len(bins), np.int64))


def _scopes(tenants: Mapping[str, Known]) -> dict[str, tuple[ScopeRow, ...]]:
    """Of each job the rows of the tenants where it failed most; only of those are rows made."""
    told: dict[str, list[tuple[int, str, int]]] = {}
    for name, known in tenants.items():
        for job, (failed, runs) in known.streams.items():
            told.setdefault(job, []).append((-failed, name, runs))
    most = {job: nsmallest(ROWS_AT_MOST, mine) for job, mine in sorted(told.items())}
    return {
        job: worst(ScopeRow("tenant", name, -less, 0, runs) for less, name, runs in mine) for job, mine in most.items()
    }


def _with_own_scope(finding: Finding) -> Finding:
    return replace(finding, scope=finding.scope[:1])
