"""Monitors in a packet: those that saw trouble near the failures, as far as it was known then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from correlator.correlating.look import correlate_store
from correlator.evidence.archive import read_archive
from correlator.evidence.from_store import bundle_from_store
from correlator.evidence.markdown import to_markdown
from correlator.evidence.monitors import monitors_of
from correlator.evidence.packet import build_packet
from correlator.evidence.provenance import Provenance
from correlator.evidence.verify import verify_bundle
from correlator.model import MonitorSeen, MonitorTransition
from correlator.ports import Page
from correlator.settings import load_settings
from correlator.store.database import open_store
from correlator.store.facts import store_page
from correlator.store.findings import finding_id, get_finding
from correlator.store.frames import store_tables
from rules import load_rules
from rules.examples import run_examples
from tests.evidence.conftest import World
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


RULE = """\
rules:
  - id: memory-alert
    title: The memory alert goes off before the failures
    when:
      cause: upstream
      monitor: {name: "*memory*", state: alert, share_at_least: 0.5, minutes_before: {at_least: 10}}
    ask: Look at the memory of {root_job} when its monitor alerts.
    severity: high
    examples:
      must_match:
        - {monitors: [{title: Memory of ingest, failures: 5}]}
      must_not_match:
        - {monitors: [{title: Memory of ingest, failures: 4}]}
        - {monitors: [{title: Memory of ingest, failures: 5, minutes_before: 9}]}
        - {monitors: [{title: Memory of ingest, failures: 5, state: warn}]}
        - {monitors: [{title: Disk, failures: 9}]}
        - {cause: self, monitors: [{title: Memory of ingest, failures: 5}]}
"""


def test_a_rule_goes_by_them_from_the_look_to_the_bundle_that_verifies(
    world: World, engine: Engine, tmp_path: Path
) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "own.yaml").write_text(RULE, encoding="utf-8")
    file = tmp_path / "correlator.yaml"
    file.write_text(f"rules: {{folders: ['{tmp_path / 'rules'}']}}\n", encoding="utf-8")
    settings, as_of, about = load_settings(file, environment={}), world.analysis.as_of, world.finding
    rules = load_rules([tmp_path / "rules"])
    assert run_examples(rules) == []
    store_tables(engine, "files", world.tables, as_of)
    failed = [pair.failed_at for pair in about.pairs if pair.failed_at is not None]
    named = {"job": about.job, "tenant": about.tenant, "title": "Memory of the ingest"}
    ahead = (_alert(n, at - timedelta(minutes=20), **named) for n, at in enumerate(failed))
    _store(engine, *ahead, known_at=as_of)
    correlate_store(engine, settings, as_of)
    name = finding_id(about.tenant, about.job)
    stored = get_finding(engine, name)
    assert stored is not None
    assert stored.document["rule"]["rule_id"] == "memory-alert"
    bundle_from_store(engine, name, tmp_path / "evidence.zip", rules, settings)
    assert verify_bundle(tmp_path / "evidence.zip").same
    packet = read_archive(tmp_path / "evidence.zip")["packet.md"].decode()
    wanted = (
        "a monitor called \\*memory\\* that went to alert near at least 50 % of the failed runs, at least 10 min before"
    )
    seen = f"Memory of the ingest went to alert near {len(failed)} of {len(failed)} failed runs, 20 min before"
    assert f"| monitor | {wanted} | {seen} |" in packet
