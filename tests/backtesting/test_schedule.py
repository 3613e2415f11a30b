"""When looks are due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlator.backtesting.schedule import evenly, every
from correlator.errors import UsageError

START = datetime(2026, 3, 2, tzinfo=UTC)


@given(st.integers(1, 10_000), st.integers(1, 10_000))
def test_ticks_go_forward_and_end_at_the_end(step: int, length: int) -> None:
    end = START + timedelta(seconds=length)
    times = [tick.at for tick in every(timedelta(seconds=step), START, end)]
    assert times == sorted(set(times))
    assert times[-1] == end
    assert all(START < at <= end for at in times)
    assert len(times) == -(-length // step)


def test_an_end_before_the_start_and_too_many_looks_are_refused() -> None:
    with pytest.raises(UsageError, match="must end after it starts"):
        every(timedelta(hours=1), START, START)
    with pytest.raises(UsageError, match="too many"):
        every(timedelta(seconds=1), START, START + timedelta(days=365))


@given(st.integers(1, 50), st.integers(60, 100_000), st.integers(60, 100_000))
def test_each_tenant_is_looked_at_so_often_and_last_at_its_own_end(looks: int, first: int, second: int) -> None:
    windows = {
        "a": (START, START + timedelta(seconds=first)),
        "b": (START + timedelta(seconds=7), START + timedelta(seconds=7 + second)),
    }
    ticks = evenly(looks, windows)
    assert [tick.at for tick in ticks] == sorted({tick.at for tick in ticks})
    for tenant, (begin, end) in windows.items():
        mine = [tick.at for tick in ticks if tick.tenants is not None and tenant in tick.tenants]
        assert len(mine) == looks
        assert mine[-1] == end
        assert mine[0] > begin
