"""Shared causes first: outages of one tenant or of the whole platform, found across jobs that do not wait for one
another, and the runs they take out of every other test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import poisson

from correlator.engine.pipeline import Pipeline
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


def exposed_to_any(pipeline: Pipeline, index: int) -> BoolArray:
    """Runs that stood on some declared upstream run that was not ready: they cannot speak for an outage."""
    exposed = np.zeros(len(pipeline.jobs[index].due), bool)
    for edge in pipeline.into[index]:
        exposed |= edge.exposed | edge.held
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
        speaks = job.counted & ~exposed_to_any(pipeline, index) & ~inside(job.start, job.end, known)
        if speaks.any():
            units.append(Unit(job.start[speaks], job.failed[speaks]))
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


def inside(start: NDArray[np.int64], end: NDArray[np.int64], episodes: tuple[SharedEpisode, ...]) -> BoolArray:
    """Whether each interval overlaps one of the episodes."""
    result = np.zeros(len(start), bool)
    for episode in episodes:
        result |= (start <= episode.end) & (end >= episode.start)
    return result


BIN = 10 * 60 * MICROSECONDS
PLATFORM_P = 1e-6
PLATFORM_SHARE = 0.3
PLATFORM_TENANTS = 3


def platform_episodes(pipelines: list[Pipeline]) -> tuple[SharedEpisode, ...]:
    """Times at which independent jobs of several tenants fail together.

    In bins of ten minutes: far more failures than the platform's ordinary rate lets expect (Poisson tail), a fair
    share of all that started, and several tenants. Neighbouring bins are one episode.
    """
    if len(pipelines) < PLATFORM_TENANTS:
        return ()
    start, failed, tenant = _independent_starts(pipelines)
    if not failed.any():
        return ()
    bins, place = np.unique(start // BIN, return_inverse=True)
    runs, bad = np.bincount(place), np.bincount(place, weights=failed)
    tenants = np.zeros(len(bins))
    hit = np.unique(np.stack([place[failed], tenant[failed]]), axis=1)
    np.add.at(tenants, hit[0], 1)
    rate = (bad.sum() + 1) / (runs.sum() + 1)
    tail = poisson.sf(bad - 1, runs * rate)
    flagged = (tail < PLATFORM_P / max(len(bins) / 1000, 1)) & (bad >= PLATFORM_SHARE * runs)
    flagged &= tenants >= PLATFORM_TENANTS
    return tuple(_platform_episode(pipelines, *group, rate) for group in _groups(bins[flagged]))


def _independent_starts(pipelines: list[Pipeline]) -> tuple[NDArray[np.int64], BoolArray, NDArray[np.int64]]:
    """Start, failure and tenant (its position) of every run that does not wait for another job."""
    starts, failures, tenants = [], [], []
    for number, pipeline in enumerate(pipelines):
        for index, job in enumerate(pipeline.jobs):
            if job.tenant == pipeline.tenant:
                speaks = job.counted & ~exposed_to_any(pipeline, index)
                starts.append(job.start[speaks])
                failures.append(job.failed[speaks])
                tenants.append(np.full(int(speaks.sum()), number))
    return np.concatenate(starts), np.concatenate(failures), np.concatenate(tenants)


def _groups(bins: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Runs of flagged bins with at most one gap between them, as `[start, end)` times."""
    if not len(bins):
        return []
    cuts = np.flatnonzero(np.diff(bins) > 2) + 1
    return [(int(group[0]) * BIN, (int(group[-1]) + 1) * BIN) for group in np.split(bins, cuts)]


def _platform_episode(pipelines: list[Pipeline], begin: int, end: int, rate: float) -> SharedEpisode:
    """From the first to the last failed start in the bins, widened by failures right next to them."""
    names, failures, runs = set(), 0, 0
    first, last = end, begin
    for pipeline in pipelines:
        for job in pipeline.jobs:
            within = (job.start >= begin - BIN) & (job.start < end + BIN) & job.counted
            hit = job.failed & within
            runs += int(within.sum())
            if hit.any():
                names.add(job.name)
                failures += int(hit.sum())
                first, last = min(first, int(job.start[hit].min())), max(last, int(job.end[hit].max()))
    return SharedEpisode(first, last, tuple(sorted(names)), failures, "platform", runs * rate, 1.0, 0.0)
