"""Edges: who says so, since when, until when, and what was known of them at some moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, create_engine, text

from correlator.model import Dependency, Origin
from correlator.ports import Page
from correlator.store.database import open_store, reading
from correlator.store.edges import edges_known, end_unseen, list_edges
from correlator.store.facts import store_page
from correlator.store.frames import read_window, store_tables
from correlator.store.upgrading import migrate
from correlator.tables.reading import read_folder
from correlator.text.times import micros

T = datetime(2026, 3, 2, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AB, BC = Dependency("a", "b"), Dependency("b", "c", "t")


def _seen(engine: Engine, source: str, at: datetime, *edges: Dependency) -> dict[str, int]:
    return dict(store_page(engine, source, Page("edges", edges, {}), at).stored)


def _import(engine: Engine, folder: Path, at: datetime, listed: str | None) -> int:
    (folder / "runs.csv").write_text("run_id,job,started_at,status\n")
    file = folder / "dependencies.yaml"
    file.unlink(missing_ok=True)
    if listed is not None:
        file.write_text("dependencies:\n" + listed)
    return store_tables(engine, "files", read_folder(folder), at).stored["dependencies"]


def _known(engine: Engine, by: datetime | None = None) -> list[str]:
    edges = read_window(engine, None, None, by).dependencies
    return [f"{edge.upstream}->{edge.downstream}" for edge in edges]


def test_a_declared_edge_ends_when_a_newer_list_leaves_it_out(engine: Engine, tmp_path: Path) -> None:
    one, two = "- {upstream: a, downstream: b}\n", "- {upstream: b, downstream: c}\n"
    assert _import(engine, tmp_path, T, one + two) == 2
    assert _import(engine, tmp_path, T + HOUR, one) == 1
    assert _import(engine, tmp_path, T + 2 * HOUR, None) == 0, "a folder without a list says nothing about edges"
    assert _import(engine, tmp_path, T + 3 * HOUR, one + two) == 1
    assert _import(engine, tmp_path, T + 4 * HOUR, " []\n") == 2
    then = [_known(engine, T + n * HOUR) for n in range(5)]
    assert then == [["a->b", "b->c"], ["a->b"], ["a->b"], ["a->b", "b->c"], []]
    assert _known(engine) == []
    assert _known(engine, T - HOUR) == []
    times = [(edge.since, edge.ended) for edge in list_edges(engine, ended=True)]
    assert times == [(T, T + 4 * HOUR), (T + 3 * HOUR, T + 4 * HOUR)]


def test_a_list_ends_no_edges_of_other_sources(engine: Engine, tmp_path: Path) -> None:
    _seen(engine, "airflow", T, replace(AB, origin=Origin.ORCHESTRATOR))
    _import(engine, tmp_path, T, " []\n")
    assert _known(engine) == ["a->b"]


def test_a_page_that_lists_all_edges_ends_the_others_of_its_source(engine: Engine) -> None:
    _seen(engine, "airflow", T, AB, BC)
    _seen(engine, "catalog", T, BC)
    listed = store_page(engine, "airflow", Page("edges", (AB,), {}, lists_all_edges=True), T + HOUR)
    assert listed.stored == {"dependencies": 1}
    ended = {(one.source, one.edge.upstream): one.ended for one in list_edges(engine, ended=True)}
    assert ended == {("airflow", "a"): None, ("airflow", "b"): T + HOUR, ("catalog", "b"): None}


def test_an_edge_seen_again_is_the_same_edge(engine: Engine) -> None:
    assert _seen(engine, "ol", T, AB) == {"dependencies": 1}
    assert _seen(engine, "ol", T + DAY, AB, AB) == {"dependencies": 0}
    (edge,) = list_edges(engine)
    assert (edge.since, edge.seen, edge.ended) == (T, T + DAY, None)


def test_an_observed_edge_ends_when_it_goes_unseen_while_its_source_goes_on(engine: Engine) -> None:
    lineage = [replace(edge, origin=Origin.LINEAGE) for edge in (AB, BC)]
    _seen(engine, "ol", T, *lineage)
    _seen(engine, "declared", T, Dependency("x", "y"))
    assert end_unseen(engine, 30, T + 90 * DAY) == 0, "a source that says nothing is down, not changed"
    _seen(engine, "ol", T + 31 * DAY, lineage[1])
    _seen(engine, "declared", T + 31 * DAY, Dependency("y", "z"))
    assert end_unseen(engine, 40, T + 31 * DAY) == 0
    assert end_unseen(engine, 30, T + 31 * DAY) == 1
    assert end_unseen(engine, 30, T + 31 * DAY) == 0
    assert _known(engine) == ["x->y", "y->z", "b->c"]
    assert _known(engine, T + 30 * DAY) == ["a->b", "x->y", "b->c"]
    _seen(engine, "ol", T + 40 * DAY, lineage[0])
    assert [edge.since for edge in list_edges(engine) if edge.source == "ol"] == [T + 40 * DAY, T]


def test_the_strongest_origin_counts_whichever_came_last(engine: Engine) -> None:
    _seen(engine, "inferred", T + HOUR, replace(AB, origin=Origin.INFERRED))
    _seen(engine, "files", T, replace(AB, max_lag_seconds=60.0))
    _seen(
        engine, "ol", T + 2 * HOUR, replace(AB, origin=Origin.LINEAGE), Dependency("b", "a", None, None, Origin.LINEAGE)
    )
    with reading(engine) as connection:
        assert edges_known(connection, None) == (replace(AB, max_lag_seconds=60.0),)
        assert edges_known(connection, micros(T + HOUR)) == (replace(AB, max_lag_seconds=60.0),)


def test_names_no_database_takes_are_found_again(engine: Engine) -> None:
    odd = Dependency("a\x00b", "c\ud800")
    assert _seen(engine, "ol", T, odd) == {"dependencies": 1}
    assert _seen(engine, "ol", T + HOUR, odd) == {"dependencies": 0}


def test_edges_of_the_first_schema_go_on_as_declared(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    _first_schema(url)
    engine = open_store(url)
    (edge,) = list_edges(engine)
    engine.dispose()
    assert edge.edge == Dependency("a", "b", None, 60.0)
    assert (edge.since, edge.seen, edge.ended) == (T, T + HOUR, None)


def _first_schema(url: str) -> None:
    """A database as the first version of the program left it, with one edge in it."""
    old = create_engine(url)
    with old.begin() as connection:
        migrate(connection, "0001")
        values = {"at": micros(T), "later": micros(T + HOUR)}
        connection.execute(text("INSERT INTO dependencies VALUES ('f', 'a', 'b', 1, '', 60.0, :at, :later)"), values)
    old.dispose()
