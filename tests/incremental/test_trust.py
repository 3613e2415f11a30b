"""What a look does not go by: a state that others' findings, other settings, a new day or damage have overtaken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from correlator.correlating.look import Look, analyze_store, correlate_store
from correlator.model import Analysis, Attempt, Dependency, Finding, Status
from correlator.ports import Page
from correlator.settings import Settings, load_settings
from correlator.store.database import open_store
from correlator.store.facts import store_page
from correlator.store.findings import finding_id, list_findings, save_analysis
from tests.incremental.growing import BEGIN, EDGES, HOUR, MINUTE, arriving

NOW = BEGIN + 30 * HOUR


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    facts = [fact for at, fact in sorted(arriving(7, 30, ("t1", "t2")), key=lambda item: item[0]) if at <= NOW]
    store_page(engine, "orchestrator", Page("edges", EDGES, {}), BEGIN)
    store_page(engine, "vendor", Page("runs", tuple(facts), {}), NOW)
    _look(engine)
    yield engine
    engine.dispose()


def _settings(**given: object) -> Settings:
    return load_settings(None, {f"CORRELATOR_ANALYSIS_{name.upper()}": str(value) for name, value in given.items()})


def _look(engine: Engine, now: datetime = NOW, **given: object) -> Look:
    look = correlate_store(engine, _settings(**given), now)
    assert look is not None
    return look


def _failed(tenant: str, number: int, at: datetime) -> Attempt:
    return Attempt(f"extra-{number}", "clean", at, Status.FAILED, tenant, finished_at=at + MINUTE, attempt=1)


def _equals_the_whole(engine: Engine, now: datetime) -> None:
    analysis = analyze_store(engine, _settings(), now)
    assert analysis is not None
    whole = {finding_id(one.tenant, one.job): _plain(one) for one in analysis.findings}
    assert {one.id: _plain(one.finding) for one in list_findings(engine)} == whole


def _plain(finding: Finding) -> dict[str, object]:
    return finding.to_dict() | {"window_end": None}


def test_nothing_new_is_nothing_to_do(engine: Engine) -> None:
    look = _look(engine)
    assert (look.afresh, look.judged, look.changed) == (False, 0, ())


def test_one_tenants_failure_is_judged_alone(engine: Engine) -> None:
    before = {one.id: one.updated_at for one in list_findings(engine)}
    store_page(engine, "vendor", Page("runs", (_failed("t2", 1, NOW - 2 * MINUTE),), {}), NOW + MINUTE)
    look = _look(engine, NOW + MINUTE)
    assert (look.afresh, look.judged) == (False, 1)
    written = {one.finding.tenant for one in list_findings(engine) if before.get(one.id) != one.updated_at}
    assert written == {"t2"}
    _equals_the_whole(engine, NOW + MINUTE)


def test_an_attempt_that_moves_to_another_tenant_leaves_the_first(engine: Engine) -> None:
    attempt = _failed("t1", 1, NOW - 2 * MINUTE)
    for number, one in enumerate((attempt, replace(attempt, tenant="t2"))):
        at = NOW + (number + 1) * MINUTE
        store_page(engine, "vendor", Page("runs", (one,), {}), at)
        assert _look(engine, at).afresh == (number == 1)
        _equals_the_whole(engine, at)


def test_a_second_source_may_lay_an_attempt_to_another_tenant(engine: Engine) -> None:
    attempt = _failed("t1", 1, NOW - 2 * MINUTE)
    for number, (source, tenant) in enumerate((("vendor", "t1"), ("other", "t2"), ("vendor", "t3"))):
        at = NOW + (number + 1) * MINUTE
        store_page(engine, source, Page("runs", (replace(attempt, tenant=tenant),), {}), at)
        _look(engine, at)
        _equals_the_whole(engine, at)


@pytest.mark.parametrize(("told", "judged"), [("another", 0), ("same", 1)])
def test_an_attempt_that_has_ended_since_concerns_nobody_unless_two_sources_tell_of_it(
    engine: Engine, told: str, judged: int
) -> None:
    """Of two that do the row revised last counts: what was clean for one is under way again for the other."""
    under_way = Attempt("same", "clean", NOW - 9 * MINUTE, Status.RUNNING, "t1")
    other = replace(under_way, run_id=told, status=Status.SUCCESS, finished_at=NOW - 2 * MINUTE)
    store_page(engine, "vendor", Page("runs", (under_way,), {}), NOW - 3 * MINUTE)
    store_page(engine, "other", Page("runs", (other,), {}), NOW - MINUTE)
    assert _look(engine, clean_runs_hours=6).afresh
    later = NOW + 5 * MINUTE
    ended = replace(under_way, status=Status.SUCCESS, finished_at=NOW + 2 * MINUTE)
    store_page(engine, "vendor", Page("runs", (ended,), {}), later)
    look = _look(engine, later, clean_runs_hours=6)
    assert (look.afresh, look.judged) == (False, judged)


def test_rows_of_the_unnamed_tenant_concern_everybody(engine: Engine) -> None:
    for number in range(1, 4):
        at = NOW + number * 5 * MINUTE
        shared = Attempt(f"shared-{number}", "lake", at - MINUTE, Status.FAILED, "", finished_at=at, attempt=1)
        store_page(engine, "vendor", Page("runs", (shared, Dependency("lake", "ingest")), {}), at)
        assert _look(engine, at).judged == 3
        _equals_the_whole(engine, at)


def test_findings_that_others_stored_are_judged_again(engine: Engine) -> None:
    save_analysis(engine, Analysis(NOW, ()), NOW)
    assert list_findings(engine) == []
    assert _look(engine).afresh
    _equals_the_whole(engine, NOW)


def _other_edges(engine: Engine, _: Path) -> Look:
    store_page(engine, "orchestrator", Page("edges", (Dependency("ingest", "billing"),), {}), NOW)
    return _look(engine)


def _damage(engine: Engine, folder: Path) -> Look:
    for file in folder.glob("store.db.looks/??/*"):
        file.write_bytes(file.read_bytes()[:-1] + b"?")
    store_page(engine, "vendor", Page("runs", (_failed("t2", 1, NOW - 2 * MINUTE),), {}), NOW)
    return _look(engine)


def _loss(engine: Engine, folder: Path) -> Look:
    (folder / "store.db.looks" / "index.json").write_text("{", encoding="utf-8")
    return _look(engine)


@pytest.mark.parametrize(
    "overtake",
    [
        lambda engine, _: _look(engine, NOW + timedelta(days=1)),
        lambda engine, _: _look(engine, NOW - 3 * HOUR),
        lambda engine, _: _look(engine, window_days=1),
        _other_edges,
        _damage,
        _loss,
    ],
    ids=["a new day", "a clock set back", "another window", "other edges", "a damaged file", "a broken index"],
)
def test_a_state_that_was_overtaken_is_not_used(
    engine: Engine, tmp_path: Path, overtake: Callable[[Engine, Path], Look]
) -> None:
    assert overtake(engine, tmp_path).afresh


def test_a_look_at_another_moment_leaves_no_state_to_go_by(engine: Engine) -> None:
    then = correlate_store(engine, _settings(), NOW, NOW - 5 * HOUR)
    assert then is not None
    assert then.as_of == NOW - 5 * HOUR
    assert _look(engine).afresh


def test_a_folder_that_cannot_be_made_is_done_without(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    for _ in range(2):
        assert _look(engine, state_folder=tmp_path / "file").afresh


def test_files_that_nothing_names_are_deleted(engine: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "store.db.looks"
    count = len(list(folder.glob("??/*")))
    for number in range(1, 4):
        at = NOW + number * MINUTE
        store_page(engine, "vendor", Page("runs", (_failed("t2", number, at - 2 * MINUTE),), {}), at)
        _look(engine, at)
    assert len(list(folder.glob("??/*"))) == count
