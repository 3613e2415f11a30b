"""Clocks that are off: by example, with times in minutes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from correlator.history.clocks import Reading, StartDelay, clock_offsets, start_delay
from correlator.model import Attempt, Cause, Verdict
from correlator.tables.frames import MICROSECONDS
from tests.engine.build import only, tables_of
from tests.engine.plays import Job, edges, play, some

MINUTE = 60 * MICROSECONDS
DUE = np.arange(100) * 60 * MINUTE
EVERY = np.ones(100, bool)


def starts(after: float, seed: int = 1) -> NDArray[np.int64]:
    """Each so many minutes after it is due, and up to half a minute more."""
    return DUE + (MINUTE * (after + np.random.default_rng(seed).uniform(0, 0.5, 100))).astype(np.int64)


def delay(after: float, seed: int = 1) -> StartDelay | None:
    return start_delay(DUE, starts(after, seed))


def reading(ready: float, start: float) -> Reading:
    """Downstream is due half an hour after upstream; both times count from their own due times."""
    due = DUE + 30 * MINUTE
    return Reading(0, 1, DUE, DUE + int(ready * MINUTE), due, starts(start, 2) + 30 * MINUTE, EVERY)


def test_who_starts_in_time_shows_no_offset() -> None:
    assert delay(0) is None
    assert clock_offsets([delay(0), delay(0)], [reading(20, 0)]).tolist() == [0, 0]


def test_who_starts_before_it_is_due_goes_by_a_slow_clock() -> None:
    offsets = clock_offsets([delay(-5), delay(0)], [reading(20, 0)])
    assert offsets[0] / MINUTE == pytest.approx(-5, abs=0.1)
    assert offsets[1] == 0


def test_who_starts_late_may_have_to_wait() -> None:
    assert clock_offsets([delay(8), delay(0)], [reading(25, 0)]).tolist() == [0, 0]


def test_an_output_that_comes_after_its_readers_passed_was_timed_by_a_fast_clock() -> None:
    offsets = clock_offsets([delay(8), delay(0), delay(8.2)], [reading(35, 0)])
    assert offsets[0] / MINUTE == pytest.approx(8, abs=0.1)
    assert offsets[1] == 0
    assert offsets[2] / MINUTE == pytest.approx(8.2, abs=0.1), "the same source, told by the same delay"


def test_readers_that_overlap_by_more_than_the_clock_could_explain_say_nothing() -> None:
    assert clock_offsets([delay(8), delay(0)], [reading(55, 0)]).tolist() == [0, 0]


def test_without_a_plan_or_with_few_runs_nothing_is_known() -> None:
    assert start_delay(DUE, DUE) is None
    assert start_delay(DUE[:10], starts(-5)[:10]) is None


def test_delays_without_an_edge_are_no_clock() -> None:
    queue = DUE + (MINUTE * np.random.default_rng(1).exponential(6, 100)).astype(np.int64)
    assert start_delay(DUE, queue) is None


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.integers(-(10**6), 10**6), st.floats(-20, 20))
def test_when_it_all_happened_changes_nothing(by: int, after: float) -> None:
    assert start_delay(DUE + by * MINUTE, starts(after) + by * MINUTE) == delay(after)


# --- in a finding ------------------------------------------------------------------------------------------------

PAIR = (Job("ingest"), Job("export", 18, ("ingest",)))
BAD = dict.fromkeys(some(16, 336), 75)


def ahead(attempts: list[Attempt], job: str, by: float) -> list[Attempt]:
    """The times of one job by a clock that is so many minutes ahead."""
    off = timedelta(minutes=by)
    return [
        replace(a, started_at=a.started_at + off, finished_at=a.finished_at and a.finished_at + off)
        if a.job == job
        else a
        for a in attempts
    ]


@pytest.mark.parametrize("minutes", [-10, -5, 9, 11])
def test_an_upstream_is_found_by_whatever_clock_it_goes(minutes: float) -> None:
    right = only(tables_of(play(PAIR, 14, {"ingest": BAD}), edges(PAIR)), "export")
    found = only(tables_of(ahead(play(PAIR, 14, {"ingest": BAD}), "ingest", minutes), edges(PAIR)), "export")
    assert (found.verdict, found.cause, found.root_job) == (Verdict.SYSTEMIC, Cause.UPSTREAM, "ingest")
    assert {pair.logical_run_id for pair in found.pairs} == {pair.logical_run_id for pair in right.pairs}
    assert not right.clocks
    (clock,) = found.clocks
    assert clock.job == "ingest"
    assert clock.seconds == pytest.approx(60 * minutes, abs=1)
    assert any("clock behind ingest" in note for note in found.notes)


def test_within_the_uncertainty_of_the_clocks_no_order_is_established() -> None:
    """One input came ten seconds after the export had begun, by clocks that agree to fifteen: that is no exposure."""
    near = {40: 18 + 1 / 6}
    attempts = play(PAIR, 14, {"ingest": BAD})
    told = [
        replace(a, finished_at=a.started_at + timedelta(minutes=near[40]))
        if a.job == "ingest" and a.logical_run_id == "tenant-01/ingest/40" and a.attempt == 1
        else a
        for a in attempts
    ]
    failed = [
        replace(a, status=next(x.status for x in attempts if x.job == "export" and x.error))
        if a.run_id == "tenant-01/export/40/1"
        else a
        for a in told
    ]
    found = only(tables_of(ahead(failed, "ingest", -5), edges(PAIR)), "export")
    assert found.order_unclear == 1
    assert "tenant-01/export/40" not in {pair.logical_run_id for pair in found.pairs}
