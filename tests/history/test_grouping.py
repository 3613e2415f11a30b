"""Attempts as runs, against plain dictionaries; also where all ids share one number."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from correlator.history import grouping
from correlator.history.building import build_history
from correlator.model import Attempt, Status
from correlator.tables.frames import Tables
from tests.engine.build import MONDAY, tables_of

ROWS = st.lists(
    st.tuples(
        st.sampled_from(["tenant-01", "tenant-02"]),
        st.sampled_from(["ingest", "export"]),
        st.sampled_from([None, "a", "b", "c", "ab"]),  # logical id
        st.sampled_from([None, 0, 30, 60]),  # scheduled, minutes
        st.integers(0, 200),  # started, minutes
        st.integers(1, 3),  # attempt
    ),
    max_size=40,
)


def attempts_of(rows: list[tuple[str, str, str | None, int | None, int, int]]) -> list[Attempt]:
    return [
        Attempt(
            run_id=f"run-{number}",
            job=job,
            tenant=tenant,
            logical_run_id=logical,
            scheduled_at=MONDAY + timedelta(minutes=30 * number if due is None and logical is None else due or 0),
            started_at=MONDAY + timedelta(minutes=start),
            finished_at=MONDAY + timedelta(minutes=start + 5),
            attempt=attempt,
            status=Status.SUCCESS,
        )
        for number, (tenant, job, logical, due, start, attempt) in enumerate(rows)
    ]


def by_dictionary(attempts: list[Attempt]) -> set[frozenset[str]]:
    found: dict[tuple[object, ...], set[str]] = defaultdict(set)
    for attempt in attempts:
        key = ("id", attempt.logical_run_id) if attempt.logical_run_id else ("due", attempt.scheduled_at)
        found[(attempt.tenant, attempt.job, *key)].add(attempt.run_id)
    return {frozenset(ids) for ids in found.values()}


def by_history(tables: Tables) -> set[frozenset[str]]:
    history = build_history(tables, 2**62)
    ids = tables.runs["run_id"].to_numpy(object)[history.attempts.row]
    pairs = zip(history.runs.first.tolist(), history.runs.size.tolist(), strict=True)
    return {frozenset(ids[first : first + size].tolist()) for first, size in pairs}


@given(ROWS)
@settings(deadline=None)
def test_the_groups_are_those_of_a_dictionary(rows: list[tuple[str, str, str | None, int | None, int, int]]) -> None:
    attempts = attempts_of(rows)
    assert by_history(tables_of(attempts)) == by_dictionary(attempts)


@given(ROWS)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_ids_that_share_a_number_are_still_told_apart(
    monkeypatch: pytest.MonkeyPatch, rows: list[tuple[str, str, str | None, int | None, int, int]]
) -> None:
    monkeypatch.setattr(grouping, "hash_texts", lambda texts: np.zeros(len(texts), np.uint64))
    monkeypatch.setattr(grouping, "mix", np.zeros_like)
    attempts = attempts_of(rows)
    assert by_history(tables_of(attempts)) == by_dictionary(attempts)


@given(ROWS)
@settings(deadline=None)
def test_runs_stand_by_stream_due_time_and_start(
    rows: list[tuple[str, str, str | None, int | None, int, int]],
) -> None:
    tables = tables_of(attempts_of(rows))
    history = build_history(tables, 2**62)
    runs, attempts = history.runs, history.attempts
    streams = np.repeat(np.arange(len(history.stream_job)), np.diff(history.stream_start)).tolist()
    places = list(zip(streams, runs.due.tolist(), runs.start.tolist(), strict=True))
    assert places == sorted(places)
    for first, size in zip(runs.first.tolist(), runs.size.tolist(), strict=True):
        starts = attempts.start[first : first + size].tolist()
        assert starts == sorted(starts)
