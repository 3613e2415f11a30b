"""How many clean first attempts show that a fix holds.

Failures of one cause come in rows: a day on which the root is late fails every run that stands on it. What must not
happen by luck is that no new row begins, so a run's chance of failing right after one that did not is what counts: with
p of it, n runs in a row are clean with a chance of (1 - p)^n, and that is one in twenty at n = ln 0.05 / ln(1 - p).
Where failures come singly, p is the plain rate. Source: Bernoulli trials with Markov dependence, Klotz, Annals of
Statistics 1, 1973.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from correlator.engine.case import Case
from correlator.model import ProofOfFix

CHANCE: Final = 0.05


def proof_of_fix(case: Case) -> ProofOfFix | None:
    """From the counted runs since the cause began; None where no cause is named."""
    if case.main is None or not case.laid.any():
        return None
    begin = int(np.flatnonzero(case.laid)[0]) if case.main.onset_run is None else case.main.onset_run
    since = case.job.counted & (np.arange(len(case.laid)) >= begin)
    return needed(case.laid[since | case.laid])


def needed(failed: NDArray[np.bool_]) -> ProofOfFix:
    """From runs in the order of time, at least one of them `failed` of the cause; the first row began at the first run.

    >>> needed(np.array([True, False, False, False] * 5))
    ProofOfFix(old_rate=0.25, clean_first_attempts=8, failures_in_a_row=1.0)
    >>> needed(np.repeat([True, False, False, False], 5))
    ProofOfFix(old_rate=0.25, clean_first_attempts=47, failures_in_a_row=5.0)
    """
    count, clean = int(failed.sum()), int((~failed).sum())
    rows = int((failed & ~np.append(False, failed[:-1])).sum())
    begins = rows / (clean + 1)
    wanted = 1 if begins >= 1.0 else int(np.ceil(np.log(CHANCE) / np.log1p(-begins)))
    return ProofOfFix(round(count / len(failed), 6), wanted, round(count / rows, 1))
