"""The metrics on an incident's clock: thinned, broken where data is missing, beside quiet days; read by their keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from correlator.evidence.series import DAY, pieces, quantile, quiet_band, thinned
from correlator.model import Finding, MetricPoint
from correlator.ports import Page
from correlator.store.facts import store_page
from tests.web import cast, incident_cast
from tests.web.factory import full_store
from tests.web.plans import asked
from web.incidents.clock_lines import DAYS_BEFORE, MOST_LINES, MOST_POINTS, Measured, lines_of
from web.incidents.scene import Window
from web.incidents.two_clocks import HAPPENED, KNOWN, Then
from web.reading.series import Series, points_of, series_of_jobs

OPENED = incident_cast.OPENED
AROUND = Window(OPENED - timedelta(hours=4), OPENED + timedelta(hours=4))
EVERY = timedelta(minutes=5)
MEMORY, CPU = "job.memory_gib", "job.cpu_ratio"
HOLE = (OPENED - timedelta(minutes=50), OPENED - timedelta(minutes=10))


def measured() -> Iterator[MetricPoint]:
    """Nine days of memory of the root, by tenant: 8 on quiet days, 12 today, with a hole; CPU of no tenant, sparse."""
    at = AROUND.start - timedelta(days=9)
    while at < AROUND.end:
        if not HOLE[0] < at < HOLE[1]:
            yield MetricPoint(MEMORY, at, 12.0 if at >= AROUND.start else 8.0, cast.INGEST, cast.PREMIUM)
        at += EVERY
    yield MetricPoint(CPU, OPENED - timedelta(days=30), 0.5, cast.INGEST)
    yield MetricPoint("other", OPENED, 1.0, "another_job", cast.PREMIUM)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder: Path = tmp_path_factory.mktemp("lines")
    engine = full_store(folder)
    store_page(engine, "datadog", Page("metrics", tuple(measured()), {}, done=True), cast.END)
    with engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")
    yield engine
    engine.dispose()


def of(finding: Finding | None) -> Measured:
    return Measured(cast.PREMIUM, (cast.INGEST, cast.EXPORT), finding)


def test_what_was_compared_stands_there_with_the_quiet_days_and_its_gap(engine: Engine) -> None:
    memory, cpu = lines_of(engine, of(cast.systemic()), AROUND, None)
    assert (memory.metric, cpu.metric) == (MEMORY, CPU)
    assert len(memory.pieces) == 2
    assert {value for piece in memory.pieces for _, value in piece} == {12.0}
    assert {band[2:] for band in memory.quiet} == {(8.0, 8.0, 8.0)}
    quiet_days = DAYS_BEFORE - sum(day in cast.BAD_DAYS for day in range(13 - DAYS_BEFORE, 13))
    assert f"on {quiet_days} quiet days of the 7 before" in memory.words
    assert "1 gap without data" in memory.words
    assert cpu.pieces == ()
    assert "missing, not zero" in cpu.words


def test_where_nothing_was_compared_what_is_stored_of_the_jobs_stands_there(engine: Engine) -> None:
    found = lines_of(engine, of(None), AROUND, None)
    assert {(one.metric, one.job) for one in found} == {(MEMORY, cast.INGEST), (CPU, cast.INGEST)}
    assert lines_of(engine, of(replace(cast.transient(), metrics=())), AROUND, None) == found
    assert lines_of(engine, Measured(cast.PREMIUM, (), None), AROUND, None) == ()


def test_looking_back_ends_where_it_looks_and_on_the_other_clock_where_nothing_had_arrived(engine: Engine) -> None:
    (memory, _) = lines_of(engine, of(cast.systemic()), AROUND, Then(OPENED, HAPPENED))
    last = memory.pieces[-1][-1][0]
    assert last < OPENED.timestamp() * 1000
    (unknown, _) = lines_of(engine, of(cast.systemic()), AROUND, Then(cast.END - EVERY, KNOWN))
    assert unknown.pieces == ()


def test_series_are_read_by_their_keys_however_much_is_stored(engine: Engine) -> None:
    with asked(engine) as heard:
        assert series_of_jobs(engine, cast.PREMIUM, (cast.INGEST, cast.EXPORT), MOST_LINES) == [
            Series(CPU, cast.INGEST),
            Series(MEMORY, cast.INGEST),
        ]
        points_of(engine, [Series(MEMORY, cast.INGEST)], cast.PREMIUM, AROUND.start, AROUND.end, days_before=7)
    assert heard.scans("metrics") == []


# --- the series themselves -------------------------------------------------------------------------------------

POINTS = st.lists(st.tuples(st.integers(0, 3 * DAY), st.floats(-1e6, 1e6)), max_size=300).map(sorted)


@given(POINTS, st.integers(1, 50))
def test_thinning_keeps_within_its_number_and_its_range(points: list[tuple[int, float]], most: int) -> None:
    kept = thinned(points, 0, 3 * DAY + 1, most)
    assert len(kept) <= most + 1
    assert bool(kept) == bool(points)
    values = [value for _, value in points]
    assert all(min(values) <= value <= max(values) for _, value in kept)
    assert kept == sorted(kept, key=lambda point: point[0])


@given(POINTS, st.integers(1, DAY))
def test_pieces_together_are_all_points_and_long_gaps_lie_between_them(
    points: list[tuple[int, float]], step: int
) -> None:
    found = list(pieces(points, step))
    assert [point for piece in found for point in piece] == points
    for before, after in pairwise(found):
        assert after[0][0] - before[-1][0] > 2.5 * step


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40).map(sorted), st.floats(0, 1))
def test_a_quantile_lies_between_the_least_and_the_most(values: list[float], share: float) -> None:
    assert values[0] <= quantile(values, share) <= values[-1]


def test_a_quiet_band_is_laid_on_today_s_hours() -> None:
    band = quiet_band([(DAY + 10, 1.0), (2 * DAY + 10, 3.0)], 3 * DAY, 3 * DAY + 100, [1, 2], 10)
    ((start, end, *edges),) = band
    assert (start, end) == (3 * DAY + 10, 3 * DAY + 20)
    assert edges == pytest.approx([1.2, 2.0, 2.8])


def test_no_more_points_are_drawn_than_a_picture_holds(engine: Engine) -> None:
    (memory, _) = lines_of(engine, of(cast.systemic()), Window(AROUND.start - timedelta(days=2), AROUND.end), None)
    assert sum(map(len, memory.pieces)) <= MOST_POINTS + 1
