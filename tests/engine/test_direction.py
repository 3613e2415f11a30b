"""Who began it: by example, with times in minutes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correlator.engine.direction import onsets
from correlator.engine.pipeline import Job
from correlator.tables.frames import MICROSECONDS

MINUTE = 60 * MICROSECONDS
RUNS = 200
SPELLS = tuple(range(10, 190, 15))


def hourly(name: str, failed: set[int], minute: int = 0, shift: int = 0) -> Job:
    """Every hour, ten minutes long."""
    due = (np.arange(RUNS) * 60 + minute + shift) * MINUTE
    bad = np.isin(np.arange(RUNS), list(failed))
    every, none = np.ones(RUNS, bool), np.zeros(RUNS, bool)
    end = due + 10 * MINUTE
    return Job(name, "tenant-01", 0, 0, due, due, end, end, bad, every, none, none, int(end[-1]))


def told(first: int, shift: int = 0, stray: tuple[int, ...] = ()) -> tuple[int, int, float]:
    """In each spell the export fails from so many runs before the ingest on, and three runs long with it."""
    export = {start + n for start in SPELLS for n in range(-first, 3)} | set(stray)
    job = hourly("export", export, 30, shift)
    root = hourly("ingest", {start + n for start in SPELLS for n in range(3)}, 0, shift)
    found = onsets(job, root, np.arange(RUNS), job.failed & root.failed, ~root.failed)
    return found.occasions, found.preceded, found.log_factor


def test_an_upstream_that_begins_each_time_has_nothing_against_it() -> None:
    assert told(0) == (len(SPELLS), 0, 0.0)


def test_a_failure_by_chance_before_one_of_them_says_little() -> None:
    occasions, preceded, factor = told(0, stray=(SPELLS[3] - 1,))
    assert (occasions, preceded) == (len(SPELLS), 1)
    assert factor == pytest.approx(0.0, abs=0.5)


def test_a_job_that_fails_first_each_time_was_not_failed_by_its_upstream() -> None:
    occasions, preceded, factor = told(1)
    assert (occasions, preceded) == (len(SPELLS), len(SPELLS))
    assert factor < -20


def test_nothing_laid_says_nothing() -> None:
    job = hourly("export", {3})
    assert onsets(job, job, np.arange(RUNS), np.zeros(RUNS, bool), np.ones(RUNS, bool)).log_factor == 0.0


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.integers(-(10**6), 10**6), st.integers(0, 2))
def test_when_it_all_happened_changes_nothing(shift: int, first: int) -> None:
    assert told(first, shift) == told(first)
