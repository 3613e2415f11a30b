"""How many clean runs show that a fix holds: laws over rows of failures."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from correlator.engine.proof import needed


def chain(rng: np.random.Generator, runs: int, begin: float, stay: float) -> NDArray[np.bool_]:
    """Runs of which one fails with the chance `begin` after a clean one, and with `stay` after one that failed."""
    failed, luck = [True], rng.random(runs)
    for value in luck[1:]:
        failed.append(bool(value < (stay if failed[-1] else begin)))
    return np.array(failed)


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([(0.05, 0.05), (0.02, 0.9), (0.3, 0.3), (0.1, 0.6)]),
)
def test_where_nothing_was_fixed_luck_shows_it_once_in_twenty_times(seed: int, chances: tuple[float, float]) -> None:
    """Whether failures come singly or in rows: the chance that so many are clean, under what the runs were made by."""
    begin, stay = chances
    proof = needed(chain(np.random.default_rng(seed), 20_000, begin, stay))
    assert 0.03 < (1 - begin) ** proof.clean_first_attempts < 0.08


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_the_same_failures_in_one_row_never_take_fewer(after: list[bool]) -> None:
    failed = np.array([True, *after])
    assert needed(failed).clean_first_attempts <= needed(np.sort(failed)[::-1]).clean_first_attempts


def test_a_job_that_only_fails_takes_one() -> None:
    assert needed(np.ones(5, bool)).clean_first_attempts == 1
