"""First attempts since a fix, out of the store: which failed, of what, and whether the root was at work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine

from correlator.history.building import build_history
from correlator.history.columns import History, run_id_of
from correlator.lifecycle.fixing import Claim
from correlator.lifecycle.opinion import opinion_of
from correlator.lifecycle.watching import Since
from correlator.model import Cause, Finding, Verdict
from correlator.store.streams import read_stream
from correlator.text.signatures import signature
from correlator.text.times import micros

IntArray = NDArray[np.int64]
_EXAMPLES: Final = 5
_BEFORE: Final = timedelta(days=35)
"""How far before the fix the job's rhythm is looked at."""
_AT_LEAST: Final = timedelta(days=1)
_PATIENCE: Final = 2
"""A watch waits as long as so many times the needed runs took before."""


@dataclass(frozen=True)
class Runs:
    """A job's runs by the start of their first attempts (µs), with the history they are in."""

    history: History
    start: IntArray
    failed: NDArray[np.bool_]
    counted: NDArray[np.bool_]

    @classmethod
    def read(cls, engine: Engine, tenant: str, job: str, begin: datetime, as_of: datetime) -> Runs:
        """The runs whose first attempt began in `[begin, as_of]`, as the store has them."""
        history = build_history(read_stream(engine, tenant, job, begin, as_of), micros(as_of))
        runs = history.runs
        return cls(history, runs.start, runs.failed, runs.counted)

    def since(self, moment: datetime) -> IntArray:
        """The places of the runs that began at or after it, and whose first attempt has ended, in the order of time."""
        found = np.flatnonzero((self.start >= micros(moment)) & self.counted)
        return found[np.argsort(self.start[found], kind="stable")]


def watch_until(engine: Engine, finding: Finding, claim: Claim, as_of: datetime) -> datetime:
    """When the watch gives up: by then twice as many runs as are needed would have come at the rhythm before the fix.
    At least a day after the claimed fix."""
    before = Runs.read(engine, finding.tenant, finding.job, claim.since - _BEFORE, min(claim.since, as_of)).start
    gap = (before.max() - before.min()) / (len(before) - 1) if len(before) > 1 else 0.0
    wait = timedelta(microseconds=float(gap) * claim.needed * _PATIENCE)
    return claim.since + max(wait, _AT_LEAST)


def count_since(engine: Engine, finding: Finding, claim: Claim, as_of: datetime) -> Since:
    """How first attempts went from the claimed fix up to `as_of`. `finding`: what is said about the job now."""
    runs = Runs.read(engine, finding.tenant, finding.job, claim.since, as_of)
    places = runs.since(claim.since)
    failed = places[runs.failed[places]]
    same = [place for place in failed.tolist() if _is_same(runs.history, place, finding, claim)]
    passed = places[~runs.failed[places]]
    at_work = _root_at_work(engine, finding, claim, as_of, runs.start[passed])
    examples = tuple(run_id_of(runs.history, int(place)) for place in (same or failed.tolist())[-_EXAMPLES:])
    return Since(int(at_work.sum()), int((~at_work).sum()), len(same), len(failed) - len(same), examples)


def _is_same(history: History, run: int, finding: Finding, claim: Claim) -> bool:
    """Whether a failed run is attributed to the old cause.

    The engine decides, where it finds a cause: its pairs are the runs attributed to it. Where it finds none (any
    more), a failure with the error text of then counts as the same.
    """
    laid = run_id_of(history, run) in {pair.logical_run_id for pair in finding.pairs}
    alike = opinion_of(finding).same_cause(claim.was)
    if laid or (alike and finding.verdict is Verdict.SYSTEMIC):
        return laid and alike
    return signature(history.error_of(run)) in set(claim.was.signatures) - {""}


def _root_at_work(
    engine: Engine, finding: Finding, claim: Claim, as_of: datetime, starts: IntArray
) -> NDArray[np.bool_]:
    """For runs that began at `starts`: whether the root, where it is another job, had begun a run since the fix, and
    not longer ago than its longest pause before the fix. A run on old output shows nothing about a fix of the root."""
    root = claim.was.root_job
    if claim.was.cause != Cause.UPSTREAM or root is None:
        return np.ones(len(starts), bool)
    begins = np.sort(_root_starts(engine, finding.tenant, root, claim.since - _BEFORE, as_of))
    old, new = begins[begins < micros(claim.since)], begins[begins >= micros(claim.since)]
    longest = int(np.diff(old).max()) if len(old) > 1 else None
    at = np.searchsorted(new, starts, side="right") - 1
    known = at >= 0
    if longest is not None and len(new):
        known &= starts - new[np.maximum(at, 0)] <= longest
    return known


def _root_starts(engine: Engine, tenant: str, root: str, begin: datetime, as_of: datetime) -> IntArray:
    """When the root's runs began: those of this tenant, or where it has none those of the unnamed one."""
    own = Runs.read(engine, tenant, root, begin, as_of).start
    return own if len(own) or not tenant else Runs.read(engine, "", root, begin, as_of).start
