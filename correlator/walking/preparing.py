"""Series made fit to be compared with their own past: counters become rates, and what traffic explains is taken out.

A processor is busy when there is much to do: what remains of `cpu` after `requests` is a better sign of trouble than
`cpu`. And a service that is asked less because its caller is in trouble is thereby not accused. The regression is used
only where the first half of the ordinary period foretells the second with it better than without.

Reference: M. Li et al., Causal inference-based root cause analysis for online service systems with intervention
recognition (CIRCA), KDD 2022: what matters is a metric given those it follows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from correlator.statistics.robust import robust_line
from correlator.walking.kinds import counts_requests, words_of
from correlator.walking.series import Series

Floats = NDArray[np.float64]

COUNTER_WORDS: Final = frozenset({"total", "counter", "sum", "count"})
LEAST_POINTS: Final = 16  # fewer ordinary points show neither a counter nor what follows what
RISING: Final = 0.9  # share of steps up of a nameless counter
MOST_FALLS: Final = 0.02  # a restart sets a counter to zero
WORTH_IT: Final = 0.85  # the spread must fall to this share of what it was
SECOND: Final = 1_000_000


def prepared(series: Sequence[Series], start: int, callers: Mapping[str, frozenset[str]]) -> list[Series]:
    """All series up to the end of the window, comparable; `start` is where the window begins, `callers` each node's
    direct downstreams."""
    rates = [as_rate(one) if is_counter(one, start) else one for one in series]
    traffic = _traffic(rates, start)
    return [_without_traffic(one, start, traffic, callers) for one in rates]


def is_counter(series: Series, start: int) -> bool:
    """Does it only grow (restarts apart), and either say so in its name or hardly ever stand still?"""
    steps = np.diff(series.values[: int(np.searchsorted(series.at, start))])
    if len(steps) < LEAST_POINTS or float((steps < 0).mean()) > MOST_FALLS or not (steps > 0).any():
        return False
    named = bool(COUNTER_WORDS & set(words_of(series.metric)))
    return bool((series.values >= 0).all()) and (named or float((steps > 0).mean()) >= RISING)


def as_rate(series: Series) -> Series:
    """Growth a second between neighbouring points; after a fall the counter began again at zero."""
    rises = np.diff(series.values)
    rises = np.where(rises < 0, series.values[1:], rises)
    seconds = np.maximum(np.diff(series.at) / SECOND, 1e-6)
    rate = rises / seconds
    return replace(series, at=series.at[1:], values=rate, shown=rate, unit="/s")


def _traffic(series: Sequence[Series], start: int) -> dict[str, Series]:
    """Of each node the metric of requests with the most ordinary points; of equals the first by name."""
    found: dict[str, Series] = {}
    for one in sorted(series, key=lambda item: (item.node, item.metric)):
        if counts_requests(one.metric) and _before(one, start) > _before(found.get(one.node), start):
            found[one.node] = one
    return found


def _before(series: Series | None, start: int) -> int:
    return -1 if series is None else int(np.searchsorted(series.at, start))


def _without_traffic(
    series: Series, start: int, traffic: Mapping[str, Series], callers: Mapping[str, frozenset[str]]
) -> Series:
    """A node's metrics follow its requests; its requests follow those of the one caller that foretells them best."""
    own = traffic.get(series.node)
    parents = [own] if own is not None and own is not series else []
    if own is series:
        parents = [traffic[caller] for caller in sorted(callers.get(series.node, ())) if caller in traffic]
    found, best = series, WORTH_IT
    shown = series.values if series.shown is None else series.shown
    for parent in parents:
        values, left = _residual(series, parent, start)
        if left < best:
            found, best = replace(series, values=values, shown=shown, given=f"{parent.metric} of {parent.node}"), left
    return found


def _residual(series: Series, parent: Series, start: int) -> tuple[Floats, float]:
    """The series less what follows from `parent`, and the share of spread left when foretold from the first half."""
    before = _before(series, start)
    if before < LEAST_POINTS or _before(parent, start) < LEAST_POINTS:
        return series.values, 1.0
    x = np.interp(series.at.astype(np.float64), parent.at.astype(np.float64), parent.values)
    y, half = series.values, before // 2
    slope = robust_line(x[:half], y[:half])
    left = _spread((y - slope * x)[half:before]) / max(_spread(y[half:before]), 1e-12)
    slope = robust_line(x[:before], y[:before])
    return y - slope * (x - float(np.median(x[:before]))), left


def _spread(values: Floats) -> float:
    return float(np.median(np.abs(values - np.median(values))))
