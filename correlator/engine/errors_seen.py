"""The error texts of the failures, masked to what stays the same, and how many are attributed to the cause."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from correlator.engine.case import Case
from correlator.engine.pipeline import Job
from correlator.history.columns import TIMED_OUT
from correlator.model import Cause, SignatureCount
from correlator.text.signatures import signature

IntArray = NDArray[np.int64]


def signature_counts(case: Case) -> tuple[SignatureCount, ...]:
    """The job's failed runs by masked error text, with how many of each are attributed to the cause."""
    failed, laid = case.causes.failed, case.laid
    counts = Counter(case.texts[failed].tolist())
    of_cause = Counter(case.texts[laid].tolist())
    examples = _examples(case, case.job, np.flatnonzero(failed))
    rows = [SignatureCount(text, examples[text], n, of_cause[text]) for text, n in counts.items() if text]
    return tuple(sorted(rows, key=lambda row: (-row.failures, row.signature))[:20])


def root_signatures(case: Case) -> tuple[SignatureCount, ...]:
    """The same for the root's failed runs behind the laid failures."""
    if case.main is None or case.main.cause is not Cause.UPSTREAM or case.root is None:
        return ()
    runs = case.troubled_runs[case.root.failed[case.troubled_runs]]
    examples = _examples(case, case.root, runs)
    counts = Counter(_signature_of(case, case.root, int(run)) for run in runs)
    rows = [SignatureCount(text, examples[text], n, n) for text, n in counts.items() if text]
    return tuple(sorted(rows, key=lambda row: (-row.failures, row.signature))[:20])


def _examples(case: Case, job: Job, runs: IntArray) -> dict[str, str]:
    """The first error text of each signature."""
    found: dict[str, str] = {}
    for run in runs.tolist():
        text = _text(case, job, run)
        found.setdefault(signature(text), text[:500])
    return found


def _signature_of(case: Case, job: Job, run: int) -> str:
    return signature(_text(case, job, run))


def _text(case: Case, job: Job, run: int) -> str:
    return case.history.error_of(job.offset + run)


def root_timed_out_share(case: Case) -> float | None:
    """The share of the root's first attempts behind the laid failures that timed out; None without an upstream root."""
    if case.main is None or case.main.cause is not Cause.UPSTREAM or case.root is None or not case.laid.any():
        return None
    first = case.history.runs.first[case.root.offset + case.troubled_runs]
    status = case.history.attempts.status[first]
    return round(float((status == TIMED_OUT).mean()), 4)
