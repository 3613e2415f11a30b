"""The exact conditional test of exposure against failure in strata, and its e-value.

Runs are sorted into strata in which nothing but the exposure should matter (a few hours, an hour of the day). Given
each stratum's margins, the number of exposed failures is hypergeometric there, and the total over strata is their
convolution, so the p-value is exact: no large samples, no model of the failure rate over time. The e-value of the
same statistic multiplies over strata the likelihood ratio of an odds multiplier theta, averaged over a few thetas,
and may be looked at as often as one likes.

References: Birch (1964), "The detection of partial association"; Mehta, Patel and Gray (1985), "Computing an exact
confidence interval for the common odds ratio in several 2 x 2 contingency tables"; Amarasingham, Harrison,
Hatsopoulos and Geman (2012) for narrow time strata as interval jitter; Turner and Grunwald (arXiv 2302.11401) for
safe tests on stratified counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

THETAS: Final = np.array([2.0, 4.0, 8.0, 16.0, 32.0])
"""Odds multipliers the e-value averages over, from a weak effect to a nearly deterministic one."""


@dataclass(frozen=True, slots=True)
class Margins:
    """Per stratum with both exposed and unexposed, failed and unfailed runs: its counts. Arrays of one length."""

    runs: IntArray
    exposed: IntArray
    failed: IntArray
    both: IntArray


@dataclass(frozen=True, slots=True)
class StratifiedResult:
    """`observed` exposed failures of which `fixed` could not have been otherwise; `expected` given the margins."""

    observed: int
    expected: float
    fixed: int
    informative: int
    p_value: float
    e_value: float


def margins(stratum: IntArray, exposed: BoolArray, failed: BoolArray) -> tuple[Margins, int]:
    """Counts of the informative strata, and the exposed failures in all others (they are fixed by the margins)."""
    code, size = _codes(stratum)
    runs = np.bincount(code, minlength=size)
    n = np.bincount(code[exposed], minlength=size)
    m = np.bincount(code[failed], minlength=size)
    k = np.bincount(code[exposed & failed], minlength=size)
    tells = (n > 0) & (n < runs) & (m > 0) & (m < runs)
    return Margins(runs[tells], n[tells], m[tells], k[tells]), int(k[~tells].sum())


def _codes(stratum: IntArray) -> tuple[IntArray, int]:
    """Small codes in the order of the strata, and how many there are at most (some may have no runs)."""
    if not len(stratum):
        return stratum, 0
    least, most = int(stratum.min()), int(stratum.max())
    if most - least <= 4 * len(stratum) + 1000:
        return stratum - least, most - least + 1
    names, code = np.unique(stratum, return_inverse=True)
    return code, len(names)


def stratified_test(stratum: IntArray, exposed: BoolArray, failed: BoolArray) -> StratifiedResult:
    """One-sided: do exposed runs fail more than their stratum's margins let expect?

    The arrays have one entry a run: its stratum (any integers), whether it was exposed, whether it failed.
    With no informative stratum the p-value and the e-value are 1.
    """
    counts, fixed = margins(stratum, exposed, failed)
    distribution = np.ones(1)
    offset, log_e, expected = 0, 0.0, 0.0
    columns = (counts.runs, counts.exposed, counts.failed, counts.both)
    for runs, n, m, k in zip(*(column.tolist() for column in columns), strict=True):
        low, pmf = hypergeometric(runs, n, m)
        distribution = np.convolve(distribution, pmf)
        offset += low
        expected += n * m / runs
        log_e += _log_ratio(runs, n, m, k)
    observed = int(counts.both.sum())
    tail = distribution[max(observed - offset, 0) :].sum()
    return StratifiedResult(
        observed=observed + fixed,
        expected=float(expected) + fixed,
        fixed=fixed,
        informative=len(counts.runs),
        p_value=float(min(1.0, max(tail, np.finfo(float).tiny))),
        e_value=float(np.exp(min(log_e, 700.0))),
    )


@lru_cache(maxsize=1 << 15)
def hypergeometric(runs: int, exposed: int, failed: int) -> tuple[int, FloatArray]:
    """The least possible number of exposed failures, and the probabilities from there on (not to be written to).

    The margins of different strata are often the same, so the answers are kept.
    """
    low, high = max(0, exposed + failed - runs), min(exposed, failed)
    k = np.arange(low, high + 1)
    log_pmf = _log_choose(exposed, k) + _log_choose(runs - exposed, failed - k)
    pmf = np.exp(log_pmf - log_pmf.max())
    pmf /= pmf.sum()
    pmf.flags.writeable = False
    return low, pmf


@lru_cache(maxsize=1 << 15)
def _log_ratio(runs: int, exposed: int, failed: int, k: int) -> float:
    return log_likelihood_ratio(*hypergeometric(runs, exposed, failed), k)


def log_likelihood_ratio(low: int, pmf: FloatArray, k: int) -> float:
    """log of the mean over `THETAS` of theta**k / E0[theta**K] in one stratum."""
    powers = THETAS[:, None] ** np.arange(len(pmf))[None, :]
    ratios = THETAS ** (k - low) / (powers @ pmf)
    return float(np.log(ratios.mean()))


def _log_choose(n: int | IntArray, k: IntArray) -> FloatArray:
    result: FloatArray = gammaln(np.asarray(n) + 1.0) - gammaln(k + 1.0) - gammaln(np.asarray(n) - k + 1.0)
    return result
