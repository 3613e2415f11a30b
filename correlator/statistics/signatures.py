"""Do two groups of failures look alike? A Bayes factor for one common distribution over kinds against two.

Each failure has a kind (its masked error text and how it ended). If exposed and unexposed failures of a job are of
the same kinds, one cause of the job's own is the simpler story; if they differ, the exposure brings failures of its
own kind. Dirichlet-multinomial marginal likelihoods; reference: Good (1967), "A Bayesian significance test for
multinomial distributions".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln


def log_bayes_factor_alike(first: NDArray[np.int64], second: NDArray[np.int64], concentration: float = 0.5) -> float:
    """log of P(counts | one distribution) / P(counts | two). Arrays of counts per kind, of one length.

    Zero when one of the groups is empty: nothing can be said then.
    """
    if not first.sum() or not second.sum():
        return 0.0
    used = (first + second) > 0
    alpha = np.full(int(used.sum()) + 1, concentration)
    a, b = np.append(first[used], 0), np.append(second[used], 0)
    return _log_marginal(a + b, alpha) - _log_marginal(a, alpha) - _log_marginal(b, alpha)


def _log_marginal(counts: NDArray[np.int64], alpha: NDArray[np.float64]) -> float:
    total = gammaln(alpha.sum()) - gammaln(alpha.sum() + counts.sum())
    return float(total + np.sum(gammaln(alpha + counts) - gammaln(alpha)))
