"""Outages of one place: a host, a shard, a connection pool, one job in all tenants. Found through labels that runs of
several jobs share, without being told which label matters.

Three steps, from cheap to strict. Along every value of every label the failures are summed up as a random walk that
sinks while runs pass and rises when they fail where the job seldom does (a CUSUM); where it rises far there is a
candidate. A candidate is then weighed job by job, each job counted once and against its own past and its own hours,
so that a burst of one job or a bad night of all is no outage. At last the runs elsewhere at the same time speak:
where they failed as well, it was not the place.

References: Page (1954), "Continuous inspection schemes", for the walk; Karlin and Altschul (1990) for how high it rises
by chance; the weighing is that of `statistics.coincidence`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import hypergeom

from correlator.engine.episodes import SharedEpisode, exposed_to_any, hit_by, with_label
from correlator.engine.pipeline import Job, Pipeline
from correlator.statistics.coincidence import Unit, unit_ratio
from correlator.statistics.stratified import stratified_test
from correlator.tables.frames import MICROSECONDS

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Label = tuple[str, str]
"""Key and value, such as `("host", "worker-3")`."""

DAY: Final = 24 * 3600 * MICROSECONDS
FAILS: Final = (0.3, 0.6, 0.9)
"""Shares of the runs at a broken place that may fail."""
SCALE: Final = 1024
"""Rises are whole numbers, so that they add up to the same sum in any order."""
SHARES: Final = np.array(FAILS)[:, None]
CANDIDATE: Final = 6 * SCALE
"""How far (e^6) a walk must rise to be looked at closely."""
CANDIDATES: Final = 5
"""Of each label value at most."""
PRIOR_ODDS: Final = np.log(0.02)
"""Outages of places expected in a history, before anything was seen of it."""
SURE: Final = np.log(9.0)
LONG: Final = DAY
"""A longer stretch is no outage but a place that stays bad: it is set against elsewhere, not against its own past."""
LASTING_REST_P: Final = 0.01
LEAST_JOBS: Final = 2
ELSEWHERE_P: Final = 1e-3
"""The runs elsewhere at the same time must have fared better than chance makes likely."""
EXCESS: Final = 3.0
"""And the failure rate at the place must be this many times theirs."""


@dataclass(frozen=True)
class Candidate:
    """A stretch of time at one value of a label, in µs, both ends included."""

    label: Label
    begin: int
    end: int


@dataclass(frozen=True)
class Failures:
    """What one tenant adds: how many runs each label value saw, and of each failure there its start (µs), the tenant's
    job, and how far it lifts each walk. Tenants may be taken out and put in again: nothing is summed up here."""

    runs: dict[Label, int]
    starts: dict[Label, IntArray]
    rises: dict[Label, IntArray]

    @classmethod
    def of(cls, pipeline: Pipeline) -> Failures:
        runs: dict[Label, int] = defaultdict(int)
        starts: dict[Label, list[IntArray]] = defaultdict(list)
        rises: dict[Label, list[IntArray]] = defaultdict(list)
        for job, speaks in own_runs(pipeline):
            for label, there in labels_of(job):
                here = speaks & there
                runs[label] += int(here.sum())
                bad = here & job.failed
                if bad.any():
                    chance = _chance(job, speaks, speaks & ~there)[bad]
                    starts[label].append(job.start[bad])
                    rises[label].append(np.round(SCALE * np.log(np.maximum(SHARES / chance, 1.0))).astype(np.int64))
        joined = {label: np.concatenate(parts) for label, parts in starts.items()}
        return cls(dict(runs), joined, {label: np.concatenate(parts, axis=1) for label, parts in rises.items()})


def candidates(every: Sequence[Failures], known: tuple[SharedEpisode, ...]) -> tuple[list[Candidate], int]:
    """Where a walk rises far outside of wider episodes, and how many label values were looked at."""
    labels = sorted({label for one in every for label in one.starts})
    found = [candidate for label in labels for candidate in _of_label(label, every, known)]
    return found, len(labels)


def _of_label(label: Label, every: Sequence[Failures], known: tuple[SharedEpisode, ...]) -> Iterator[Candidate]:
    mine = [one for one in every if label in one.starts]
    start = np.concatenate([one.starts[label] for one in mine])
    rise = np.concatenate([one.rises[label] for one in mine], axis=1)
    clear = np.ones(len(start), bool)
    for episode in known:
        clear &= (start < episode.start) | (start > episode.end)
    order = np.lexsort((*rise[:, clear], start[clear]))
    start, rise = start[clear][order], rise[:, clear][:, order]
    if len(start) < LEAST_JOBS:
        return
    runs = sum(one.runs.get(label, 0) for one in every)
    sink = -np.log1p(-SHARES) * SCALE * runs / max(int(start[-1] - start[0]), 1)
    for first, last in _stretches(start, rise, sink):
        yield Candidate(label, int(start[first]), int(start[last]))


def _stretches(start: IntArray, rise: IntArray, sink: NDArray[np.float64]) -> list[tuple[int, int]]:
    """The highest rises of a few walks that go up at failures and down with time, as `[first, last]`; disjoint.

    Between two failures the walk sinks as if runs came evenly; a stretch is weighed run by run later on.
    """
    found: list[tuple[int, int]] = []
    down, rise = sink * (start - start[0]), rise.copy()
    for _ in range(CANDIDATES):
        total = np.cumsum(rise, axis=1)
        lowest = np.minimum.accumulate(total - rise - down, axis=1)
        height = total - down - lowest
        walk, last = (int(place) for place in np.unravel_index(int(np.argmax(height)), height.shape))
        if height[walk, last] < CANDIDATE:
            break
        first = int(np.flatnonzero((total - rise - down)[walk, : last + 1] == lowest[walk, last])[-1])
        found.append((first, last))
        rise[:, first : last + 1] = -CANDIDATE
    return found


def _chance(job: Job, runs: BoolArray, elsewhere: BoolArray) -> NDArray[np.float64]:
    """How often each run of a job would fail at an ordinary place: its rate elsewhere (anywhere, where it seldom ran
    elsewhere), or at this hour of the day where that is higher."""
    base = elsewhere if int(elsewhere.sum()) >= 20 else runs
    rate = (int((base & job.failed).sum()) + 1) / (int(base.sum()) + 10)
    hour = (job.start // (DAY // 24)) % 24
    bad = np.bincount(hour[base & job.failed], minlength=24)
    hourly = (bad + 3 * rate) / (np.bincount(hour[base], minlength=24) + 3)
    return np.minimum(np.maximum(rate, hourly), 0.9)[hour]


def own_runs(pipeline: Pipeline) -> Iterator[tuple[Job, BoolArray]]:
    """The tenant's own jobs, and which of their runs speak: those that do not wait for another job."""
    for index, job in enumerate(pipeline.jobs):
        if job.tenant == pipeline.tenant:
            yield job, job.counted & ~exposed_to_any(pipeline, index)


def labels_of(job: Job) -> Iterator[tuple[Label, BoolArray]]:
    """Every label value of a job's runs and the runs that have it. The job's name is one that all runs have."""
    yield ("job", job.name), np.ones(len(job.due), bool)
    for place in job.places:
        for code in np.unique(place.code[place.code >= 0]).tolist():
            yield (place.key, place.names[code]), place.code == code


def place_episodes(pipelines: Sequence[Pipeline], known: tuple[SharedEpisode, ...] = ()) -> tuple[SharedEpisode, ...]:
    """The outages of places over all tenants; `known`: wider episodes, which they are no part of."""
    found, tried = candidates([Failures.of(pipeline) for pipeline in pipelines], known)
    return believed([weighed(pipelines, known, candidate, tried) for candidate in found])


def believed(weighed: Sequence[SharedEpisode | None]) -> tuple[SharedEpisode, ...]:
    """Of two that overlap in time the one that explains more; in the order of time."""
    found = [one for one in weighed if one is not None]
    taken: list[SharedEpisode] = []
    for one in sorted(found, key=lambda one: (-one.log_likelihood_ratio, one.label or ("", ""))):
        if not any(one.start <= other.end and one.end >= other.start for other in taken):
            taken.append(one)
    return tuple(sorted(taken, key=lambda one: (one.start, one.label or ("", ""))))


@dataclass
class _Evidence:
    """What the runs of a candidate's time say, job by job: start, whether there, whether failed; and jobs hit."""

    score: float = 0.0
    jobs: list[tuple[str, str]] = field(default_factory=list)
    runs: list[tuple[Job, BoolArray, BoolArray]] = field(default_factory=list)
    first: int = 2**63 - 1
    last: int = -1

    def table(self) -> tuple[int, int, int, int]:
        """Failures and runs there, failures and runs elsewhere."""
        there = [int((here & job.failed).sum()) for job, here, _ in self.runs]
        away = [int((other & job.failed).sum()) for job, _, other in self.runs]
        runs = sum(int(here.sum()) for _, here, _ in self.runs)
        return sum(there), runs, sum(away), sum(int(other.sum()) for _, _, other in self.runs)


def weighed(
    pipelines: Sequence[Pipeline], known: tuple[SharedEpisode, ...], candidate: Candidate, tried: int
) -> SharedEpisode | None:
    """The episode a candidate makes, if jobs enough failed there against their habit, and elsewhere they did not."""
    seen = _Evidence()
    span = [2**63 - 1, 0]
    for pipeline in pipelines:
        for job, speaks in own_runs(pipeline):
            if len(job.start):
                span = [min(span[0], int(job.start.min())), max(span[1], int(job.start.max()))]
                _look(job, speaks & ~hit_by(job, known), candidate, seen)
    if len(seen.jobs) < LEAST_JOBS or not _better_elsewhere(seen):
        return None
    length = max(candidate.end - candidate.begin, 1)
    score = seen.score if length <= LONG else _lasting(seen)
    odds = float(PRIOR_ODDS - np.log(max((span[1] - span[0]) / length, 2.0) * tried) + score)
    return None if odds < SURE else _episode(candidate, seen, score, odds)


def _episode(candidate: Candidate, seen: _Evidence, score: float, odds: float) -> SharedEpisode:
    failed, runs, bad, others = seen.table()
    return SharedEpisode(
        start=seen.first,
        end=seen.last,
        jobs=tuple(sorted({name for _, name in seen.jobs})),
        failures=failed,
        scope=" ".join(candidate.label),
        expected=runs * (bad + 0.5) / (others + 1),
        posterior=float(1 / (1 + np.exp(-odds))),
        log_likelihood_ratio=score,
        label=candidate.label,
    )


def _look(job: Job, speaks: BoolArray, candidate: Candidate, seen: _Evidence) -> None:
    """Add what one job has to say about a candidate."""
    there = with_label(job, candidate.label)
    within = speaks & (job.start >= candidate.begin) & (job.start <= candidate.end)
    if not within.any():
        return
    here = within & there
    seen.runs.append((job, here, within & ~there))
    bad = here & job.failed
    if bad.any():
        seen.jobs.append((job.tenant, job.name))
        seen.first = min(seen.first, int(job.start[bad].min()))
        seen.last = max(seen.last, int(job.end[bad].max()))
    if here.any():
        unit = Unit(job.start[speaks & there], job.failed[speaks & there])
        seen.score += unit_ratio(unit, (candidate.begin, candidate.end), DAY)


def _better_elsewhere(seen: _Evidence) -> bool:
    """Whether runs elsewhere at the same time failed more seldom, beyond chance (exact, one-sided)."""
    failed, runs, bad, others = seen.table()
    if failed * others < EXCESS * bad * runs:
        return False
    return float(hypergeom.sf(failed - 1, runs + others, failed + bad, runs)) <= ELSEWHERE_P


def _lasting(seen: _Evidence) -> float:
    """For a place that has been bad for days: -ln p of the exact test of there against elsewhere, within each job and
    hour of the day; 0 where one job alone makes the difference."""
    p_value = _exact(seen.runs)
    worst = max(seen.runs, key=lambda one: int((one[1] & one[0].failed).sum()))
    rest = [one for one in seen.runs if one is not worst]
    return 0.0 if _exact(rest) > LASTING_REST_P else float(-np.log(max(p_value, 1e-300)))


def _exact(runs: list[tuple[Job, BoolArray, BoolArray]]) -> float:
    strata, there, failed = [np.empty(0, np.int64)], [np.empty(0, bool)], [np.empty(0, bool)]
    for number, (job, here, elsewhere) in enumerate(runs):
        use = here | elsewhere
        strata.append(number * 24 + (job.start[use] // (DAY // 24)) % 24)
        there.append(here[use])
        failed.append(job.failed[use])
    return stratified_test(np.concatenate(strata), np.concatenate(there), np.concatenate(failed)).p_value
