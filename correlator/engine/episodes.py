"""Shared causes first: outages of one tenant or of the whole platform, found across jobs that do not wait for one
another, and the runs they take out of every other test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from correlator.engine.pipeline import Job, Pipeline
from correlator.statistics.coincidence import Unit, Window, find_windows
from correlator.tables.frames import MICROSECONDS

BoolArray = NDArray[np.bool_]

DAY = 24 * 3600 * MICROSECONDS
LONGEST = DAY


@dataclass(frozen=True)
class SharedEpisode:
    """One episode, `[start, end]` in µs from the first failed start to the last failed end in it."""

    start: int
    end: int
    jobs: tuple[str, ...]
    failures: int
    scope: str
    expected: float
    posterior: float
    log_likelihood_ratio: float
    label: tuple[str, str] | None = None
    """What the runs it concerns have in common, such as `("host", "worker-3")`; None for all of its scope."""


def exposed_to_any(pipeline: Pipeline, index: int) -> BoolArray:
    """Runs that stood on some declared upstream run that was not ready, or may have done so: they cannot speak for an
    outage."""
    exposed = np.zeros(len(pipeline.jobs[index].due), bool)
    for edge in pipeline.into[index]:
        exposed |= edge.exposed | edge.held | edge.unclear
    return exposed


def tenant_episodes(pipeline: Pipeline, known: tuple[SharedEpisode, ...] = ()) -> tuple[SharedEpisode, ...]:
    """Episodes among the jobs of one tenant that are not part of the `known` (wider) ones."""
    units, numbers = _units(pipeline, known)
    if len(units) < 2:
        return ()
    longest = min(LONGEST, 3 * max(pipeline.jobs[n].period for n in numbers))
    windows = find_windows(units, longest, DAY)
    return tuple(sorted((_episode(pipeline, window) for window in windows), key=lambda episode: episode.start))


def _units(pipeline: Pipeline, known: tuple[SharedEpisode, ...]) -> tuple[list[Unit], list[int]]:
    units, numbers = [], []
    for index, job in enumerate(pipeline.jobs):
        if job.tenant != pipeline.tenant:
            continue
        speaks = job.counted & ~exposed_to_any(pipeline, index) & ~hit_by(job, known)
        if speaks.any():
            units.append(Unit.of(job.start[speaks], job.failed[speaks]))
            numbers.append(index)
    return units, numbers


def _episode(pipeline: Pipeline, window: Window) -> SharedEpisode:
    """All failures of the tenant that start in the window belong to it, also those of jobs that were exposed."""
    jobs, failures, end = [], 0, window.end
    for job in pipeline.jobs:
        hit = job.failed & (job.start >= window.start) & (job.start <= window.end)
        if hit.any():
            jobs.append(job.name)
            failures += int(hit.sum())
            end = max(end, int(job.end[hit].max()))
    return SharedEpisode(
        start=window.start,
        end=end,
        jobs=tuple(sorted(jobs)),
        failures=failures,
        scope="tenant",
        expected=window.expected,
        posterior=window.posterior,
        log_likelihood_ratio=window.log_likelihood_ratio,
    )


def hit_by(job: Job, episodes: tuple[SharedEpisode, ...]) -> BoolArray:
    """The runs of a job that overlap one of the episodes and carry its label."""
    result = np.zeros(len(job.due), bool)
    for episode in episodes:
        result |= (job.start <= episode.end) & (job.end >= episode.start) & with_label(job, episode.label)
    return result


def with_label(job: Job, label: tuple[str, str] | None) -> BoolArray:
    """The runs of a job that carry a label; its name is one that all of them have."""
    if label is None or label == ("job", job.name):
        return np.ones(len(job.due), bool)
    place = next((place for place in job.places if place.key == label[0]), None)
    return np.zeros(len(job.due), bool) if place is None else place.at(label[1])
