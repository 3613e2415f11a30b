"""Runs out of log lines: both ends in any order, over pages and pulls, and what never becomes a run."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.datadog import reading
from connectors.datadog.lines import Partial, partial_from
from connectors.datadog.mapping_files import read_mappings
from connectors.datadog.reading import Gleaned, LineReader, Stage
from connectors.payloads import UnmappableError
from correlator.model import Attempt, Status
from correlator.settings import load_settings

MAPPINGS = read_mappings(None, load_settings(environment={})["datadog.tags"])
T0 = datetime(2026, 3, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def line(minute: float, status: str | None, run: str = "r1", **facets: Any) -> dict[str, Any]:
    inner = {"run_id": run, "job": "export_ads", "tenant": "tenant-07", **facets}
    if status:
        inner["status"] = status
    at = (T0 + minute * MINUTE).isoformat()
    return {"id": f"{run}-{minute}", "attributes": {"timestamp": at, "status": "info", "attributes": inner}}


def reader(name: str = "logs") -> LineReader:
    return LineReader(MAPPINGS[name], lambda partial, item: None, lambda attempt: attempt)


def stage(until: float, *, ended: bool = True, newest: bool = True, overlap: float = 60) -> Stage:
    at = T0 + until * MINUTE
    return Stage(ended, newest, at, at - overlap * MINUTE)


def read(lines: list[Any], kept: dict[str, Any] | None = None, at: Stage | None = None) -> Gleaned:
    return reader().read(lines, kept or {}, at or stage(60))


def attempts(gleaned: Gleaned) -> list[tuple[str, str, float, float | None]]:
    """(run, status, start, end) in minutes."""
    return [
        (
            fact.run_id,
            fact.status.value,
            (fact.started_at - T0) / MINUTE,
            (fact.finished_at - T0) / MINUTE if fact.finished_at else None,
        )
        for fact in gleaned.facts
        if isinstance(fact, Attempt)
    ]


def test_a_start_and_an_end_are_one_attempt() -> None:
    start = line(1, "started", attempt="2", scheduled_at="2026-03-01T00:00:00Z", logical_run_id="l1")
    gleaned = read([start, line(9, "error", error={"message": "no rows"})])
    assert gleaned.facts == [
        Attempt(
            run_id="r1",
            job="export_ads",
            started_at=T0 + MINUTE,
            status=Status.FAILED,
            tenant="tenant-07",
            logical_run_id="l1",
            attempt=2,
            scheduled_at=T0,
            finished_at=T0 + 9 * MINUTE,
            error="no rows",
        )
    ]
    assert gleaned.aside == []


@given(st.permutations([line(1, "running"), line(2, None, error={"message": "odd"}), line(9, "failed")]), st.data())
def test_order_and_page_borders_change_nothing(lines: list[Any], data: st.DataObject) -> None:
    border = data.draw(st.integers(0, 3))
    first = reader().read(lines[:border], {}, stage(60, ended=False))
    last = reader().read(lines[border:], first.kept, stage(60))
    (given_last,) = [one for one in [*first.facts, *last.facts] if isinstance(one, Attempt) and one.error][-1:]
    assert attempts(Gleaned(facts=[given_last])) == [("r1", "failed", 1, 9)]
    assert given_last.error == "odd"


def test_a_run_under_way_is_running_and_becomes_finished_in_a_later_pull() -> None:
    first = read([line(50, "running")], at=stage(60))
    assert attempts(first) == [("r1", "running", 50, None)]
    second = read([line(50, "running")], first.kept, stage(65))
    assert attempts(second) == [("r1", "running", 50, None)]
    third = read([line(50, "running"), line(69, "success")], second.kept, stage(70))
    assert attempts(third) == [("r1", "success", 50, 69)]
    assert third.kept == {}


def test_a_run_longer_than_the_overlap_keeps_its_start() -> None:
    kept = read([line(1, "running")], at=stage(60)).kept
    kept = read([], kept, stage(600)).kept
    done = read([line(890, "success")], kept, stage(900))
    assert attempts(done) == [("r1", "success", 1, 890)]
    again = read([line(890, "success")], done.kept, stage(905))
    assert again.facts == done.facts  # its end is met again in the overlap, its start is not
    assert again.aside == []
    assert read([], again.kept, stage(2000)).kept == {}


def test_a_stretch_read_again_says_nothing_of_what_is_running_now() -> None:
    """Elsewhere the run may long be known as finished."""
    live = read([line(4990, "running", "live")], at=stage(5000)).kept
    page = read([line(50, "running")], live, stage(5000, ended=False, newest=False))
    rest = read([line(55, "running", "r2"), line(70, "ok")], page.kept, stage(5000, newest=False))
    assert page.facts == []
    assert attempts(rest) == [("r1", "success", 50, 70)]
    assert rest.kept == live


def test_an_end_waits_for_its_start_and_is_set_aside_when_it_cannot_come_any_more() -> None:
    first = read([line(50, "failed")])
    assert (first.facts, first.aside) == ([], [])
    late = read([line(40, "running"), line(50, "failed")], first.kept, stage(65))
    assert attempts(late) == [("r1", "failed", 40, 50)]
    never = read([], first.kept, stage(111))
    assert [(aside.item_id, aside.reason[:22]) for aside in never.aside] == [("r1", "its start was not seen")]
    assert never.kept == {}


def test_one_line_is_enough_where_it_carries_the_start_or_the_duration() -> None:
    gleaned = read([line(10, "ok", duration=4 * 60 * 10**9), line(20, "ok", "r2", started_at="2026-03-01T00:12:00Z")])
    assert attempts(gleaned) == [("r1", "success", 6, 10), ("r2", "success", 12, 20)]


def test_what_cannot_be_read_is_set_aside_and_the_rest_kept() -> None:
    bad = [
        line(2, "purple"),
        line(3, None),
        {"id": "x", "attributes": {"attributes": {}, "timestamp": "2026-03-01T00:00:00Z"}},
        None,
    ]
    gleaned = read([line(1, "running"), *bad, line(9, "ok")])
    assert attempts(gleaned) == [("r1", "success", 1, 9)]
    assert [aside.reason for aside in gleaned.aside] == [
        "unknown status 'purple' in `status`",
        "no `status` (the status) in it: it tells neither of a start nor of an end",
        "no `run_id` (the run_id) in it",
        "no attributes in it",
    ]


def test_ends_that_contradict_each_other_are_set_aside() -> None:
    gleaned = read([line(5, "running"), line(9, "ok", finished_at="2026-03-01T00:01:00Z")])
    assert [aside.reason for aside in gleaned.aside] == ["it ends before it starts"]
    assert gleaned.kept == {}


def test_a_position_holds_only_so_many_runs_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_OPEN", 2)
    gleaned = read([line(number, "running", f"r{number}") for number in range(4)])
    assert len(gleaned.facts) == 4
    assert sorted(gleaned.kept["open"]) == ["r2", "r3"]
    assert [aside.item_id for aside in gleaned.aside] == ["r0", "r1"]


def test_a_partial_comes_back_from_the_position_as_it_was() -> None:
    partial = partial_from(line(3, "failed", attempt=2, scheduled_at="2026-03-01T00:00:00Z"), MAPPINGS["logs"])
    assert Partial.from_json("r1", partial.to_json()) == replace(partial, error=None)


def test_airflow_lines_name_a_try_of_a_task() -> None:
    facets: dict[str, Any] = {
        "dag_id": "daily",
        "task_id": "load",
        "run_id": "scheduled__1",
        "try_number": 2,
        "map_index": -1,
    }
    start = line(1, None, state="running", **facets)
    end = line(4, None, state="up_for_retry", exception="OSError: gone", **facets)
    gleaned = reader("airflow").read([start, end], {}, stage(60))
    (attempt,) = gleaned.facts
    assert isinstance(attempt, Attempt)
    assert (attempt.run_id, attempt.logical_run_id) == ("daily.load.scheduled__1.-1.2", "daily.load.scheduled__1.-1")
    assert (attempt.job, attempt.attempt, attempt.status.value) == ("daily.load", 2, "failed")
    assert attempt.error == "OSError: gone"


@given(st.recursive(st.none() | st.integers() | st.text(max_size=6), lambda inner: st.dictionaries(st.text(), inner)))
def test_no_line_crashes_the_mapping(value: Any) -> None:
    for payload in (value, {"attributes": value}, {"attributes": {"attributes": value, "timestamp": value}}):
        for name in ("logs", "events", "airflow"):
            with suppress(UnmappableError):
                partial_from(payload, MAPPINGS[name])
