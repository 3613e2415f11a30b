"""Episodes: short times in which more of the independent units fail than chance allows.

Each unit (a job that does not wait for any other here) is a series of runs. A window is weighed by a likelihood
ratio: under an outage most runs that start in it fail; under chance a unit has a failure in a window of this length
as often as in its own past, so a unit that fails in bursts or at night surprises nobody. Every unit counts once per
window, however often it retries. How common outages are is learnt from the history itself (empirical Bayes), so one
weak coincidence is not believed, and five of them are.

References: Naus and Wallenstein (2004) on scan statistics for clusters of different sources; Efron and Morris (1973)
for the empirical Bayes step; Donges et al. (2016) on event coincidence analysis and its fixed windows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

OUTAGE_FAILS: Final = 0.85
"""Share of the runs that start during an outage and fail."""
MOSTLY: Final = 0.6
"""Share of the runs in a stretch that must have failed for two windows to be one outage."""
BELIEVED: Final = 0.75
"""The posterior probability of an outage from which on a window is called one."""
BELIEVED_AMONG_MANY: Final = 0.5
"""The same where at least `MANY` outages are `CERTAIN`: one more is then no surprise, and missing it costs more."""
MANY: Final = 3
CERTAIN: Final = 0.98
SLACK: Final = 1
"""Widths by which a window is widened on either side when other days are looked at for the same time of day."""
CLOCK_PRIOR: Final = 3.0
"""Days' worth of weight that the rate of the whole history has in the rate at one time of day."""
MOST_CHANCE: Final = 0.95
PRIOR_EPISODES: Final = 0.02
"""Episodes expected in a history before anything was seen of it."""


@dataclass(frozen=True, slots=True)
class Unit:
    """The runs of one unit that can speak for it, sorted by start: times (any integer unit) and whether each failed."""

    start: IntArray
    failed: BoolArray

    @classmethod
    def of(cls, start: IntArray, failed: BoolArray) -> Unit:
        """From runs in any order: they often come by the time they were due."""
        if (start[1:] >= start[:-1]).all():
            return cls(start, failed)
        order = np.argsort(start, kind="stable")
        return cls(start[order], failed[order])


@dataclass(frozen=True, slots=True)
class Window:
    """`[start, end]` holds the starts of the failures of `units`; `posterior` is that of an outage."""

    start: int
    end: int
    units: tuple[int, ...]
    log_likelihood_ratio: float
    posterior: float
    expected: float


def find_windows(units: list[Unit], longest: int, day: int, least_units: int = 2) -> list[Window]:
    """Non-overlapping windows in which an outage is more probable than chance, best first removed.

    `longest` is the greatest length of a window (of one joined with others that touch it, it may be more), `day` the
    length of a day, in the unit of the times.
    """
    events = [(int(t), number) for number, unit in enumerate(units) for t in unit.start[unit.failed]]
    events.sort()
    if len(events) < least_units:
        return []
    spans = [unit.start for unit in units if len(unit.start)]
    first, last = min(int(s[0]) for s in spans), max(int(s[-1]) for s in spans)
    span = max(last - first, 1)
    failures = [unit.start[unit.failed] for unit in units]
    hopeful = _hopeful(units, _candidates(events, longest, least_units))
    scored = [(_score(units, window, day), window) for window in hopeful]
    chosen = _disjoint([(score, window) for score, window in scored if score > 0])
    believed = [_widened(units, window) for window in _believed(units, failures, chosen, span, day)]
    return _joined(units, believed, longest)


def _widened(unit_list: list[Unit], window: Window) -> Window:
    """The window with failures that directly continue it: the next and the previous run of a unit that failed in it."""
    begin, end = window.start, window.end
    for number in window.units:
        unit = unit_list[number]
        inside = np.flatnonzero((unit.start >= window.start) & (unit.start <= window.end) & unit.failed)
        before, after = int(inside[0]) - 1, int(inside[-1]) + 1
        if before >= 0 and unit.failed[before] and window.start - unit.start[before] <= _spacing(unit):
            begin = min(begin, int(unit.start[before]))
        if after < len(unit.start) and unit.failed[after] and unit.start[after] - window.end <= _spacing(unit):
            end = max(end, int(unit.start[after]))
    return replace(window, start=begin, end=end)


def _spacing(unit: Unit) -> float:
    return 1.2 * float(np.median(np.diff(unit.start))) if len(unit.start) > 1 else 0.0


def _joined(units: list[Unit], windows: list[Window], longest: int) -> list[Window]:
    """Neighbouring windows as one where they touch, or the runs between them failed as well, mostly."""
    joined: list[Window] = []
    for window in sorted(windows, key=lambda item: item.start):
        if joined and (window.start <= joined[-1].end or _one_outage(units, joined[-1].start, window.end, longest)):
            joined[-1] = _union(joined[-1], window)
        else:
            joined.append(window)
    return joined


def _one_outage(units: list[Unit], begin: int, end: int, longest: int) -> bool:
    if end - begin > longest:
        return False
    inside = [unit.failed[(unit.start >= begin) & (unit.start <= end)] for unit in units]
    runs = sum(len(failed) for failed in inside)
    return sum(int(failed.sum()) for failed in inside) >= MOSTLY * runs


def _union(first: Window, second: Window) -> Window:
    return Window(
        start=first.start,
        end=max(first.end, second.end),
        units=tuple(sorted({*first.units, *second.units})),
        log_likelihood_ratio=first.log_likelihood_ratio + second.log_likelihood_ratio,
        posterior=max(first.posterior, second.posterior),
        expected=first.expected + second.expected,
    )


def _candidates(events: list[tuple[int, int]], longest: int, least_units: int) -> list[tuple[int, int]]:
    """Every `[first failure, last failure]` no longer than `longest` with enough different units in it."""
    found: list[tuple[int, int]] = []
    for i, (begin, unit) in enumerate(events):
        seen = {unit}
        for at, other in events[i + 1 : i + 80]:
            if at - begin > longest:
                break
            seen.add(other)
            if len(seen) >= least_units:
                found.append((begin, at))
    return found


def _hopeful(units: list[Unit], windows: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The windows whose score may be above 0, by a bound on it that costs little: most are ruled out so."""
    if not windows:
        return windows
    begin, end = np.array(windows, np.int64).T
    bound = np.zeros(len(windows))
    for unit in (unit for unit in units if len(unit.start)):
        low, high = np.searchsorted(unit.start, begin), np.searchsorted(unit.start, end, side="right")
        n, bad = high - low, np.concatenate(([0], np.cumsum(unit.failed)))
        k = bad[high] - bad[low]
        width = np.maximum(end - begin, 1)
        least_chance = 0.5 * width / (unit.start[-1] - unit.start[0] + 2 * width)
        ways = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
        outage = ways + k * np.log(OUTAGE_FAILS) + (n - k) * np.log1p(-OUTAGE_FAILS)
        chance = np.where(k > 0, np.log(least_chance / np.maximum(n, 1)), np.log1p(-MOST_CHANCE))
        bound += np.where(n > 0, outage - chance, 0.0)
    return [windows[number] for number in np.flatnonzero(bound > -1e-6)]


def _score(units: list[Unit], window: tuple[int, int], day: int) -> float:
    return sum(unit_ratio(unit, window, day) for unit in units)


def unit_ratio(unit: Unit, window: tuple[int, int], day: int) -> float:
    """log of P(this unit's runs in the window | outage) / P(... | chance)."""
    begin, end = window
    low, high = np.searchsorted(unit.start, [begin, end + 1])
    n = int(high - low)
    if n == 0:
        return 0.0
    k = int(np.count_nonzero(unit.failed[low:high]))
    chance = chance_of_failure_in(unit, begin, end, day)
    if k == 0:
        return n * float(np.log1p(-OUTAGE_FAILS)) - float(np.log1p(-chance))
    outage = _log_binomial(n, k, OUTAGE_FAILS)
    return outage - float(np.log(chance / n))


def chance_of_failure_in(unit: Unit, begin: int, end: int, day: int) -> float:
    """How often a window of this length that holds a run of the unit, laid anywhere else or at this time of another
    day, holds a failure of it.

    The greater of the two: a job that fails at night fails at night by chance, and two such jobs do so together. Only
    windows with a run in them count: that a job runs at ten past every hour is no evidence when it fails at ten past.
    """
    width = max(end - begin, 1)
    outside = (unit.start < begin - width) | (unit.start > end + width)
    runs, failed = unit.start[outside], unit.start[outside & unit.failed]
    anywhere = (_covered(failed, width) + 0.5 * width) / (_covered(runs, width) + width)
    then = (runs - begin + SLACK * width) % day <= (1 + 2 * SLACK) * width
    bad = (failed - begin + SLACK * width) % day <= (1 + 2 * SLACK) * width
    hits, days = (len(np.unique((at - begin + day // 2) // day)) for at in (failed[bad], runs[then]))
    at_this_time = (hits + CLOCK_PRIOR * anywhere) / (days + CLOCK_PRIOR)
    return min(max(anywhere, at_this_time), MOST_CHANCE)


def _covered(at: IntArray, width: int) -> float:
    """The length of all places at which a window of this width holds one of these moments."""
    return float(np.minimum(np.diff(at), width).sum()) + width if len(at) else 0.0


def _log_binomial(n: int, k: int, p: float) -> float:
    ways = float(np.sum(np.log(np.arange(n - k + 1, n + 1))) - np.sum(np.log(np.arange(1, k + 1))))
    return ways + k * float(np.log(p)) + (n - k) * float(np.log1p(-p))


def _disjoint(scored: list[tuple[float, tuple[int, int]]]) -> list[tuple[float, tuple[int, int]]]:
    """The best windows that do not overlap; of equal scores the earlier, then the longer."""
    taken: list[tuple[float, tuple[int, int]]] = []
    for score, window in sorted(scored, key=lambda item: (-item[0], item[1][0], -item[1][1])):
        if all(window[1] < other[0] or window[0] > other[1] for _, other in taken):
            taken.append((score, window))
    return taken


def _believed(
    units: list[Unit], failures: list[IntArray], chosen: list[tuple[float, tuple[int, int]]], span: int, day: int
) -> list[Window]:
    """Posteriors with the rate of episodes learnt from all windows together (a fixed point, from below)."""
    if not chosen:
        return []
    scores = np.array([score for score, _ in chosen])
    places = np.array([max(span / max(end - begin, 1), 2.0) for _, (begin, end) in chosen])
    expected = PRIOR_EPISODES
    posterior = np.zeros(len(scores))
    for _ in range(50):
        odds = np.log(expected / places) + scores
        updated = 1 / (1 + np.exp(-np.clip(odds, -60, 60)))
        if np.allclose(updated, posterior, atol=1e-6):
            break
        posterior, expected = updated, PRIOR_EPISODES + float(updated.sum())
    bar = BELIEVED_AMONG_MANY if int((posterior > CERTAIN).sum()) >= MANY else BELIEVED
    return [
        _window(units, failures, window, score, probability, span, day)
        for (score, window), probability in zip(chosen, posterior, strict=True)
        if probability > bar
    ]


def _window(
    units: list[Unit],
    failures: list[IntArray],
    window: tuple[int, int],
    score: float,
    posterior: float,
    span: int,
    day: int,
) -> Window:
    begin, end = window
    hit = tuple(n for n, failed in enumerate(failures) if ((failed >= begin) & (failed <= end)).any())
    expected = sum(
        chance_of_failure_in(unit, begin, end, day)
        for unit in units
        if ((unit.start >= begin) & (unit.start <= end)).any()
    )
    return Window(begin, end, hit, float(score), float(posterior), float(expected))
