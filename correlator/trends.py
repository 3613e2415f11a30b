"""Whether failures come more often than before: an exact sign test on the two halves of the window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import exp, fsum, lgamma, log
from typing import Final

from correlator.model import Finding

SURE: Final = 0.05
"""A trend is said to be one where chance alone gives it at most so often."""


@dataclass(frozen=True, slots=True)
class Halves:
    """Failed runs attributed to the cause in the first and in the second half of the window."""

    early: int
    late: int

    @property
    def worse_p(self) -> float:
        """How often chance alone puts so many of them into the second half (one-sided)."""
        return heads_at_least(self.late, self.early + self.late)

    @property
    def p_value(self) -> float:
        """The same for so uneven halves, either way (two-sided)."""
        return min(1.0, 2 * heads_at_least(max(self.early, self.late), self.early + self.late))


def halves(finding: Finding, since: datetime | None = None) -> Halves | None:
    """None where too few failures are attributed to a cause, or the window is not known. `since`: where the window
    begins instead."""
    start, end = since or finding.window_start, finding.window_end
    times = [pair.failed_at for pair in finding.pairs if pair.failed_at is not None]
    if start is None or end is None or len(times) < 2:
        return None
    middle = start + (end - start) / 2
    early = sum(at < middle for at in times)
    return Halves(early, len(times) - early)


def heads_at_least(hits: int, tosses: int) -> float:
    """P(X >= hits) of a fair coin.

    >>> round(heads_at_least(9, 10), 6), heads_at_least(10, 10)
    (0.010742, 0.0009765625)
    """
    return min(1.0, fsum(_heads(k, tosses) for k in range(hits, tosses + 1)))


def _heads(hits: int, tosses: int) -> float:
    return exp(lgamma(tosses + 1) - lgamma(hits + 1) - lgamma(tosses - hits + 1) - tosses * log(2))


def found_worse(p_values: Sequence[float], tests: int) -> int:
    """How many of these p-values, smallest first, stand out among so many tests: of those that are named, on average
    at most one in twenty is named wrongly. Benjamini and Hochberg (1995)."""
    passed = [place for place, p in enumerate(p_values, 1) if p <= SURE * place / max(tests, 1)]
    return max(passed, default=0)
