"""Edges guessed from runs that follow each other: where nothing is declared for a job, and marked as guesses.

A job that waits for another starts soon after that one's output was there, and starts later when the other is late. A
clock does the first by coincidence, not the second. So a pair is taken for an edge when, over many runs,

- nearly every run of the downstream follows a new output of the upstream, after a short lag;
- the lag varies far less than it does when the same runs are matched at random, as their starts move together;
- the downstream's start goes with the upstream's end, not as well with its beginning: what delays both of them (a
  scheduler that is late) moves beginnings and ends alike;
- no shuffling of the matches comes near (a permutation test; its p-value is at most 1 in the number of shuffles).

Of several upstreams the one with the steadiest lag is taken: the job in between, not the one before it. A job that
waits for several at once, or polls less often than its upstream varies, gives nothing. An edge that is missing costs
less than one that is wrong. Method: Good, Permutation Tests, 2000, chapter 3; the lag's spread is a median absolute
deviation, so single odd runs do not decide.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from correlator.history.columns import NEVER, History
from correlator.model import Dependency, Origin

Times = NDArray[np.int64]

LEAST_RUNS: Final = 20
SHARE: Final = 0.8
LONGEST_LAG: Final = 0.25
"""As a share of the downstream's usual time between runs: what starts later waits for something else."""
SPREAD: Final = 0.25
"""The lag's spread as a share of what matches at random give."""
FOLLOWS_END: Final = 0.5
"""The lag's spread as a share of the spread counted from the upstream's beginning."""
SHUFFLES: Final = 999
_FLOOR: Final = 1_000_000  # µs: clocks of orchestrators are no better than a second


@dataclass(frozen=True, slots=True)
class Match:
    """How the runs of two jobs follow each other. `lag_spread_seconds` is a median absolute deviation; `ratio` is that
    spread over the one of matches at random."""

    upstream: str
    downstream: str
    tenant: str
    runs: int
    matched: int
    lag_seconds: float
    lag_spread_seconds: float
    ratio: float

    @property
    def edge(self) -> Dependency:
        return Dependency(self.upstream, self.downstream, self.tenant or None, origin=Origin.INFERRED)


def infer_edges(history: History, known: Collection[Dependency], seed: int = 0) -> tuple[Match, ...]:
    """At most one upstream for each job that no known edge leads to; the same history gives the same answer."""
    told = {(edge.tenant, edge.downstream) for edge in known if edge.origin is not Origin.INFERRED}
    found = []
    for tenant in range(len(history.tenants)):
        streams = np.flatnonzero(history.stream_tenant == tenant).tolist()
        for stream in streams:
            names = history.tenants[tenant], history.jobs[history.stream_job[stream]]
            if not {(None, names[1]), names} & told:
                found += _best(history, stream, streams, seed)
    return _without_circles(found)


def followed(history: History, edge: Dependency) -> tuple[int, int, float | None]:
    """(runs of the downstream, those that began after a new output of the upstream, the median lag in seconds), over
    all tenants that the edge holds for."""
    runs, lags = 0, [np.empty(0, np.int64)]
    for code, tenant in enumerate(history.tenants):
        below = history.stream(code, edge.downstream) if edge.tenant in (None, tenant) else None
        if below is None:
            continue
        starts = np.sort(history.runs.start[history.runs_of(below)])
        runs += len(starts)
        above = history.stream(code, edge.upstream)
        if above is None and "" in history.tenants:
            above = history.stream(history.tenants.index(""), edge.upstream)
        if above is not None:
            pair = _follow(*_lives(history, above), starts)
            lags.append(pair.after - pair.before)
    found = np.concatenate(lags)
    return runs, len(found), float(np.median(found)) / 1e6 if len(found) else None


def _best(history: History, stream: int, streams: list[int], seed: int) -> list[Match]:
    """The steadiest upstream of a stream, if there is one that chance does not explain."""
    starts = np.sort(history.runs.start[history.runs_of(stream)])
    if len(starts) < LEAST_RUNS:
        return []
    candidates = []
    for other in streams:
        pair = None if other == stream else _matched(*_lives(history, other), starts)
        if pair is not None and (match := _match(history, other, stream, len(starts), pair)) is not None:
            candidates.append((match, pair))
    candidates.sort(key=lambda one: (one[0].lag_spread_seconds, one[0].lag_seconds, one[0].upstream))
    return [match for match, pair in candidates[:1] if _beyond_chance(pair, seed)]


@dataclass(frozen=True, slots=True)
class _Pair:
    """Matched runs: when the upstream's began, when its output was there, when the downstream's began."""

    begun: Times
    before: Times
    after: Times


def _lives(history: History, stream: int) -> tuple[Times, Times]:
    """When the runs that gave an output began and when they were ready, sorted by the latter."""
    runs = history.runs_of(stream)
    ready, begun = history.runs.ready[runs], history.runs.start[runs]
    order = np.argsort(ready[ready != NEVER], kind="stable")
    return begun[ready != NEVER][order], ready[ready != NEVER][order]


def _matched(begun: Times, ready: Times, starts: Times) -> _Pair | None:
    """The runs that follow a new output; None when too few do, or too late."""
    pair = _follow(begun, ready, starts)
    if len(pair.after) < max(LEAST_RUNS, SHARE * len(starts)):
        return None
    period = float(np.median(np.diff(starts)))
    return None if np.median(pair.after - pair.before) > LONGEST_LAG * period else pair


def _follow(begun: Times, ready: Times, starts: Times) -> _Pair:
    """Each start with the newest output before it, where that is newer than the one before the start before."""
    last = np.searchsorted(ready, starts, side="right") - 1
    new = (last >= 0) & np.diff(last, prepend=-1).astype(bool)
    return _Pair(begun[last[new]], ready[last[new]], starts[new])


def _match(history: History, upstream: int, downstream: int, runs: int, pair: _Pair) -> Match | None:
    lags = pair.after - pair.before
    spread = max(_spread(lags), _FLOOR)
    ups, downs = _moves(pair.before), _moves(pair.after)
    at_random = _spread(downs - np.roll(ups, len(ups) // 2)) / np.sqrt(2)
    ratio = spread / at_random if at_random > 0 else np.inf
    if ratio > SPREAD or spread > FOLLOWS_END * _spread(pair.after - pair.begun):
        return None
    return Match(
        upstream=history.jobs[history.stream_job[upstream]],
        downstream=history.jobs[history.stream_job[downstream]],
        tenant=history.tenants[history.stream_tenant[downstream]],
        runs=runs,
        matched=len(lags),
        lag_seconds=float(np.median(lags)) / 1e6,
        lag_spread_seconds=spread / 1e6,
        ratio=round(float(ratio), 4),
    )


def _moves(times: Times) -> NDArray[np.float64]:
    """How much earlier or later each came than its usual time after the one before."""
    gaps = np.diff(times).astype(np.float64)
    return gaps - np.median(gaps)


def _beyond_chance(pair: _Pair, seed: int) -> bool:
    """Whether no shuffling of the upstream's moves fits the downstream's as well as their own order does."""
    ups, downs = _moves(pair.before), _moves(pair.after)
    rng = np.random.default_rng(seed)
    shuffled = np.array([rng.permutation(ups) for _ in range(SHUFFLES)])
    own = np.median(np.abs(downs - ups))
    return bool(np.all(np.median(np.abs(downs - shuffled), axis=1) > own))


def _spread(values: NDArray[np.float64] | Times) -> float:
    return float(np.median(np.abs(values - np.median(values))))


def _without_circles(matches: list[Match]) -> tuple[Match, ...]:
    """The steadier of two edges that say the opposite; longer circles cannot come of one upstream a job and time."""
    by_pair = {(match.tenant, match.upstream, match.downstream): match for match in matches}
    kept = []
    for match in matches:
        back = by_pair.get((match.tenant, match.downstream, match.upstream))
        if back is None or match.ratio < back.ratio:
            kept.append(match)
    return tuple(sorted(kept, key=lambda match: (match.tenant, match.downstream, match.upstream)))
