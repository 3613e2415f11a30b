"""How attempts become logical runs, by example: each history is a few lines, and the answer is counted by hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from correlator.history.building import build_history
from correlator.history.columns import NEVER, History, run_id_of, usual_period
from correlator.model import Attempt, Status
from correlator.tables.frames import MICROSECONDS, from_micros, to_micros
from tests.engine.build import at, hourly, logical_run, minutes, tables_of, without_ids

LATER = at("00:00", 60)


def history(attempts: Iterable[Attempt], as_of: datetime = LATER) -> History:
    return build_history(tables_of(attempts), to_micros(as_of))


def sizes(found: History) -> list[int]:
    counts: list[int] = found.runs.size.tolist()
    return counts


# --- what belongs together ---------------------------------------------------------------------------------------


def test_a_logical_id_groups_its_attempts_however_far_apart() -> None:
    first, second = logical_run("export", at("04:00"), "FS")
    late = replace(second, started_at=at("19:00"), finished_at=at("19:10"))
    found = history([first, late, *logical_run("export", at("05:00"), "S")])
    assert sizes(found) == [2, 1]
    assert found.runs.recovered.tolist() == [True, False]
    assert from_micros(int(found.runs.ready[0])) == at("19:10")


def test_without_an_id_the_scheduled_time_groups() -> None:
    attempts = without_ids(hourly("export", ["FFS", "S", "FS"]), "logical_run_id", "attempt")
    assert sizes(history(attempts)) == [3, 1, 2]


def test_the_same_id_in_two_tenants_or_jobs_is_two_runs() -> None:
    attempts = [
        replace(attempt, logical_run_id="2026-03-02", run_id=f"{number}")
        for number, attempt in enumerate(
            logical_run("export", at("04:00"), "S")
            + logical_run("export", at("04:00"), "S", tenant="tenant-02")
            + logical_run("ingest", at("04:00"), "S")
        )
    ]
    found = history(attempts)
    assert sizes(found) == [1, 1, 1]
    assert found.tenants == ("tenant-01", "tenant-02")
    assert found.jobs == ("export", "ingest")


def test_with_starts_alone_a_retry_is_what_follows_a_failure_soon() -> None:
    told = without_ids(hourly("export", ["S", "FS", "S", "TFS", "S"]), "logical_run_id", "attempt", "scheduled_at")
    found = history(told)
    assert sizes(found) == [1, 2, 1, 3, 1]
    assert found.runs.failed.tolist() == [False, True, False, True, False]


def test_with_starts_alone_a_success_ends_a_run() -> None:
    told = without_ids(
        [*hourly("export", ["S", "S"]), *logical_run("export", at("01:15"), "S")],
        *("logical_run_id", "attempt", "scheduled_at"),
    )
    assert sizes(history(told)) == [1, 1, 1]


def test_numbers_decide_where_there_are_any() -> None:
    """Three failures an hour apart: retries by their numbers, or three runs that each failed."""
    hours = ["S", "S", "S"] + ["F"] * 3 + ["S"]
    told = without_ids(hourly("export", hours), "logical_run_id", "scheduled_at")
    assert sizes(history(told)) == [1] * 7
    counted = [replace(a, attempt=n) for a, n in zip(told, [1, 1, 1, 1, 2, 3, 4], strict=True)]
    assert sizes(history(counted)) == [1, 1, 1, 4]


def test_runs_with_and_without_ids_live_side_by_side() -> None:
    old = without_ids(hourly("export", ["FS", "S"]), "logical_run_id")
    new = [a for hour in (2, 3) for a in logical_run("export", at(f"{hour}:00"), "FS")]
    assert sizes(history([*old, *new])) == [2, 1, 2, 2]


def test_a_row_told_twice_is_one_attempt_and_the_later_row_wins() -> None:
    running = logical_run("export", at("04:00"), "R")
    ended = logical_run("export", at("04:00"), "F")
    found = history([*running, *ended])
    assert sizes(found) == [1]
    assert found.runs.failed.tolist() == [True]


# --- what a run says ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ends", "failed", "counted", "recovered"),
    [
        ("S", False, True, False),
        ("F", True, True, False),
        ("T", True, True, False),
        ("FS", True, True, True),
        ("FF", True, True, False),
        ("TFS", True, True, True),
        ("FR", True, True, False),
        ("R", False, False, False),
        ("C", False, False, False),
        ("K", False, False, False),
        ("U", False, False, False),
    ],
)
def test_a_run_failed_first_if_its_first_attempt_did(ends: str, failed: bool, counted: bool, recovered: bool) -> None:
    runs = history(logical_run("export", at("04:00"), ends)).runs
    assert (runs.failed[0], runs.counted[0], runs.recovered[0]) == (failed, counted, recovered)


def test_it_is_ready_when_its_first_passing_attempt_ends() -> None:
    runs = history([*logical_run("export", at("04:00"), "FS"), *logical_run("export", at("05:00"), "FF")]).runs
    assert from_micros(int(runs.ready[0])) == at("04:25")
    assert runs.ready[1] == NEVER


def test_of_a_run_with_its_last_attempt_alone_the_first_is_taken_to_have_failed() -> None:
    runs = history([logical_run("export", at("04:00"), "FS")[1], *logical_run("export", at("05:00"), "S")]).runs
    assert runs.hidden.tolist() == [True, False]
    assert runs.failed.tolist() == [True, False]
    assert runs.recovered.tolist() == [True, False]


def test_a_failure_that_was_not_recorded_is_a_failure_of_its_job() -> None:
    found = history([logical_run("export", at("04:00"), "FS")[1], *logical_run("ingest", at("05:00"), "S")])
    assert found.failed_streams.tolist() == [True, False]


def test_a_run_is_skipped_when_all_of_it_was() -> None:
    told = [*logical_run("export", at("04:00"), "K"), *logical_run("export", at("05:00"), "KS")]
    assert history(told).runs.skipped.tolist() == [True, False]


def test_an_end_that_was_not_told_is_the_usual_one() -> None:
    told = hourly("export", ["S", "S", "S"], took=12)
    told[1] = replace(told[1], finished_at=None)
    found = history(told)
    assert from_micros(int(found.runs.ready[1])) == at("01:12")
    assert found.runs.counted.all()


def test_due_is_the_scheduled_time_else_the_start() -> None:
    scheduled = logical_run("export", at("04:00"), "FS", delay=7)
    loose = without_ids(logical_run("ingest", at("04:00"), "S", delay=7), "scheduled_at")
    found = history([*scheduled, *loose])
    assert [from_micros(int(due)) for due in found.runs.due] == [at("04:00"), at("04:07")]


def test_streams_are_sorted_and_found_by_name() -> None:
    found = history([*hourly("b", ["S"] * 3), *hourly("a", ["S"] * 2), *hourly("b", ["S"], tenant="")])
    assert found.tenants == ("", "tenant-01")
    assert found.stream(1, "c") is None
    stream = found.stream(1, "b")
    assert stream is not None
    assert found.runs_of(stream) == slice(3, 6)
    assert np.all(np.diff(found.runs.due[3:6]) == 3600 * MICROSECONDS)


def test_a_run_goes_by_its_id_or_by_its_first_attempt() -> None:
    named = logical_run("export", at("04:00"), "FS")
    assert run_id_of(history(named), 0) == "tenant-01/export/02T04:00"
    assert run_id_of(history(without_ids(named, "logical_run_id")), 0) == "tenant-01/export/02T04:00/1"


# --- what was known then -----------------------------------------------------------------------------------------


def test_what_had_not_ended_is_running_whatever_its_row_says() -> None:
    runs = history(logical_run("export", at("04:00"), "F"), at("04:09")).runs
    assert (runs.failed[0], runs.counted[0], runs.ready[0]) == (False, False, NEVER)
    assert history(logical_run("export", at("04:00"), "F"), at("04:10")).runs.failed[0]


def test_what_had_not_started_is_unknown() -> None:
    told = [*hourly("export", ["S"]), *logical_run("ingest", at("04:00"), "S")]
    found = history(told, at("03:59"))
    assert found.jobs == ("export",)
    assert history(told, at("04:00")).jobs == ("export", "ingest")


def test_before_everything_there_is_nothing() -> None:
    found = history(hourly("export", ["S"]), at("00:00") - minutes(1))
    assert (found.tenants, found.jobs, len(found.runs.due)) == ((), (), 0)


def test_statuses_are_those_of_the_model() -> None:
    told = [a for n, s in enumerate("SFTCKUR") for a in logical_run("export", at(f"{n}:00"), s)]
    assert {attempt.status for attempt in told} == set(Status)
    assert history(told).runs.counted.sum() == 3


# --- how often ---------------------------------------------------------------------------------------------------


def test_the_usual_period_is_the_median_gap_and_a_day_where_nothing_tells() -> None:
    day = 24 * 3600 * MICROSECONDS
    assert usual_period(np.array([0, 60, 120, 600])) == 60
    assert usual_period(np.array([0, 60])) == day
    assert usual_period(np.array([5, 5, 5])) == day
