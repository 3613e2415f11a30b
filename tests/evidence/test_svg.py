"""The light drawing of a picture's definition, and that the definition is one that Vega-Lite knows too."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlator.evidence import pictures
from correlator.evidence.charts.axes import round_domain, time_ticks, value_ticks
from correlator.evidence.charts.incident import Clock, Line, incident_chart
from correlator.evidence.charts.lanes import Lanes, Note
from correlator.evidence.charts.svg import svg
from correlator.evidence.charts.theme import DARK, LIGHT, MOST_MARKS, marks
from correlator.evidence.rows import AttemptRow
from correlator.tables.frames import to_micros
from correlator.text.times import micros
from tests.evidence.conftest import World

START = datetime(2026, 3, 12, 4, 7, tzinfo=UTC)
HOSTILE = "<script>alert('x')</script>\"&]]>"
HOUR = 3_600_000


def row(job: str, start: int, minutes: int | None, status: str, attempt: int = 1) -> AttemptRow:
    begin = micros(START) + start * 60_000_000
    end = None if minutes is None else begin + minutes * 60_000_000
    return AttemptRow(
        job, "t", f"{job}-1", f"{job}-{attempt}", attempt, 1, None, begin, end, status, HOSTILE, "", "", None
    )


def clock() -> Clock:
    """Two jobs with hostile names and errors, a change, a metric with a hole, and a moment looked back at."""
    low = micros(START) // 1000
    jobs = (HOSTILE, "export")
    rows = [row(HOSTILE, 5, 20, "timed_out"), row(HOSTILE, 30, 9, "success", 2), row("export", 31, None, "running")]
    line = Line(HOSTILE, "export", (((low, 1.0), (low + HOUR // 4, 2.0)), ((low + HOUR // 2, 2.0),)),
                ((low, low + HOUR, 0.5, 1.0, 1.5),), HOSTILE)  # fmt: skip
    lanes = Lanes(jobs, rows, (low, low + HOUR), notes=(Note(low + HOUR // 3, "1", HOSTILE, "timed_out"),))
    return Clock(lanes, (low - HOUR, low + 2 * HOUR), rows, (line,), low + HOUR // 2)


def definitions(world: World) -> dict[str, dict[str, Any]]:
    found = pictures.specifications(world.tables, world.finding, to_micros(world.analysis.as_of))
    return found | {"incident": incident_chart(clock())}


def test_every_definition_is_valid_vega_lite_and_a_drawing(world: World) -> None:
    import altair as alt  # not above: it takes a second, and every process of the run reads this file

    for name, each in definitions(world).items():
        alt.VConcatChart.from_dict(each, validate=True)
        root = ElementTree.fromstring(svg(each))
        assert (root.get("role"), bool(root.get("aria-label"))) == ("img", True), name
        assert 0 < marks(each) <= MOST_MARKS


def test_foreign_words_stay_words() -> None:
    drawn = svg(incident_chart(clock()))
    assert "<script>" not in drawn
    texts = [each.text or "" for each in ElementTree.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")]
    assert any(HOSTILE in text for text in texts)


@pytest.mark.parametrize(("dark", "colours"), [(False, LIGHT), (True, DARK)])
def test_paints_carry_their_role_so_that_a_page_can_give_them_its_theme(dark: bool, colours: Any) -> None:
    drawn = svg(incident_chart(clock(), dark=dark))
    assert f'fill="{colours.timed_out}"' in drawn
    assert "s-timed-out" in drawn
    assert colours.paper in drawn


def test_a_hole_in_a_metric_is_a_hole_in_the_line() -> None:
    assert svg(incident_chart(clock())).count("<polyline") == 2


def test_what_lies_outside_the_stretch_is_not_drawn_close_up() -> None:
    near = svg(incident_chart(clock()))
    low = clock().lanes.stretch[0]
    far = clock()
    lanes = Lanes(far.lanes.jobs, far.lanes.rows, (low + HOUR, low + 2 * HOUR))
    assert near.count(" · attempt ") == 3
    assert svg(incident_chart(Clock(lanes, far.around, far.rows))).count(" · attempt ") == 1  # the one that runs


# --- axes ------------------------------------------------------------------------------------------------------


def ticks(length: timedelta, most: int = 8) -> list[str]:
    low = micros(START) / 1000
    return [words for _, words in time_ticks(low, low + length.total_seconds() * 1000, most)]


def test_ticks_are_round_and_carry_the_date_where_it_changes() -> None:
    assert ticks(timedelta(hours=30)) == ["12 Mar 06:00", "12:00", "18:00", "13 Mar 00:00", "06:00"]


def test_weekly_ticks_stand_on_mondays() -> None:
    assert ticks(timedelta(days=35)) == ["16 Mar", "23 Mar", "30 Mar", "6 Apr", "13 Apr"]


@given(st.integers(1, 90 * 86400), st.integers(2, 12))
def test_there_are_never_more_ticks_than_asked_for_and_one(seconds: int, most: int) -> None:
    low = micros(START) / 1000
    found = [at for at, _ in time_ticks(low, low + seconds * 1000, most)]
    assert len(found) <= most + 1
    assert all(low <= at <= low + seconds * 1000 for at in found)
    assert all(before < after for before, after in pairwise(found))


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_a_domain_holds_its_values_and_has_ticks(one: float, other: float) -> None:
    low, high = round_domain(min(one, other), max(one, other))
    room = 1e-6 * max(abs(low), abs(high), 1)
    assert low - room <= min(one, other) <= max(one, other) <= high + room
    assert low < high
    assert len(list(value_ticks(low, high, 4))) <= 8
