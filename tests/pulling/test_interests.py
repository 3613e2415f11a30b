"""Which metrics are worth asking for: around failures, upstream, and at the same hours of quiet days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from correlator.model import Attempt, Dependency, Status
from correlator.ports import Interest, Page, PullWindow
from correlator.pulling.interests import QUIET_DAYS, interests, interests_of
from correlator.pulling.pull import pull_source
from correlator.store.database import open_store
from correlator.store.facts import store_page

NOW = datetime(2026, 3, 30, 12, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
FAILED_AT = datetime(2026, 3, 20, 5, 40, tzinfo=UTC)
FIVE = datetime(2026, 3, 20, 5, tzinfo=UTC)


def of(found: tuple[Interest, ...], job: str) -> list[tuple[datetime, datetime]]:
    return [(one.start, one.end) for one in found if one.job == job]


def test_a_failure_is_of_interest_with_the_same_hours_of_quiet_days() -> None:
    found = interests([("tenant-07", "export", FAILED_AT)], [], NOW)
    assert {one.tenant for one in found} == {"tenant-07"}
    expected = [(FIVE - 3 * HOUR - day * DAY, FIVE + 2 * HOUR - day * DAY) for day in range(QUIET_DAYS, -1, -1)]
    assert of(found, "export") == expected


def test_days_with_trouble_at_that_hour_are_no_quiet_days() -> None:
    troubled = [("tenant-07", "export", FAILED_AT - day * DAY) for day in (0, 1, 2)]
    days = {start.date() for start, _ in of(interests(troubled, [], NOW), "export")}
    assert min(days) == (FIVE - (2 + QUIET_DAYS) * DAY).date()


def test_hours_shortly_before_trouble_are_not_quiet() -> None:
    """What led to it may show in the metrics already."""
    later = ("tenant-07", "export", FAILED_AT - DAY + 2 * HOUR)
    day_before = [
        (start, end)
        for start, end in of(interests([("tenant-07", "export", FAILED_AT), later], [], NOW), "export")
        if start.date() == (FIVE - DAY).date()
    ]
    assert day_before == [(FIVE - DAY - HOUR, FIVE - DAY + 4 * HOUR)]


def test_what_the_job_reads_from_is_of_interest_earlier_and_in_its_tenant_alone() -> None:
    edges = [
        Dependency("enrich", "export"),
        Dependency("ingest", "enrich", tenant="tenant-07"),
        Dependency("other", "enrich", tenant="tenant-01"),
        Dependency("export", "ingest"),
        Dependency("export", "unrelated"),
    ]
    found = interests([("tenant-07", "export", FAILED_AT)], edges, NOW)
    assert {one.job for one in found} == {"export", "enrich", "ingest"}
    assert of(found, "ingest")[-1] == (FIVE - 6 * HOUR, FIVE + 2 * HOUR)


def test_nothing_is_asked_of_the_future() -> None:
    found = interests([("", "export", NOW)], [], NOW)
    assert of(found, "export")[-1] == (datetime(2026, 3, 30, 9, tzinfo=UTC), NOW)


@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 700)), max_size=12), st.integers(0, 700))
def test_one_failure_more_takes_nothing_away_around_the_others(earlier: list[tuple[str, int]], more: int) -> None:
    failures = [("", job, NOW - hours * HOUR) for job, hours in earlier]
    after = interests([*failures, ("", "a", NOW - more * HOUR)], [], NOW)
    for _, job, at in failures:
        assert any(one.job == job and one.start <= at <= one.end for one in after)
    starts = [(one.job, one.start) for one in after]
    assert starts == sorted(starts)


def test_they_are_computed_from_what_is_stored(tmp_path: Path) -> None:
    attempts = tuple(
        Attempt(f"run-{status}", "export", FAILED_AT, status, tenant="tenant-07", finished_at=FAILED_AT + HOUR)
        for status in Status
    )
    old = Attempt("run-old", "old", NOW - 60 * DAY, Status.FAILED, finished_at=NOW - 60 * DAY)
    engine = open_store(f"sqlite:///{tmp_path / 'correlator.db'}")
    try:
        store_page(engine, "datadog", Page("runs", (*attempts, old, Dependency("enrich", "export")), {}), NOW)
        found = interests_of(engine, NOW)
    finally:
        engine.dispose()
    assert {(one.tenant, one.job) for one in found} == {("tenant-07", "export"), ("tenant-07", "enrich")}
    assert (FIVE - 3 * HOUR, FIVE + 2 * HOUR) in of(found, "export")


class Metered:
    """A source whose first stream gives a failed run, and whose metrics keep what they are told is of interest."""

    name = "datadog"
    streams: tuple[str, ...] = ("runs", "metrics")

    def __init__(self) -> None:
        self.told: dict[str, tuple[Interest, ...] | None] = {}

    def pages(self, stream: str, position: dict[str, Any] | None, window: PullWindow) -> Iterator[Page]:
        self.told[stream] = window.interests
        run = Attempt("run-1", "export", FAILED_AT, Status.FAILED, finished_at=FAILED_AT + HOUR)
        yield Page(stream, (run,) if stream == "runs" else (), {}, done=True)


def test_metrics_are_pulled_knowing_the_runs_of_the_same_pull(tmp_path: Path) -> None:
    source = Metered()
    engine = open_store(f"sqlite:///{tmp_path / 'correlator.db'}")
    try:
        pull_source(engine, source, PullWindow(until=NOW), NOW)
    finally:
        engine.dispose()
    assert source.told["runs"] is None
    assert of(source.told["metrics"] or (), "export")[-1] == (FIVE - 3 * HOUR, FIVE + 2 * HOUR)
