"""The table beside a picture, and the picture of lanes made from the same attempts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from correlator.model import Attempt, Pair, Status
from correlator.text.times import micros
from web.pictures.timeline import Story, draw

T0 = datetime(2026, 3, 12, 4, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def attempt(run: str, job: str, start: float, end: float | None, status: Status, logical: str) -> Attempt:
    finished = None if end is None else at(end)
    return Attempt(run, job, at(start), status, "tenant-01", logical, finished_at=finished)


ATTEMPTS = [
    attempt("i-1", "ingest", 0, 20, Status.TIMED_OUT, "ingest-1"),
    attempt("i-2", "ingest", 30, 50, Status.SUCCESS, "ingest-1"),
    attempt("e-1", "export", 35, 38, Status.FAILED, "export-1"),
    attempt("e-2", "export", 55, 58, Status.SUCCESS, "export-1"),
    attempt("e-3", "export", 59, None, Status.RUNNING, "export-2"),
]
PAIRS = [Pair("export-1", "ingest", "ingest-1", 900.0, at(38), at(20))]
STORY = Story(("ingest", "export"), ATTEMPTS, at(-5), at(65), PAIRS, "ingest")


def rows(mark: str, *fields: str) -> list[dict[str, Any]]:
    """What is drawn as this mark with these fields."""
    specification = draw(STORY).picture.definition_in(dark=False)
    layers = [each for each in specification["vconcat"][1]["layer"] if each["mark"]["type"] == mark]
    return [row for each in layers for row in each["data"]["values"] if set(fields) <= set(row)]


def test_the_table_has_every_attempt_with_its_number_and_kind_by_lane_and_time() -> None:
    assert [(bar.attempt.run_id, bar.number, bar.kind, bar.laid) for bar in draw(STORY).bars] == [
        ("i-1", 1, "bad", True),
        ("i-2", 2, "ok", True),
        ("e-1", 1, "bad", True),
        ("e-2", 2, "ok", True),
        ("e-3", 1, "busy", False),
    ]


def test_lanes_run_upstream_to_downstream_and_name_the_root() -> None:
    assert [(row["words"], row["y"]) for row in rows("text", "top")] == [("ingest (root)", 11), ("export", 61)]


def test_a_bar_lasts_as_long_as_its_attempt_and_a_running_one_to_the_edge() -> None:
    found = {row["words"].split(" · ")[1]: row["end"] - row["start"] for row in rows("bar", "kind")}
    minute = 60_000
    assert found == {"i-1": 20 * minute, "i-2": 20 * minute, "e-1": 3 * minute, "e-2": 3 * minute, "e-3": 6 * minute}


def test_a_failed_bar_is_striped_and_signed_and_others_are_not() -> None:
    assert {(row["kind"], row["start"]) for row in rows("point", "kind")} == {
        ("timed out", micros(at(0)) // 1000),
        ("failed", micros(at(35)) // 1000),
    }
    assert len(rows("rule", "kind", "y")) == 4


def test_waiting_stands_between_the_attempts_of_one_run_only() -> None:
    assert [row["words"] for row in rows("rule", "words") if "waited" in row["words"]] == [
        "export waited 17 min for its next attempt",
        "ingest waited 10 min for its next attempt",
    ]


def test_a_link_leads_down_from_the_upstream_trouble_to_the_failure_it_caused() -> None:
    (link,) = rows("rule", "x2")
    assert link["y"] < link["y2"]
    assert link["words"] == "i-1 in trouble, then e-1 failed, 15 min later"


def test_attempts_outside_the_stretch_and_of_other_jobs_are_left_out() -> None:
    drawn = draw(Story(("export",), ATTEMPTS, at(50), at(58.5)))
    assert [bar.attempt.run_id for bar in drawn.bars] == ["e-2"]


def test_a_bar_names_the_source_s_own_facts() -> None:
    (words,) = [row["words"] for row in rows("bar", "kind") if " i-1 " in row["words"]]
    assert words == "ingest · i-1 · attempt 1 · timed out · 2026-03-12 04:00:00 to 04:20:00 UTC"
