from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlator.scheduling.outcome import Outcome, State, read_outcome


@given(st.builds(Outcome, st.sampled_from(State), st.text(), st.text(), st.booleans()))
def test_what_is_said_is_read(outcome: Outcome) -> None:
    assert read_outcome(f"other output\n{outcome.to_line()}\n", 0) == outcome


@pytest.mark.parametrize("output", ["", "half a line", '{"state": "done"}', "[]", '{"state": "new", "detail": ""}'])
def test_a_child_that_does_not_say_how_it_ended_has_failed(output: str) -> None:
    assert read_outcome(output, 0).state is State.FAILED


def test_a_kill_from_outside_is_told_as_such() -> None:
    assert "out of memory" in read_outcome("", -9).detail
