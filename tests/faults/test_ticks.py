"""Hours of five-minute ticks: nothing is missed, and a tick late in the day costs what an early one did."""

from __future__ import annotations

from statistics import mean

from tests.faults.ticks import going_on, latest_incident_states, missing_runs, resolved_as_they_happened, ticks
from tests.faults.worlds import fresh_store

DAYS = 1.25


def test_ticks_do_not_drift() -> None:
    """`benchmarks/ticks.py` does a week."""
    history = going_on(DAYS)
    with fresh_store() as engine:
        done = list(ticks(engine, history, DAYS))
        last = done[-1].at
        assert missing_runs(engine, history, last) == set()
        assert latest_incident_states(engine) == resolved_as_they_happened(history, last)
    early, late = done[1:25], done[-24:]
    assert mean(one.requests for one in late) <= 1.1 * mean(one.requests for one in early) + 1
    assert mean(one.repeated for one in late) <= 1.2 * mean(one.repeated for one in early) + 5
    runs_a_tick = 4 / 2
    assert runs_a_tick <= mean(one.stored for one in late) <= 3 * runs_a_tick
