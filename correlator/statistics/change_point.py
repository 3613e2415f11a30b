"""One lasting change of a failure rate, by exact Bayesian comparison.

A sequence of runs that fail or do not, in order: did the rate change once, and when? Both models have Beta(a, b)
rates integrated out, the change may lie between any two runs with equal prior weight; so the Bayes factor pays for
having looked everywhere, and the posterior of the position is the interval of the onset.

References: Smith (1975), "A Bayesian approach to inference about a change-point in a sequence of random variables";
Adams and MacKay (2007) for the sequential form.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln

RATE_PRIOR = (0.5, 9.5)
"""Beta prior of a failure rate: most jobs fail in a few per cent of their runs, some much more."""


@dataclass(frozen=True, slots=True)
class RateChange:
    """Runs `[index:]` most probably have the new rate; `[earliest, latest]` holds 95 % of the posterior."""

    index: int
    earliest: int
    latest: int
    before_rate: float
    after_rate: float
    before_runs: int
    after_runs: int
    after_failures: int
    log_bayes_factor: float


def rate_increase(failed: NDArray[np.bool_]) -> RateChange | None:
    """The one lasting increase of the failure rate that fits best, or None with fewer than two failures.

    `failed` has one entry a run, in the order of time. Only increases are weighed: the posterior leaves out
    positions after which the rate is lower.
    """
    n, total = len(failed), int(failed.sum())
    if total < 2 or n < 4:
        return None
    a, b = RATE_PRIOR
    before_n = np.arange(1, n)
    before_k = np.cumsum(failed)[:-1]
    after_n, after_k = n - before_n, total - before_k
    log_after = betaln(a + after_k, b + after_n - after_k) - betaln(a, b)
    log_before = betaln(a + before_k, b + before_n - before_k) - betaln(a, b)
    log_one = betaln(a + total, b + n - total) - betaln(a, b)
    weights = log_before + log_after - log_one - np.log(n - 1)
    weights = np.where(after_k * before_n > before_k * after_n, weights, -np.inf)
    log_bf = float(np.logaddexp.reduce(weights))
    if not np.isfinite(log_bf):
        return None
    posterior = np.exp(weights - log_bf)
    index = int(np.argmax(posterior)) + 1
    cumulative = np.cumsum(posterior)
    k_before, k_after = int(failed[:index].sum()), int(failed[index:].sum())
    return RateChange(
        index=index,
        earliest=int(np.searchsorted(cumulative, 0.025)) + 1,
        latest=min(int(np.searchsorted(cumulative, 0.975)) + 1, n - 1),
        before_rate=(k_before + a) / (index + a + b),
        after_rate=(k_after + a) / (n - index + a + b),
        before_runs=index,
        after_runs=n - index,
        after_failures=k_after,
        log_bayes_factor=log_bf,
    )
