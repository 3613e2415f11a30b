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

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from correlator.engine.board import DAY, Board
from correlator.engine.episodes import SharedEpisode, with_label
from correlator.engine.pipeline import Pipeline
from correlator.statistics.coincidence import Unit, unit_ratio
from correlator.statistics.stratified import stratified_test
from correlator.statistics.tails import hypergeometric_tail

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Label = tuple[str, str]
"""Key and value, such as `("host", "worker-3")`."""

FAILS: Final = np.array((0.3, 0.6, 0.9))[:, None]
"""Shares of the runs at a broken place that may fail."""
SCALE: Final = 1024
"""Rises are whole numbers, so that they add up to the same sum in any order."""
CANDIDATES: Final = 5
"""Of each label value at most."""
PRIOR_ODDS: Final = float(np.log(0.02))
"""Outages of places expected in a history, before anything was seen of it."""
SURE: Final = float(np.log(9.0))
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
    """A stretch of time at one value of a label, in µs, both ends included; `code` is the value's number."""

    key: str
    code: int
    begin: int
    end: int


def place_episodes(pipelines: Sequence[Pipeline], known: tuple[SharedEpisode, ...] = ()) -> tuple[SharedEpisode, ...]:
    """The outages of places over all tenants; `known`: wider episodes, which they are no part of."""
    board = Board.of(pipelines, known)
    if not board.failed.any():
        return ()
    tried = sum(len(np.unique(code[board.failed & (code >= 0)])) for code in board.codes.values())
    weighed = [_weighed(board, candidate, tried) for key in board.codes for candidate in _candidates(board, key)]
    return _believed([one for one in weighed if one is not None])


def _believed(found: Sequence[SharedEpisode]) -> tuple[SharedEpisode, ...]:
    """Of two that overlap in time the one that explains more; in the order of time."""
    taken: list[SharedEpisode] = []
    for one in sorted(found, key=lambda one: (-one.log_likelihood_ratio, one.label or ("", ""))):
        if not any(one.start <= other.end and one.end >= other.start for other in taken):
            taken.append(one)
    return tuple(sorted(taken, key=lambda one: (one.start, one.label or ("", ""))))


def _candidates(board: Board, key: str) -> Iterator[Candidate]:
    """Where the walk of a label value rises further than chance would have it do once in the whole history."""
    code = board.codes[key]
    runs = np.bincount(code[code >= 0], minlength=len(board.names[key]))
    bad = np.flatnonzero(board.failed & (code >= 0))
    bad = bad[np.argsort(code[bad], kind="stable")]
    cuts = np.flatnonzero(np.diff(code[bad])) + 1
    for mine in np.split(bad, cuts):
        if len(mine) < LEAST_JOBS:
            continue
        value, start = int(code[mine[0]]), board.start[mine]
        rise = np.round(SCALE * np.log(np.maximum(FAILS / board.chance[key][mine], 1.0))).astype(np.int64)
        sink = -np.log1p(-FAILS) * SCALE * runs[value] / max(int(start[-1] - start[0]), 1)
        for first, last in _stretches(start, rise, sink, SCALE * float(np.log(runs[value]))):
            yield Candidate(key, value, int(start[first]), int(start[last]))


def _stretches(start: IntArray, rise: IntArray, sink: NDArray[np.float64], least: float) -> list[tuple[int, int]]:
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
        if height[walk, last] < least:
            break
        first = int(np.flatnonzero((total - rise - down)[walk, : last + 1] == lowest[walk, last])[-1])
        found.append((first, last))
        rise[:, first : last + 1] = -int(least) - 1
    return found


def _weighed(board: Board, candidate: Candidate, tried: int) -> SharedEpisode | None:
    """The episode a candidate makes, if jobs enough failed there against their habit, and elsewhere they did not."""
    low = int(np.searchsorted(board.start, candidate.begin))
    within = slice(low, int(np.searchsorted(board.start, candidate.end, side="right")))
    there = board.codes[candidate.key][within] == candidate.code
    failed, stream = board.failed[within], board.stream[within]
    hit = np.unique(stream[there & failed])
    counts = (int((there & failed).sum()), int(there.sum()), int((~there & failed).sum()), int((~there).sum()))
    if len(hit) < LEAST_JOBS or not _better_elsewhere(*counts):
        return None
    length = max(candidate.end - candidate.begin, 1)
    places = max(int(board.start[-1] - board.start[0]) / length, 2.0) * tried
    score = _at_once(board, candidate, stream[there]) if length <= LONG else _lasting(board, within, there)
    odds = PRIOR_ODDS - float(np.log(places)) + score
    return None if odds < SURE else _episode(board, candidate, within, there, hit, counts, score, odds)


def _episode(
    board: Board,
    candidate: Candidate,
    within: slice,
    there: BoolArray,
    hit: IntArray,
    counts: tuple[int, int, int, int],
    score: float,
    odds: float,
) -> SharedEpisode:
    failed, runs, bad, others = counts
    mine = there & board.failed[within]
    label = (candidate.key, board.names[candidate.key][candidate.code])
    return SharedEpisode(
        start=int(board.start[within][mine].min()),
        end=int(board.end[within][mine].max()),
        jobs=tuple(sorted({board.jobs[number][0].name for number in hit.tolist()})),
        failures=failed,
        scope=" ".join(label),
        expected=runs * (bad + 0.5) / (others + 1),
        posterior=float(1 / (1 + np.exp(-odds))),
        log_likelihood_ratio=score,
        label=label,
    )


def _better_elsewhere(failed: int, runs: int, bad: int, others: int) -> bool:
    """Whether runs elsewhere at the same time failed more seldom, beyond chance (exact, one-sided)."""
    if failed * others < EXCESS * bad * runs:
        return False
    return hypergeometric_tail(failed, runs + others, failed + bad, runs) <= ELSEWHERE_P


def _at_once(board: Board, candidate: Candidate, stream: IntArray) -> float:
    """The log likelihood ratio of an outage, every job with runs there counted once, against its own past and hours."""
    label, score = (candidate.key, board.names[candidate.key][candidate.code]), 0.0
    for number in np.unique(stream).tolist():
        job, speaks = board.jobs[number]
        use = speaks & with_label(job, label)
        score += unit_ratio(Unit.of(job.start[use], job.failed[use]), (candidate.begin, candidate.end), DAY)
    return score


def _lasting(board: Board, within: slice, there: BoolArray) -> float:
    """For a place that has been bad for days: -ln p of the exact test of there against elsewhere, within each job and
    hour of the day; 0 where one job alone makes the difference."""
    failed, stream = board.failed[within], board.stream[within]
    strata = stream * 24 + (board.start[within] // (DAY // 24)) % 24
    p_value = stratified_test(strata, there, failed).p_value
    rest = stream != int(np.bincount(stream[there & failed]).argmax())
    without_worst = stratified_test(strata[rest], there[rest], failed[rest]).p_value
    return 0.0 if without_worst > LASTING_REST_P else float(-np.log(max(p_value, 1e-300)))
