from __future__ import annotations

import json
import re
from typing import Any

import pytest

from correlator.errors import CorrelatorError
from correlator.evidence import pictures
from correlator.evidence.attempts import attempt_facts, attempt_rows
from correlator.evidence.charts.lags import BINS, lag_chart
from correlator.evidence.charts.retries import retry_chart, retry_debts
from correlator.evidence.charts.svg import svg
from correlator.evidence.charts.theme import MOST_MARKS, marks
from correlator.evidence.charts.timeline import timeline
from correlator.evidence.charts.window import LONGEST, close_up
from correlator.evidence.rendering import to_png
from correlator.tables.frames import to_micros
from tests.evidence.conftest import World
from tests.evidence.factory import EVERY


def _rows(specification: Any) -> list[Any]:
    return [each["data"]["values"] for panel in specification["vconcat"] for each in panel["layer"]]


def _values(specification: Any) -> str:
    return json.dumps(specification, sort_keys=True)


@pytest.fixture(scope="module")
def drawn(world: World) -> dict[str, bytes]:
    return _files(world)


def _files(world: World) -> dict[str, bytes]:
    specified = pictures.specifications(world.tables, world.finding, to_micros(world.analysis.as_of))
    return pictures.vectors(specified) | pictures.pixels(specified)


def test_pictures_are_the_same_bytes_when_made_again(world: World, drawn: dict[str, bytes]) -> None:
    assert set(drawn) == {"timeline.svg", "timeline.png", "metrics.svg", "lags.svg", "retries.svg"}
    assert _files(world) == drawn
    assert drawn["timeline.png"].startswith(b"\x89PNG")


def test_an_svg_stands_alone_and_says_what_its_marks_are(world: World, drawn: dict[str, bytes]) -> None:
    svg = drawn["timeline.svg"].decode()
    assert not re.search(r'(?:href|src)="(?!#)|@import|url\((?!#)', svg)
    assert "<script" not in svg
    assert "UTC" in svg
    for job in world.finding.path:
        assert job in svg


def test_failed_attempts_differ_by_shape_and_fill_and_not_by_colour_alone(world: World) -> None:
    rows = attempt_rows(world.tables, world.finding, to_micros(world.analysis.as_of))
    text = _values(timeline(world.finding, rows))
    assert '"fillOpacity"' in text
    assert '"shape"' in text
    assert '"type": "utc"' in text


def test_a_picture_stays_under_the_limit_of_marks(world: World) -> None:
    specifications = pictures.specifications(world.tables, world.finding, to_micros(world.analysis.as_of))
    assert 0 < marks(specifications["timeline"]) <= MOST_MARKS
    assert 0 < marks(specifications["metrics"]) <= MOST_MARKS


def test_light_and_dark_show_the_same_rows_in_other_colours(world: World) -> None:
    as_of = to_micros(world.analysis.as_of)
    light, dark = (pictures.specifications(world.tables, world.finding, as_of, dark=dark) for dark in (False, True))
    for name in ("timeline", "metrics", "retries"):
        assert _rows(light[name]) == _rows(dark[name])
    assert light["timeline"]["background"] != dark["timeline"]["background"]


def test_the_close_up_is_at_most_about_a_day_and_shows_a_failure(world: World) -> None:
    rows = attempt_rows(world.tables, world.finding, to_micros(world.analysis.as_of))
    stretch = close_up(world.finding, rows)
    assert stretch is not None
    assert stretch[1] - stretch[0] <= LONGEST * 1.3
    assert any(row.failed and stretch[0] <= row.started_at < stretch[1] for row in rows)


def test_the_lag_profile_counts_every_pair_once() -> None:
    drawn = lag_chart(EVERY["upstream"])
    assert drawn is not None
    bins = _rows(drawn)[0]
    assert sum(row["runs"] for row in bins) == len(EVERY["upstream"].pairs)
    assert len(bins) <= BINS + 1
    assert lag_chart(EVERY["transient"]) is None


def test_retry_debt_counts_what_the_finding_counts(world: World) -> None:
    rows = attempt_rows(world.tables, world.finding, to_micros(world.analysis.as_of))
    debts = retry_debts(world.finding, rows).values()
    assert sum(debt.retried for debt in debts) == world.finding.recovered_by_retry
    assert sum(debt.retried + debt.lost for debt in debts) == world.finding.failed_first
    assert retry_chart(world.finding, ()) is None


def test_a_finding_without_history_still_gives_a_timeline() -> None:
    for about in EVERY.values():
        assert svg(timeline(about, ())).startswith("<svg")


def test_attempts_carry_the_logical_run_that_pairs_name(world: World) -> None:
    facts = attempt_facts(attempt_rows(world.tables, world.finding, to_micros(world.analysis.as_of)))
    for pair in world.finding.pairs:
        assert pair.logical_run_id in facts
        assert pair.upstream_logical_run_id in facts


def test_a_specification_that_cannot_be_drawn_is_an_error_in_words() -> None:
    with pytest.raises(CorrelatorError, match="could not be drawn"):
        to_png({"mark": {"type": "nothing"}, "data": "x"})
