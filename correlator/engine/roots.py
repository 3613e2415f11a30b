"""Walking upstream: for every troubled run, the run in which its trouble began.

An edge *passes trouble on* when downstream runs do not pass while the upstream run they stand on is late or failing:
they fail first, or wait. Along such edges a troubled run is attributed to the upstream run that kept it waiting
longest, and that one to its own upstream run, until one is reached that no upstream explains.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from correlator.engine.pipeline import Edge, Job, Pipeline
from correlator.history.columns import NEVER
from correlator.statistics.tails import hypergeometric_tail

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

PASSES_ON_AT_LEAST = 0.3
"""Posterior mean share of exposed runs that did not pass before their upstream run from which on an edge passes on."""
HARMS_TIMES = 3.0
HARMS_P = 1e-3
"""Or the exposed runs fail so many times as often as the others, and chance makes that less likely than this."""
EXPLAINS_AT_LEAST = 0.5
"""Share of a run's delay that waiting for the upstream run must make up for the delay to be attributed to it."""


@dataclass(frozen=True)
class Roots:
    """Per job (index into the pipeline) and run: the job and the run (index within that job) where its trouble began,
    and the upstream job it came through first (-1: its own).

    `coming`: per job the same (job, run) for the run that is to come next, should it be overdue; where that is a run
    that has not been seen itself, the last run of its job stands in.
    """

    job: tuple[IntArray, ...]
    run: tuple[IntArray, ...]
    via: tuple[IntArray, ...]
    coming: tuple[tuple[int, int], ...]

    def behind(self, edge: Edge, runs: BoolArray) -> tuple[IntArray, IntArray]:
        """Root job and run of the upstream runs that these downstream runs stand on."""
        at, overdue = edge.matched[runs], edge.overdue[runs]
        job, run = self.coming[edge.upstream]
        return (
            np.where(overdue, job, self.job[edge.upstream][at]),
            np.where(overdue, run, self.run[edge.upstream][at]),
        )


def passes_on(edge: Edge, pipeline: Pipeline) -> bool:
    """Whether trouble upstream goes on downstream along this edge.

    Of runs that started without their upstream run, a fair share fails first, or far more than of the others; or runs
    do not pass before it. The latter only those can tell whose upstream run took so long that an ordinary run would
    have passed meanwhile.
    """
    up, down = pipeline.jobs[edge.upstream], pipeline.jobs[edge.downstream]
    if not len(up.due):
        return False
    ready = up.ready[np.maximum(edge.matched, 0)]
    tells = down.counted & (edge.matched >= 0) & (ready > down.usual + down.usual_duration) & (ready > down.start)
    without = down.counted & edge.exposed
    return (
        _fair_share(tells & (down.failed | (down.ready >= ready)), tells)
        or _fair_share(without & down.failed, without)
        or _far_more(without, down)
    )


def _far_more(without: BoolArray, down: Job) -> bool:
    """Whether runs without their upstream run fail far more often than the others, beyond chance (exact, one-sided)."""
    failed = down.failed & down.counted
    hits, trials = int((failed & without).sum()), int(without.sum())
    bad, others = int(failed.sum()) - hits, int(down.counted.sum()) - trials
    if hits * others < HARMS_TIMES * bad * trials:
        return False
    return hypergeometric_tail(hits, trials + others, hits + bad, trials) <= HARMS_P


def _fair_share(hits: BoolArray, trials: BoolArray) -> bool:
    count = int(hits.sum())
    return count > 0 and (count + 1) / (int(trials.sum()) + 2) >= PASSES_ON_AT_LEAST


def longest_wait(waiting: BoolArray, edge: Edge, up: Job, ready: IntArray, since: IntArray) -> BoolArray:
    """Where this edge kept the run waiting longer than all before it: until `ready`, as yet, from `since` on.

    Of two that never came, the one that began earlier; so no name decides.
    """
    mine, began = up.ready[np.maximum(edge.matched, 0)], up.start[np.maximum(edge.matched, 0)]
    longer: BoolArray = waiting & ((mine > ready) | ((mine == ready) & (began < since)))
    return longer


def trace_roots(pipeline: Pipeline) -> Roots:
    """Lay every run to its root, upstream jobs first."""
    found = Roots((), (), (), ())
    for index, job in enumerate(pipeline.jobs):
        root_job = np.full(len(job.due), index, np.int64)
        root_run = np.arange(len(job.due), dtype=np.int64)
        through = np.full(len(job.due), -1, np.int64)
        waited = np.full(len(job.due), np.iinfo(np.int64).min)
        since = np.full(len(job.due), np.iinfo(np.int64).max)
        for edge in pipeline.into[index]:
            if not passes_on(edge, pipeline):
                continue
            up = pipeline.jobs[edge.upstream]
            longer = longest_wait(_explained(edge, pipeline), edge, up, waited, since)
            at = edge.matched[longer]
            root_job[longer], root_run[longer] = found.behind(edge, longer)
            through[longer] = edge.upstream
            waited[longer], since[longer] = up.ready[at], up.start[at]
        found = Roots(
            job=(*found.job, root_job),
            run=(*found.run, root_run),
            via=(*found.via, through),
            coming=(*found.coming, _coming(pipeline, index, found)),
        )
    return found


def _coming(pipeline: Pipeline, index: int, found: Roots) -> tuple[int, int]:
    """What the run of a job that is to come next waits for: an upstream run that has not passed or not been seen."""
    job = pipeline.jobs[index]
    best, begun = (index, len(job.due) - 1), np.iinfo(np.int64).max
    if job.cadence is None:
        return best
    for edge in pipeline.into[index]:
        up = pipeline.jobs[edge.upstream]
        if not len(up.due) or not passes_on(edge, pipeline):
            continue
        at = max(int(np.searchsorted(up.due, job.due[-1] + job.cadence.period, side="right")) - 1, 0)
        root = (int(found.job[edge.upstream][at]), int(found.run[edge.upstream][at]))
        if up.ready[at] != NEVER:
            if up.cadence is None or up.cadence.overdue[-1] > job.as_of:
                continue
            root = found.coming[edge.upstream]
        start = int(pipeline.jobs[root[0]].start[root[1]])
        if start < begun:
            best, begun = root, start
    return best


def _explained(edge: Edge, pipeline: Pipeline) -> BoolArray:
    """Runs whose trouble the upstream run accounts for: failed for want of it, or waited for it most of their delay.

    A run that started without its input and failed is attributed to it where most such runs fail. Where they wait and
    pass, half a minute of waiting does not account for half an hour in a first attempt that was cut.
    """
    up, down = pipeline.jobs[edge.upstream], pipeline.jobs[edge.downstream]
    ready = up.ready[np.maximum(edge.matched, 0)].astype(float)
    wait = ready - down.usual
    delay = down.ready.astype(float) - down.usual - down.usual_duration
    waited: BoolArray = edge.held & ~down.failed & (wait >= EXPLAINS_AT_LEAST * delay)
    without = edge.exposed & down.counted
    if 2 * int((without & down.failed).sum()) > int(without.sum()):
        return edge.exposed | waited
    took = (down.end - down.start - down.usual_duration).astype(float)
    return waited | edge.overdue | (edge.exposed & down.failed & (ready - down.start >= EXPLAINS_AT_LEAST * took))


def path_from(pipeline: Pipeline, roots: Roots, root: int, case: int) -> tuple[int, ...]:
    """The most travelled way from the root job to the case's job, both ends included."""
    path = [case]
    current, runs = case, np.flatnonzero(pipeline.jobs[case].failed & (roots.job[case] == root))
    while current != root and len(runs):
        through = roots.via[current][runs]
        step = int(np.bincount(through[through >= 0]).argmax())
        edge = next(edge for edge in pipeline.into[current] if edge.upstream == step)
        runs = edge.matched[runs[through == step]]
        current = step
        path.append(current)
    return tuple(reversed(path))
