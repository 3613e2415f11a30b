"""What concerns all tenants as sums: one tenant's share can be taken out and put in again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlator.correlating.look import executor_for
from correlator.engine import Processes, Serial
from correlator.engine.analysis import rounded_up
from correlator.engine.platform import BIN, Starts, Totals
from correlator.settings import load_settings

SHARE = st.dictionaries(st.integers(1000, 1040), st.tuples(st.integers(1, 9), st.integers(0, 9)), max_size=12)


def _starts(share: dict[int, tuple[int, int]]) -> Starts:
    bins = sorted(share)
    runs = [share[number][0] for number in bins]
    failed = [min(share[number]) for number in bins]
    return Starts(*(np.array(values, np.int64) for values in (bins, runs, failed)))


@given(st.lists(SHARE, max_size=5), st.lists(SHARE, max_size=5), st.lists(SHARE, max_size=3))
def test_sums_do_not_remember_who_was_in_them(
    stay: list[dict[int, tuple[int, int]]],
    leave: list[dict[int, tuple[int, int]]],
    come: list[dict[int, tuple[int, int]]],
) -> None:
    staying, leaving, coming = ([_starts(one) for one in every] for every in (stay, leave, come))
    changed, anew = Totals.of([*staying, *leaving]).changed(leaving, coming), Totals.of([*staying, *coming])
    assert (changed.tenants, changed.rate, changed.spans()) == (anew.tenants, anew.rate, anew.spans())


def test_an_outage_of_all_tenants_stands_out() -> None:
    quiet = dict.fromkeys(range(1000, 1100), (3, 0))
    every = [_starts(quiet | {1050: (3, 3), 1052: (3, 3)}) for _ in range(6)]
    assert Totals.of(every).spans() == ((1050 * BIN, 1053 * BIN),)
    assert Totals.of(every[:2]).spans() == ()


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_tests_are_rounded_up_by_half_at_most(first: int, second: int) -> None:
    assert first <= rounded_up(first) <= max(first * 1.5, first)
    assert rounded_up(rounded_up(first)) == rounded_up(first)
    assert rounded_up(min(first, second)) <= rounded_up(max(first, second))
    assert rounded_up(min(first, 256)) == min(first, 256)


@pytest.mark.parametrize(("processes", "wanted"), [(0, Serial()), (1, Serial()), (3, Processes(3))])
def test_a_setting_says_where_tenants_are_judged(processes: int, wanted: Serial | Processes) -> None:
    settings = load_settings(None, {"CORRELATOR_ANALYSIS_PROCESSES": str(processes)})
    assert executor_for(settings, 1000) == wanted
