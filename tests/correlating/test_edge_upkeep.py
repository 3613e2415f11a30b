"""Edges kept true before each look: guesses are opt-in, marked, made once a day, and end with the setting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine

from correlator.cli.edges import edges as edges_command
from correlator.correlating.edge_upkeep import keep_edges
from correlator.model import Dependency, Origin
from correlator.ports import Page
from correlator.settings import Settings, load_settings
from correlator.store.database import open_store
from correlator.store.edges import list_edges
from correlator.store.facts import store_page
from tests.history.test_inferred_edges import START, Plant

NOW = START + timedelta(days=4)


def _settings(folder: Path, **more: str) -> Settings:
    return load_settings(None, {"CORRELATOR_DATABASE_URL": f"sqlite:///{folder / 'store.db'}"} | more)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """Runs of a chain of three jobs, of which a declared edge holds for one."""
    plant = Plant(1)
    plant.after("export", plant.after("build", plant.clocked("ingest", 0)))
    engine = open_store(_settings(tmp_path).database_url())
    store_page(engine, "runs", Page("runs", tuple(plant.attempts), {}), NOW)
    store_page(engine, "files", Page("edges", (Dependency("ingest", "build", "t"),), {}), NOW)
    yield engine
    engine.dispose()


def _said(engine: Engine) -> list[tuple[str, str, Origin]]:
    return [(one.edge.upstream, one.edge.downstream, one.edge.origin) for one in list_edges(engine)]


DECLARED = ("ingest", "build", Origin.DECLARED)
GUESSED = ("build", "export", Origin.INFERRED)


def test_nothing_is_guessed_unless_it_is_asked_for(engine: Engine, tmp_path: Path) -> None:
    keep_edges(engine, _settings(tmp_path), NOW)
    assert _said(engine) == [DECLARED]


def test_guesses_are_marked_made_once_a_day_and_end_with_the_setting(engine: Engine, tmp_path: Path) -> None:
    wanted = _settings(tmp_path, CORRELATOR_DEPENDENCIES_INFER="true")
    keep_edges(engine, wanted, NOW)
    assert _said(engine) == [DECLARED, GUESSED]
    told = Page("edges", (Dependency("other", "export", "t"),), {})
    store_page(engine, "more", told, NOW)
    keep_edges(engine, wanted, NOW + timedelta(hours=23))
    assert GUESSED in _said(engine)
    keep_edges(engine, wanted, NOW + timedelta(hours=24))
    assert GUESSED not in _said(engine), "what is declared leaves nothing to guess"
    store_page(engine, "more", replace(told, facts=(), lists_all_edges=True), NOW + timedelta(hours=25))
    keep_edges(engine, wanted, NOW + timedelta(hours=48))
    assert GUESSED in _said(engine)
    keep_edges(engine, _settings(tmp_path), NOW + timedelta(hours=49))
    assert _said(engine) == [DECLARED]


def test_the_command_lists_them(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORRELATOR_DATABASE_URL", str(engine.url))
    keep_edges(engine, _settings(tmp_path, CORRELATOR_DEPENDENCIES_INFER="true"), NOW)
    printed = CliRunner().invoke(edges_command, []).output
    assert "inferred" in printed
    assert "60/60" in printed
