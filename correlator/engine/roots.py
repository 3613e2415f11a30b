"""Walking upstream: for every troubled run, the run in which its trouble began.

An edge *passes trouble on* when downstream runs that stood on a late or failed upstream run are troubled themselves
more often than not by chance. Along such edges a troubled run is laid to the upstream run that kept it waiting
longest, and that one to its own upstream run, until one is reached that no upstream explains.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from correlator.engine.pipeline import Edge, Pipeline

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

PASSES_ON_AT_LEAST = 0.3
"""Posterior mean share of exposed runs in trouble from which on an edge is taken to pass trouble on."""
TIMES_THE_ORDINARY = 3.0


@dataclass(frozen=True)
class Roots:
    """Per job (index into the pipeline) and run: the job and the run (index within that job) where its trouble began,
    and the upstream job it came through first (-1: its own)."""

    job: tuple[IntArray, ...]
    run: tuple[IntArray, ...]
    via: tuple[IntArray, ...]


def passes_on(edge: Edge, pipeline: Pipeline, aside: tuple[BoolArray, ...]) -> bool:
    """Whether trouble upstream goes on downstream along this edge. `aside`: runs of each job that lie in an episode."""
    down = pipeline.jobs[edge.downstream]
    speaks = down.counted & ~aside[edge.downstream]
    outcome = down.troubled & speaks
    exposed = (edge.held | edge.exposed) & speaks
    hits, trials = int((outcome & exposed).sum()), int(exposed.sum())
    others = int(speaks.sum()) - trials
    ordinary = (int(outcome.sum()) - hits + 0.5) / (others + 1)
    share = (hits + 1) / (trials + 2)
    return trials > 0 and hits > 0 and share >= max(PASSES_ON_AT_LEAST, min(TIMES_THE_ORDINARY * ordinary, 0.9))


def trace_roots(pipeline: Pipeline, aside: tuple[BoolArray, ...]) -> Roots:
    """Lay every run to its root, upstream jobs first."""
    jobs: list[IntArray] = []
    runs: list[IntArray] = []
    via: list[IntArray] = []
    for index, job in enumerate(pipeline.jobs):
        root_job = np.full(len(job.due), index, np.int64)
        root_run = np.arange(len(job.due), dtype=np.int64)
        through = np.full(len(job.due), -1, np.int64)
        waited = np.full(len(job.due), np.iinfo(np.int64).min)
        for edge in pipeline.into[index]:
            if not passes_on(edge, pipeline, aside):
                continue
            up = pipeline.jobs[edge.upstream]
            held = edge.exposed | (edge.held & job.troubled)
            ready = np.where(held, up.ready[np.maximum(edge.matched, 0)], waited)
            longer = held & (ready > waited)
            at = edge.matched[longer]
            root_job[longer], root_run[longer] = jobs[edge.upstream][at], runs[edge.upstream][at]
            through[longer] = edge.upstream
            waited = np.where(longer, ready, waited)
        jobs.append(root_job)
        runs.append(root_run)
        via.append(through)
    return Roots(tuple(jobs), tuple(runs), tuple(via))


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
