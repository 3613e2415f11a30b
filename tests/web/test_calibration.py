"""The calibration table, drawn."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from correlator.engine.confidence import Bin, table
from web.views.calibration import Drawing, across, up, wilson


def test_the_page_draws_every_kind_of_verdict_and_names_the_table(client: FlaskClient) -> None:
    page = client.get("/calibration").text
    assert table().name in page
    assert page.count("<figure>") == len(table().kinds)
    drawn = sum(len(Drawing("", rows).dots) for rows in table().kinds.values())
    assert page.count("<circle") == drawn > 0
    assert f"{table().verdicts:,}" in re.sub(r"[\u00a0\u202f ]", ",", page) or str(table().verdicts) in page


def test_a_dot_stands_on_the_line_when_as_many_were_right_as_told() -> None:
    dot = Drawing("", (Bin(0.7, 0.8, 100, 0.75, 0.75),)).dots[0]
    assert (dot.x, dot.y) == (across(0.75), up(0.75))
    assert dot.low > dot.y > dot.high
    assert dot.words == "100 verdicts, told 75.0%, right 75.0%"


def test_empty_classes_are_not_drawn() -> None:
    assert Drawing("", (Bin(0.7, 0.8, 0, 0.0, 0.0),)).dots == ()


@pytest.mark.parametrize(("share", "number", "low", "high"), [(1.0, 10, 0.722, 1.0), (0.9, 100, 0.826, 0.945)])
def test_the_interval_of_a_share(share: float, number: int, low: float, high: float) -> None:
    assert wilson(share, number) == pytest.approx((low, high), abs=0.001)


def test_a_finding_leads_to_it(client: FlaskClient) -> None:
    assert 'href="/calibration"' in client.get("/").text
