"""Every fault singly, and mixes of them: what is stored is what was served, politely."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.standin import Standin
from connectors.standin.faults import CURSOR, FAULTS, Weather
from connectors.standin.mixups import ON_ITEMS, ON_PAGES
from tests.faults.weather import Run, mixed_weather, run_under, wrongs
from tests.faults.worlds import HANG_SECONDS, HISTORY, served, small_pages

VENDORS = ("datadog", "pagerduty")


@pytest.fixture(scope="module")
def standin() -> Iterator[Standin]:
    with small_pages(), served() as running:
        yield running


@pytest.fixture(scope="module")
def fair(standin: Standin) -> dict[str, Run]:
    return {vendor: run_under(standin, vendor, Weather(0, kinds=())) for vendor in VENDORS}


def test_a_run_in_fair_weather_has_everything(fair: dict[str, Run]) -> None:
    """What the others are held against: every fact of the history, and nothing to complain about."""
    counted = {kind: len(rows) for run in fair.values() for kind, rows in run.rows.items() if rows}
    wanted = {
        "runs": len(HISTORY.attempts),
        "changes": len(HISTORY.changes),
        "metrics": len(HISTORY.metrics),
        "incidents": len(HISTORY.incidents),
        "incident_entries": 3 * len(HISTORY.incidents),  # triggered, resolved, and the alert
    }
    assert {kind: counted[kind] for kind in wanted} == wanted
    assert [(run.wrong, run.set_aside, run.pulls) for run in fair.values()] == 2 * [([], set(), 2)]


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_by_itself(standin: Standin, fair: dict[str, Run], vendor: str, kind: str) -> None:
    rate = 0.5 if kind in (*ON_PAGES, CURSOR) else 0.1
    weather = Weather(7, kinds=(kind,), rate=rate, hang_seconds=HANG_SECONDS)
    run = run_under(standin, vendor, weather)
    assert wrongs(run, fair[vendor], weather) == []
    assert run.faults > 1 or kind in ON_ITEMS or (vendor, kind) == ("pagerduty", CURSOR)


def test_items_that_are_bad_or_late_are_met(standin: Standin) -> None:
    """So that the tests above cannot hold for want of any."""
    for vendor in VENDORS:
        weather = Weather(7, kinds=ON_ITEMS)
        run = run_under(standin, vendor, weather)
        assert run.set_aside
        assert weather.mixups.held_back


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("offset_seconds", [-400.0, 400.0])
def test_a_clock_that_is_off_is_told_and_harms_nothing(
    standin: Standin, fair: dict[str, Run], vendor: str, offset_seconds: float
) -> None:
    weather = Weather(3, kinds=("limit-unix-time",), rate=0.15, clock_offset_seconds=offset_seconds)
    run = run_under(standin, vendor, weather)
    assert wrongs(run, fair[vendor], weather) == []
    told = run.reports[0].clock_offset_seconds
    assert told is not None
    assert abs(told - offset_seconds) <= 1.0


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("seed", range(4))
def test_any_faults_together(standin: Standin, fair: dict[str, Run], vendor: str, seed: int) -> None:
    """`benchmarks/faults.py` does this a few hundred times."""
    weather = mixed_weather(seed)
    assert wrongs(run_under(standin, vendor, weather), fair[vendor], weather) == []
