"""Times at which independent jobs of several tenants fail together: outages of the whole platform.

In bins of ten minutes: far more failures than the platform's ordinary rate at this time of the day lets expect (Poisson
tail), a fair share of all that started or many times what is usual, and several tenants. Neighbouring bins are one
episode. What each tenant adds is a sum, so that one tenant's share can be taken out and put in again without looking at
the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from correlator.engine.episodes import SharedEpisode, exposed_to_any
from correlator.engine.pipeline import Pipeline
from correlator.statistics.tails import poisson_tail
from correlator.tables.frames import MICROSECONDS

IntArray = NDArray[np.int64]

BIN: Final = 10 * 60 * MICROSECONDS
PLATFORM_P: Final = 1e-6
PLATFORM_FALSE: Final = 0.01
"""Share of false ones among the bins that are flagged because there are many."""
PLATFORM_SHARE: Final = 0.3
PLATFORM_TIMES: Final = 4.0
"""Or this many times what is usual: an outage of what only some of the jobs use, such as one pool of connections."""
PLATFORM_TENANTS: Final = 3
BINS_A_DAY: Final = 24 * 3600 * MICROSECONDS // BIN
USUAL_RUNS: Final = 50
"""Runs' worth of weight that the rate of the whole history has in the rate at one time of day."""
Span = tuple[int, int]
"""`[start, end)` in µs."""


@dataclass(frozen=True)
class Starts:
    """What one tenant adds: for each bin in which a run started that waits for no other job, how many and how many
    of them failed. `bins` is sorted."""

    bins: IntArray
    runs: IntArray
    failed: IntArray

    @classmethod
    def of(cls, pipeline: Pipeline) -> Starts:
        starts, failures = [np.empty(0, np.int64)], [np.empty(0, bool)]
        for index, job in enumerate(pipeline.jobs):
            if job.tenant == pipeline.tenant:
                speaks = job.counted & ~exposed_to_any(pipeline, index)
                starts.append(job.start[speaks])
                failures.append(job.failed[speaks])
        bins, place = np.unique(np.concatenate(starts) // BIN, return_inverse=True)
        failed = np.bincount(place[np.concatenate(failures)], minlength=len(bins))
        return cls(bins, np.bincount(place, minlength=len(bins)), failed)


@dataclass(frozen=True)
class Totals:
    """The sums over all tenants with failures: from bin number `first` on, runs, failures and tenants with any."""

    tenants: int
    first: int
    runs: IntArray
    failed: IntArray
    hit: IntArray

    @classmethod
    def of(cls, every: Sequence[Starts]) -> Totals:
        return cls(0, 0, *(np.zeros(0, np.int64) for _ in range(3))).changed((), every)

    def changed(self, out: Sequence[Starts], into: Sequence[Starts]) -> Totals:
        """Without the tenants in `out`, whom it holds, and with those in `into`."""
        ends = [(int(one.bins[0]), int(one.bins[-1]) + 1) for one in into if len(one.bins)]
        ends += [(self.first, self.first + len(self.runs))] if len(self.runs) else []
        first, end = min((begin for begin, _ in ends), default=0), max((end for _, end in ends), default=0)
        runs, failed, hit = (np.zeros(end - first, np.int64) for _ in range(3))
        old = slice(self.first - first, self.first - first + len(self.runs)) if len(self.runs) else slice(0, 0)
        runs[old], failed[old], hit[old] = self.runs, self.failed, self.hit
        for sign, one in [*((-1, one) for one in out), *((1, one) for one in into)]:
            place = one.bins - first
            runs[place] += sign * one.runs
            failed[place] += sign * one.failed
            hit[place] += sign * (one.failed > 0)
        return Totals(self.tenants - len(out) + len(into), first, runs, failed, hit)

    @property
    def rate(self) -> float:
        """The platform's ordinary failure rate, to two digits: each new run would move all that rests on it else."""
        return float(f"{(self.failed.sum() + 1) / (self.runs.sum() + 1):.1e}")

    def spans(self) -> tuple[Span, ...]:
        """When the platform failed."""
        used = np.flatnonzero(self.runs)
        if self.tenants < PLATFORM_TENANTS or not self.failed.any():
            return ()
        runs, bad, hit = self.runs[used], self.failed[used], self.hit[used]
        expected = runs * self._usual(used)
        tail = poisson_tail(bad, expected)
        flagged = tail <= _bound(tail)
        flagged &= (bad >= PLATFORM_SHARE * runs) | (bad >= PLATFORM_TIMES * expected)
        return _spans(used[flagged & (hit >= PLATFORM_TENANTS)] + self.first)

    def _usual(self, used: IntArray) -> NDArray[np.float64]:
        """The failure rate expected in each bin: the platform's, or that of the same time on other days where it is
        higher, for nights are bad by themselves."""
        clock = (used + self.first) % BINS_A_DAY
        runs, failed = (
            np.bincount(clock, one[used], BINS_A_DAY)[clock] - one[used] for one in (self.runs, self.failed)
        )
        then = (failed + USUAL_RUNS * self.rate) / (runs + USUAL_RUNS)
        return np.maximum(then, self.rate)


def _bound(tail: NDArray[np.float64]) -> float:
    """The p-value up to which a bin counts: small by itself, or one of so many that hardly any can be chance
    (Benjamini and Hochberg 1995)."""
    ranked = np.sort(tail)
    share = PLATFORM_FALSE * np.arange(1, len(ranked) + 1) / len(ranked)
    passed = np.flatnonzero(ranked <= share)
    return max(PLATFORM_P / max(len(ranked) / 1000, 1), float(ranked[passed[-1]]) if len(passed) else 0.0)


def _spans(bins: IntArray) -> tuple[Span, ...]:
    """Runs of flagged bins with at most one gap between them."""
    if not len(bins):
        return ()
    cuts = np.flatnonzero(np.diff(bins) > 2) + 1
    return tuple((int(group[0]) * BIN, (int(group[-1]) + 1) * BIN) for group in np.split(bins, cuts))


@dataclass(frozen=True)
class Share:
    """One tenant's part of one span, failures right next to it included. `first` and `last` are µs."""

    jobs: tuple[str, ...]
    failures: int
    runs: int
    first: int
    last: int

    @classmethod
    def of(cls, pipeline: Pipeline, span: Span) -> Share:
        names, failures, runs = set(), 0, 0
        begin, end = span
        first, last = end, begin
        for job in pipeline.jobs:
            within = (job.start >= begin - BIN) & (job.start < end + BIN) & job.counted
            hit = job.failed & within
            runs += int(within.sum())
            if hit.any():
                names.add(job.name)
                failures += int(hit.sum())
                first, last = min(first, int(job.start[hit].min())), max(last, int(job.end[hit].max()))
        return cls(tuple(sorted(names)), failures, runs, first, last)


def platform_episodes(pipelines: Iterable[Pipeline]) -> tuple[SharedEpisode, ...]:
    """The episodes of a whole history: `pipelines` of all tenants with failures."""
    every = list(pipelines)
    totals = Totals.of([Starts.of(pipeline) for pipeline in every])
    return tuple(joined([Share.of(one, span) for one in every], totals.rate) for span in totals.spans())


def joined(shares: Sequence[Share], rate: float) -> SharedEpisode:
    """One episode from what each tenant has in its span: from the first to the last failed start there."""
    return SharedEpisode(
        start=min(share.first for share in shares),
        end=max(share.last for share in shares),
        jobs=tuple(sorted({name for share in shares for name in share.jobs})),
        failures=sum(share.failures for share in shares),
        scope="platform",
        expected=sum(share.runs for share in shares) * rate,
        posterior=1.0,
        log_likelihood_ratio=0.0,
    )
