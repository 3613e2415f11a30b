"""The runs of all tenants that speak for themselves, as one table: when, whose, failed or not, and where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from correlator.engine.episodes import SharedEpisode, exposed_to_any
from correlator.engine.pipeline import Job, Pipeline
from correlator.tables.frames import MICROSECONDS

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

DAY: Final = 24 * 3600 * MICROSECONDS
ENOUGH_ELSEWHERE: Final = 20
"""Runs a job must have had elsewhere for its rate there to be known."""


@dataclass(frozen=True)
class Board:
    """Columns of one length, sorted by start (µs): runs that do not wait for another job and lie in no wider episode.

    `stream` is the place of the run's job in `jobs`. `codes` has for each key of a label the number of the run's value
    in `names`, -1 where it has none; the job's own name is a label too, called `job`.
    """

    jobs: tuple[tuple[Job, BoolArray], ...]
    start: IntArray
    end: IntArray
    failed: BoolArray
    stream: IntArray
    codes: dict[str, IntArray]
    names: dict[str, tuple[str, ...]]
    chance: dict[str, FloatArray]
    """By key, for each run: how often it would fail at an ordinary place (only given where it failed)."""

    @classmethod
    def of(cls, pipelines: Iterable[Pipeline], known: Sequence[SharedEpisode]) -> Board:
        """`known`: wider episodes; their runs say nothing about places."""
        jobs = tuple(own for pipeline in pipelines for own in _own(pipeline, known))
        start, end, failed = (_joined(jobs, name) for name in ("start", "end", "failed"))
        stream = np.repeat(np.arange(len(jobs)), [int(speaks.sum()) for _, speaks in jobs])
        keys = sorted({place.key for job, _ in jobs for place in job.places} | {"job"})
        names = {key: _names(key, jobs) for key in keys}
        codes = {key: _codes(key, jobs, names[key]) for key in keys}
        chance = {key: _chances(jobs, codes[key]) for key in keys}
        order = np.lexsort((stream, start))
        return cls(
            jobs,
            start[order],
            end[order],
            failed[order].astype(bool),
            stream[order],
            {key: code[order] for key, code in codes.items()},
            names,
            {key: risk[order] for key, risk in chance.items()},
        )


def _own(pipeline: Pipeline, known: Sequence[SharedEpisode]) -> Iterable[tuple[Job, BoolArray]]:
    for index, job in enumerate(pipeline.jobs):
        if job.tenant == pipeline.tenant:
            speaks = job.counted & ~exposed_to_any(pipeline, index)
            for episode in known:
                speaks &= (job.start > episode.end) | (job.end < episode.start)
            yield job, speaks


def _joined(jobs: Sequence[tuple[Job, BoolArray]], name: str) -> IntArray:
    return np.concatenate([np.empty(0, np.int64), *(getattr(job, name)[speaks] for job, speaks in jobs)])


def _names(key: str, jobs: Sequence[tuple[Job, BoolArray]]) -> tuple[str, ...]:
    if key == "job":
        return tuple(sorted({job.name for job, _ in jobs}))
    tables = {place.names for job, _ in jobs for place in job.places if place.key == key}
    return tuple(sorted(set().union(*tables)))


def _codes(key: str, jobs: Sequence[tuple[Job, BoolArray]], names: tuple[str, ...]) -> IntArray:
    number = {name: code for code, name in enumerate(names)}
    tables: dict[tuple[str, ...], IntArray] = {}
    parts = [np.empty(0, np.int64)]
    for job, speaks in jobs:
        place = next((place for place in job.places if place.key == key), None)
        if key == "job" or place is None:
            parts.append(np.full(int(speaks.sum()), number[job.name] if key == "job" else -1))
            continue
        if place.names not in tables:
            tables[place.names] = np.array([*(number[name] for name in place.names), -1], np.int64)
        parts.append(tables[place.names][place.code[speaks]])
    return np.concatenate(parts)


def _chances(jobs: Sequence[tuple[Job, BoolArray]], codes: IntArray) -> FloatArray:
    chance, at = np.ones(len(codes)), 0
    for job, speaks in jobs:
        mine = slice(at, at + int(speaks.sum()))
        at = mine.stop
        bad = job.failed[speaks]
        if bad.any():
            chance[mine][bad] = _chance(job.start[speaks], bad, codes[mine])
    return chance


def _chance(start: IntArray, bad: BoolArray, code: IntArray) -> FloatArray:
    """For each failed run of a job: its rate at other places (anywhere, where it seldom ran elsewhere), or at this
    hour of the day where that is higher."""
    values, place = np.unique(code, return_inverse=True)
    hour = (start // (DAY // 24)) % 24
    cell = place * 24 + hour
    runs = np.bincount(cell, minlength=24 * len(values)).reshape(-1, 24)
    failed = np.bincount(cell[bad], minlength=24 * len(values)).reshape(-1, 24)
    elsewhere = runs.sum() - runs.sum(axis=1) >= ENOUGH_ELSEWHERE
    runs = np.where(elsewhere[:, None], runs.sum(axis=0) - runs, runs.sum(axis=0))
    failed = np.where(elsewhere[:, None], failed.sum(axis=0) - failed, failed.sum(axis=0))
    rate = (failed.sum(axis=1) + 1) / (runs.sum(axis=1) + 10)
    hourly = (failed + 3 * rate[:, None]) / (runs + 3)
    found: FloatArray = np.minimum(np.maximum(hourly, rate[:, None]), 0.9)[place[bad], hour[bad]]
    return found
