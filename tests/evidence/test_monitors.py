"""Monitors in a packet: those that saw trouble near the failures, as far as it was known then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from correlator.evidence.markdown import to_markdown
from correlator.evidence.monitors import monitors_of
from correlator.evidence.packet import build_packet
from correlator.evidence.provenance import MonitorSeen, Provenance
from correlator.model import MonitorTransition
from correlator.ports import Page
from correlator.settings import load_settings
from correlator.store.database import open_store
from correlator.store.facts import store_page
from tests.web import cast

FAILED = [pair.failed_at for pair in cast.pairs() if pair.failed_at is not None]
SETTINGS = load_settings(environment={})


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    yield made
    made.dispose()


def _store(engine: Engine, *seen: MonitorTransition, source: str = "datadog", known_at: datetime = cast.END) -> None:
    store_page(engine, source, Page("monitors", seen, {}, done=True), known_at)


def _alert(number: int, at: datetime, **changes: object) -> MonitorTransition:
    plain = {"monitor_id": "4711", "state": "alert", "title": "Memory of ingest_events", "job": cast.INGEST}
    tenant = {"tenant": cast.PREMIUM}
    return MonitorTransition(f"event-{number}", at=at, **{**plain, **tenant, **changes})  # type: ignore[arg-type]


def _found(engine: Engine, known_by: datetime = cast.END) -> tuple[MonitorSeen, ...]:
    return monitors_of(engine, SETTINGS, cast.systemic(), known_by)


def test_a_monitor_is_told_with_near_how_many_failures_it_alerted_and_how_long_before(engine: Engine) -> None:
    _store(engine, *(_alert(n, at - timedelta(minutes=20)) for n, at in enumerate(FAILED[:4])))
    (seen,) = _found(engine)
    assert (seen.failures, seen.of, seen.minutes_before, seen.last_at) == (
        4,
        6,
        20.0,
        FAILED[3] - timedelta(minutes=20),
    )
    assert seen.url.startswith("https://app.datadoghq.com/monitors/4711?from_ts=")
    text = to_markdown(build_packet(cast.systemic(), None, Provenance(cast.END, monitors=(seen,)), finding_id="F-1"))
    assert "Monitors that saw trouble near the failures: seen, and no cause in themselves" in text
    assert "| alert | ingest_events | 4 of 6 | 20 min before |" in text
    assert "Monitors" not in to_markdown(build_packet(cast.systemic(), None, Provenance(cast.END), finding_id="F-1"))


@pytest.mark.parametrize(
    "other",
    [
        {"tenant": "tenant-02"},
        {"job": "export_email"},
        {"state": "ok"},
        {"at": FAILED[0] - timedelta(minutes=61)},
        {"at": FAILED[0] + timedelta(minutes=16)},
    ],
    ids=["another tenant", "another job", "recovered", "too early", "too late"],
)
def test_what_is_about_others_or_another_time_is_left_out(engine: Engine, other: dict[str, object]) -> None:
    _store(engine, replace(_alert(1, FAILED[0]), **other))  # type: ignore[arg-type]
    assert _found(engine) == ()


def test_what_came_in_after_the_finding_was_said_is_left_out(engine: Engine) -> None:
    _store(engine, _alert(1, FAILED[0]), known_at=cast.END + timedelta(hours=1))
    assert _found(engine) == ()
    assert len(_found(engine, cast.END + timedelta(hours=2))) == 1


def test_those_near_most_failures_come_first_and_only_datadog_s_are_linked(engine: Engine) -> None:
    _store(engine, _alert(1, FAILED[0], monitor_id="1", job=None, tenant="", title="rare"))
    often = (_alert(n, at, monitor_id="2", title="often") for n, at in enumerate(FAILED[:3], 10))
    _store(engine, *often, source="elsewhere")
    assert [(seen.title, bool(seen.url)) for seen in _found(engine)] == [("often", False), ("rare", True)]


def test_they_go_through_a_manifest_and_back() -> None:
    seen = MonitorSeen("4711", "Memory", "alert", "", 5, 6, -3.5, cast.END, "https://example.com/4711")
    kept = Provenance(cast.END, monitors=(seen,))
    assert Provenance.from_dict(kept.to_dict()).monitors == (seen,)
