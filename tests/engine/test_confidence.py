"""The shipped calibration table: what it promises, and that no trait pulls the wrong way."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlator.engine.confidence import KINDS, LEAST, SURE_ENOUGH, confidence, table
from correlator.engine.traits import MONOTONE, grown

UPPER = {"odds": 6.0, "evidence": 4.0, "failures": 4.6, "occasions": 3.4, "change": 10.0, "suspicion": 3.4, "runs": 6.9}


@st.composite
def traits(draw: st.DrawFn, kind: str) -> dict[str, float]:
    return {name: draw(st.floats(0.0, UPPER.get(name, 1.0))) for name in MONOTONE[kind]}


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_confidence_is_a_probability_and_moves_one_way(kind: str, data: st.DataObject) -> None:
    one = data.draw(traits(kind))
    told = confidence(kind, one)
    assert LEAST <= told <= table().models[kind].most < 1
    name = data.draw(st.sampled_from(sorted(MONOTONE[kind])))
    more = one | {name: one[name] + data.draw(st.floats(0.0, 5.0))}
    assert (confidence(kind, more) - told) * MONOTONE[kind][name] >= 0


def test_every_weight_has_the_sign_it_should_have() -> None:
    for kind, model in table().models.items():
        assert set(model.weights) == set(MONOTONE[kind])
        assert all(weight * MONOTONE[kind][name] >= 0 for name, weight in model.weights.items())


def test_what_was_told_came_out() -> None:
    found = table()
    sure = [row for row in found.reliability if row.low >= 0.9]
    right = sum(row.share_right * row.verdicts for row in sure) / sum(row.verdicts for row in sure)
    assert right >= 0.9
    assert found.brier < found.brier_of_average
    assert sum(row.verdicts for row in found.reliability) == found.verdicts
    for row in found.reliability:
        spread = math.sqrt(0.25 / row.verdicts)
        assert abs(row.share_right - row.mean_confidence) < 0.05 + 2.6 * spread


def test_a_verdict_can_be_sure_enough_of_every_kind() -> None:
    assert all(model.most > SURE_ENOUGH for model in table().models.values())


def test_seen_more_often_nothing_that_is_counted_shrinks() -> None:
    before = {"failures": math.log1p(4), "spread": 0.5, "rival": 0.2, "odds": 1.5}
    after = grown(before, 2.0)
    assert after["odds"] == 3.0
    assert grown(before, 9.0)["odds"] == 6.0
    assert after["failures"] == pytest.approx(math.log1p(8))
    assert (after["spread"], after["rival"]) == (0.5, 0.2)


def test_the_table_is_read_without_numerical_libraries() -> None:
    code = "import sys, correlator.engine.confidence as c; c.table(); sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
