"""One tenant's jobs and edges as columns: who stood on which run, who was exposed, who was troubled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from correlator.history.alignment import (
    UNMATCHED,
    Schedule,
    first_of_each,
    hour_strata,
    late_runs,
    not_ready,
    stand_on,
    usual_start,
    window_strata,
)
from correlator.history.cadence import Cadence, cadence_of
from correlator.history.clocks import Reading, StartDelay, clock_offsets, start_delay
from correlator.history.columns import NEVER, History, usual_period
from correlator.history.labels import Place
from correlator.model import Dependency
from correlator.tables.frames import MICROSECONDS, NO_TIME

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Job:
    """The logical runs of one job as one tenant sees it; views into the history's columns, one entry a run.

    `offset` is the position of the first run in the history. `end` is when the first attempt ended, or the start of
    one that still runs. Of `hidden` runs the first attempt is not recorded: they are taken to have started as usual
    after they were due, and `end` is that of a later attempt. `clock` is by how much (µs) the clock of its source was
    found to be ahead, give or take `clock_band`; the times are set right by that.
    """

    name: str
    tenant: str
    stream: int
    offset: int
    due: IntArray
    start: IntArray
    end: IntArray
    ready: IntArray
    failed: BoolArray
    counted: BoolArray
    hidden: BoolArray
    skipped: BoolArray
    as_of: int
    places: tuple[Place, ...] = ()
    clock: int = 0
    clock_band: int = 0

    def first(self, runs: int) -> Job:
        """The job when only its first so many runs were known."""
        columns = ("due", "start", "end", "ready", "failed", "counted", "hidden", "skipped")
        places = tuple(place.of(slice(runs)) for place in self.places)
        return replace(self, places=places, **{name: getattr(self, name)[:runs] for name in columns})

    def set_right(self, clock: int) -> Job:
        """The job with its clock set back by so much (µs)."""
        if not clock:
            return self
        ready = np.where(self.ready == NEVER, NEVER, self.ready - clock)
        band = 0 if self.delay is None else self.delay.band
        return replace(self, start=self.start - clock, end=self.end - clock, ready=ready, clock=clock, clock_band=band)

    @cached_property
    def delay(self) -> StartDelay | None:
        return start_delay(self.due, self.start)

    @cached_property
    def schedule(self) -> Schedule:
        return Schedule(self.due, self.start, self.ready, ~self.skipped)

    @cached_property
    def cadence(self) -> Cadence | None:
        return cadence_of(self.due, self.as_of)

    @cached_property
    def period(self) -> int:
        return usual_period(self.due)

    @cached_property
    def late(self) -> BoolArray:
        return late_runs(self.due, self.ready)

    @cached_property
    def usual(self) -> IntArray:
        return usual_start(self.due, self.start)

    @cached_property
    def usual_duration(self) -> int:
        """The median duration (µs) of first attempts that passed."""
        passed = self.counted & ~self.failed
        return int(np.median((self.end - self.start)[passed])) if passed.any() else 0

    @cached_property
    def troubled(self) -> BoolArray:
        """Failed first, or passed much later than usual."""
        both: BoolArray = self.failed | self.late
        return both

    def strata(self, units: BoolArray) -> tuple[tuple[str, IntArray], ...]:
        """Both stratifications of these runs, by name."""
        due = self.due if units.all() else self.due[units]
        return (("narrow windows", window_strata(due)), ("hour of the day", hour_strata(due)))


@dataclass(frozen=True)
class Edge:
    """`upstream` and `downstream` are indices into the pipeline's jobs; the arrays have one entry a downstream run.

    `exposed`: the upstream run was not ready when the first attempt started. `held`: not ready at its usual start.
    `unclear`: whether it was cannot be told. `overdue`: it should have begun and has not been seen; `matched` is the
    run before it then.
    """

    upstream: int
    downstream: int
    matched: IntArray
    exposed: BoolArray
    held: BoolArray
    unclear: BoolArray
    overdue: BoolArray

    @cached_property
    def units(self) -> BoolArray:
        """The runs that are an observation each: the first on each upstream run where one exposes many, else all."""
        return first_of_each(self.matched, self.exposed)

    def first(self, runs: int) -> Edge:
        """The edge when only the first so many downstream runs were known."""
        columns = ("matched", "exposed", "held", "unclear", "overdue")
        return replace(self, **{name: getattr(self, name)[:runs] for name in columns})


@dataclass(frozen=True)
class Pipeline:
    """A tenant's jobs in topological order (upstream first) and the edges between them.

    `declared`: the jobs that a declared edge names. `unseen`: by job, its declared upstreams without any run.
    """

    tenant: str
    jobs: tuple[Job, ...]
    edges: tuple[Edge, ...]
    declared: frozenset[str] = frozenset()
    unseen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def into(self) -> tuple[tuple[Edge, ...], ...]:
        """For each job the edges that end in it."""
        table: list[list[Edge]] = [[] for _ in self.jobs]
        for edge in self.edges:
            table[edge.downstream].append(edge)
        return tuple(tuple(edges) for edges in table)

    def inputs_known(self, index: int) -> bool:
        """Whether it is known what a job reads: a job with runs, or none, where edges name it as upstream only."""
        name = self.jobs[index].name
        return bool(self.into[index]) or (name in self.declared and name not in self.unseen)

    def first_runs(self, index: int, runs: int) -> Pipeline:
        """The pipeline when only the first so many runs of one job were known; the other jobs stay as they are."""
        if runs == len(self.jobs[index].due):
            return self
        jobs = (*self.jobs[:index], self.jobs[index].first(runs), *self.jobs[index + 1 :])
        edges = tuple(edge.first(runs) if edge.downstream == index else edge for edge in self.edges)
        return replace(self, jobs=jobs, edges=edges)


class EdgesByTenant:
    """Declared edges, by tenant and in the order they stand, so that no tenant looks through those of all others."""

    def __init__(self, dependencies: Iterable[Dependency]) -> None:
        self._of: dict[str | None, list[tuple[int, Dependency]]] = {}
        for place, dependency in enumerate(dependencies):
            self._of.setdefault(dependency.tenant, []).append((place, dependency))

    def of(self, tenant: str) -> list[Dependency]:
        """The edges that hold for this tenant."""
        found = [*self._of.get(None, []), *self._of.get(tenant, [])]
        return [dependency for _, dependency in sorted(found, key=lambda item: item[0])]


def build_pipeline(history: History, tenant: int, dependencies: Iterable[Dependency]) -> Pipeline:
    """The pipeline of one tenant (a code of the history): its own jobs, and shared upstreams of the unnamed tenant.

    `dependencies`: the edges that hold for the tenant.
    """
    name = history.tenants[tenant]
    shared = history.tenants.index("") if "" in history.tenants else None
    begin, end = np.searchsorted(history.stream_tenant, [tenant, tenant + 1])
    streams = {history.jobs[int(history.stream_job[s])]: int(s) for s in range(begin, end)}
    edges: dict[tuple[str, str], int | None] = {}
    declared: set[str] = set()
    unseen: dict[str, tuple[str, ...]] = {}
    for dependency in dependencies:
        declared |= {dependency.upstream, dependency.downstream}
        if dependency.downstream not in streams:
            continue
        stream = streams.get(dependency.upstream)
        if stream is None and shared is not None:
            stream = history.stream(shared, dependency.upstream)
        if stream is not None:
            streams.setdefault(dependency.upstream, stream)
            lag = dependency.max_lag_seconds
            edges[dependency.upstream, dependency.downstream] = None if lag is None else int(lag * MICROSECONDS)
        else:
            others = unseen.get(dependency.downstream, ())
            unseen[dependency.downstream] = tuple(sorted({*others, dependency.upstream}))
    order = _topological(sorted(streams), sorted(edges))
    position = {job: index for index, job in enumerate(order)}
    pairs = [(position[up], position[down]) for up, down in edges]
    jobs = _clocks_set_right(tuple(_job(history, job, streams[job]) for job in order), pairs)
    return Pipeline(
        tenant=name,
        jobs=jobs,
        edges=tuple(_edge(jobs, position[up], position[down], lag) for (up, down), lag in sorted(edges.items())),
        declared=frozenset(declared),
        unseen=unseen,
    )


def _job(history: History, name: str, stream: int) -> Job:
    rows, runs = history.runs_of(stream), history.runs
    due, hidden = runs.due[rows], runs.hidden[rows]
    start, end = runs.start[rows], runs.first_end[rows]
    end = np.where(end == NO_TIME, start, end)
    if hidden.any():
        start = np.where(hidden, _start_of_hidden(due, start, hidden), start)
    return Job(
        name=name,
        tenant=history.tenants[int(history.stream_tenant[stream])],
        stream=stream,
        offset=rows.start,
        due=due,
        start=start,
        end=end,
        ready=runs.ready[rows],
        failed=runs.failed[rows],
        counted=runs.counted[rows],
        hidden=hidden,
        skipped=runs.skipped[rows],
        as_of=history.as_of,
        places=tuple(place.of(rows) for place in history.places),
    )


def _start_of_hidden(due: IntArray, start: IntArray, hidden: BoolArray) -> IntArray:
    """When first attempts that are not recorded would have started: as long after they were due as the others did."""
    delays = (start - due)[~hidden]
    return np.minimum(start, due + (int(np.median(delays)) if len(delays) else 0))


def _clocks_set_right(jobs: tuple[Job, ...], edges: list[tuple[int, int]]) -> tuple[Job, ...]:
    delays = [job.delay for job in jobs]
    if all(delay is None for delay in delays):
        return jobs
    offsets = clock_offsets(delays, [_reading(jobs, up, down) for up, down in edges])
    return tuple(job.set_right(int(clock)) for job, clock in zip(jobs, offsets, strict=True))


def _reading(jobs: tuple[Job, ...], upstream: int, downstream: int) -> Reading:
    up, down = jobs[upstream], jobs[downstream]
    passed = down.counted & ~down.failed
    return Reading(upstream, downstream, up.due, up.ready, down.due, down.start, passed)


def _edge(jobs: tuple[Job, ...], upstream: int, downstream: int, lag: int | None) -> Edge:
    up, down = jobs[upstream], jobs[downstream]
    standing = stand_on(up.schedule, down.schedule, up.cadence, lag)
    matched, overdue = standing.matched, standing.overdue
    unclear = _order_unclear(up, down, matched)
    return Edge(
        upstream=upstream,
        downstream=downstream,
        matched=matched,
        exposed=(_exposed(up, down, matched) & ~unclear) | overdue,
        held=(not_ready(up.ready, matched, down.usual) & ~unclear) | overdue,
        unclear=standing.unknown | unclear,
        overdue=overdue,
    )


def _order_unclear(up: Job, down: Job, matched: IntArray) -> BoolArray:
    """Runs that started as near to when their upstream run was ready as the clocks' offset is uncertain, and those of
    which neither a plan nor the first attempt tells when they started."""
    untold: BoolArray = down.hidden & (down.start == down.due)
    band = up.clock_band + down.clock_band
    if not band or not len(up.ready):
        return untold
    ready = up.ready[np.maximum(matched, 0)]
    near: BoolArray = (matched != UNMATCHED) & (ready != NEVER) & (np.abs(ready - down.start) <= band)
    return near | untold


def _exposed(up: Job, down: Job, matched: IntArray) -> BoolArray:
    """Runs that started before the upstream run they stand on was ready.

    Where most runs do so, the schedule is made that way and an ordinary run reads what was made before: only an
    upstream run later than usual leaves a run without its input then.
    """
    exposed = not_ready(up.ready, matched, down.start)
    if 2 * int((exposed & down.counted).sum()) > int((down.counted & (matched >= 0)).sum()):
        exposed &= up.late[np.maximum(matched, 0)]
    return exposed


def _topological(names: list[str], edges: list[tuple[str, str]]) -> list[str]:
    """Upstream first, alphabetical where nothing decides (Kahn). Edges are free of circles: reading saw to that."""
    waiting: dict[str, set[str]] = {name: set() for name in names}
    for up, down in edges:
        waiting[down].add(up)
    order: list[str] = []
    while waiting:
        free = sorted(name for name, needs in waiting.items() if not needs & waiting.keys())
        order += free or sorted(waiting)
        for name in free or list(waiting):
            del waiting[name]
    return order
