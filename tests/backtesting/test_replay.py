"""A replay says at every look what `analyze` says as of that moment, and does no work where nothing is new."""

from __future__ import annotations

from datetime import timedelta

import pytest

from correlator.backtesting.replay import Call, Replay
from correlator.engine import analyze
from correlator.model import Finding
from correlator.simulation.story import START
from correlator.tables.frames import to_micros
from tests.backtesting.histories import story


def _said(items: list[Call] | tuple[Finding, ...]) -> dict[tuple[str, str], tuple[object, ...]]:
    return {
        (one.tenant, one.job): (one.verdict, one.cause, one.root_job, one.confidence, one.runs, one.failed_first)
        for one in items
    }


@pytest.mark.parametrize("name", ["customer-data-platform", "shared-outage", "alternating-roots"])
def test_each_look_is_the_analysis_as_of_then(name: str) -> None:
    tables, _ = story(name, 3, 9)
    replay = Replay(tables)
    for hours in (0.5, 7, 31, 31.1, 60, 100, 171, 216):
        at = START + timedelta(hours=hours)
        assert _said(replay.calls(to_micros(at))) == _said(analyze(tables, at).findings)


def test_a_look_at_one_tenant_stands_on_all_of_them() -> None:
    tables, _ = story("customer-data-platform", 3, 9)
    at = to_micros(START + timedelta(days=8))
    every, name = Replay(tables).calls(at), Replay(tables).tenants[0]
    assert Replay(tables).calls(at, {name}) == [call for call in every if call.tenant == name]


def test_where_nothing_became_known_nothing_is_decided() -> None:
    tables, _ = story("transient", 2, 9)
    replay = Replay(tables)
    end = to_micros(START + timedelta(days=8))
    first = replay.calls(end)
    decided = replay.decided
    times = set(tables.runs["started_at"]) | set(tables.runs["finished_at"])
    assert not any(end < time <= end + 1_000 for time in times)
    second = replay.calls(end + 1_000)
    assert replay.decided == decided == 1
    assert [call.said for call in second] == [call.said for call in first]


def test_before_the_first_run_there_is_nothing_to_say() -> None:
    tables, _ = story("transient", 2, 9)
    assert Replay(tables).calls(to_micros(START) - 1) == []


def test_renewed_with_the_same_tables_nothing_is_decided_again() -> None:
    tables, _ = story("transient", 2, 9)
    replay = Replay(tables)
    at = to_micros(START + timedelta(days=8))
    calls = replay.calls(at)
    again = replay.renewed(tables)
    assert again.calls(at) == calls
    assert again.decided == replay.decided == 1
