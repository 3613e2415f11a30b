"""dependencies.yaml: usable edges, and what is set aside."""

from __future__ import annotations

from pathlib import Path

import pytest

from correlator.errors import InputError
from correlator.model import Dependency, Origin
from correlator.tables.edges import Edges, read_edges
from correlator.tables.writing import edges_text


def _edges(folder: Path, text: str) -> Edges:
    file = folder / "dependencies.yaml"
    file.write_text(text)
    return read_edges(file)


@pytest.mark.parametrize(
    ("text", "seconds"), [("6h", 21600), ("90m", 5400), ("2d", 172800), ("45s", 45), ("1.5h", 5400), ("1w", 604800)]
)
def test_lags(tmp_path: Path, text: str, seconds: float) -> None:
    edges = _edges(tmp_path, f"dependencies:\n- {{upstream: a, downstream: b, tenant: 7, max_lag: {text}}}\n")
    assert edges.dependencies == (Dependency("a", "b", "7", seconds),)


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("{upstream: a}", "no downstream"),
        ("{downstream: a}", "no upstream"),
        ("{upstream: a, downstream: a}", "a depends on itself"),
        ("a -> b", "not {upstream, downstream} but 'a -> b'"),
        ("{upstream: a, downstream: yes}", "downstream is True, not a text; put it in quotes"),
        ("{upstream: a, downstream: b, max_lag: 6}", "max_lag 6 is not a duration such as 6h, 90m, 2d or 45s"),
        ("{upstream: a, downstream: b, max_lag: soon}", "max_lag 'soon' is not a duration such as 6h, 90m, 2d or 45s"),
        ("{upstream: a, downstream: b, max_lag: 0h}", "max_lag '0h' is not a duration such as 6h, 90m, 2d or 45s"),
    ],
)
def test_an_entry_that_is_no_edge_is_listed_with_its_line(tmp_path: Path, entry: str, reason: str) -> None:
    edges = _edges(tmp_path, f"dependencies:\n- {{upstream: x, downstream: y}}\n- {entry}\n")
    assert [(row.line, row.reason) for row in edges.rejected] == [(3, reason)]
    assert edges.dependencies == (Dependency("x", "y"),)


def test_an_unknown_key_is_listed_and_the_edge_stands(tmp_path: Path) -> None:
    edges = _edges(tmp_path, "dependencies:\n- {upstream: x, downstream: y, maxlag: 6h}\n")
    assert edges.dependencies == (Dependency("x", "y"),)
    assert edges.rejected[0].reason == "unknown key `maxlag` left out; did you mean `max_lag`?"


def test_all_edges_of_a_circle_are_set_aside_in_any_order(tmp_path: Path) -> None:
    lines = [f"- {{upstream: {up}, downstream: {down}}}" for up, down in ("ab", "bc", "ca", "cd", "xa")]
    for rows in (lines, lines[::-1]):
        edges = _edges(tmp_path, "dependencies:\n" + "\n".join(rows) + "\n")
        assert edges.dependencies == (Dependency("x", "a"), Dependency("c", "d"))
        assert sorted(row.reason.split(" is")[0] for row in edges.rejected) == ["a -> b", "b -> c", "c -> a"]


def test_a_tenants_own_edge_that_closes_a_circle_is_the_one_set_aside(tmp_path: Path) -> None:
    text = "dependencies:\n- {upstream: a, downstream: b}\n- {upstream: b, downstream: a, tenant: t}\n"
    edges = _edges(tmp_path, text)
    assert edges.dependencies == (Dependency("a", "b"),)
    assert [(row.line, row.reason) for row in edges.rejected] == [(3, "b -> a is part of a circle in tenant 't'")]


def test_opposite_edges_of_two_tenants_are_no_circle(tmp_path: Path) -> None:
    text = "dependencies:\n- {upstream: a, downstream: b, tenant: s}\n- {upstream: b, downstream: a, tenant: t}\n"
    assert len(_edges(tmp_path, text).dependencies) == 2


def test_the_origin_is_kept_and_declared_is_what_is_meant_without_one(tmp_path: Path) -> None:
    edges = _edges(
        tmp_path,
        "dependencies:\n- {upstream: a, downstream: b, origin: lineage}\n- {upstream: b, downstream: c}\n"
        "- {upstream: c, downstream: d, origin: hearsay}\n",
    )
    assert [edge.origin for edge in edges.dependencies] == [Origin.LINEAGE, Origin.DECLARED]
    assert [(row.line, row.reason) for row in edges.rejected] == [
        (4, "origin 'hearsay' is none of declared, orchestrator, lineage, catalog, inferred")
    ]
    (tmp_path / "again.yaml").write_text(edges_text(edges.dependencies))
    assert read_edges(tmp_path / "again.yaml").dependencies == edges.dependencies


@pytest.mark.parametrize("turned", [False, True])
def test_of_two_origins_of_an_edge_the_stronger_counts(tmp_path: Path, turned: bool) -> None:
    rows = [
        "- {upstream: a, downstream: b, origin: orchestrator, max_lag: 1h}\n",
        "- {upstream: a, downstream: b, origin: lineage, max_lag: 2h}\n",
        "- {upstream: a, downstream: b, origin: inferred, tenant: t}\n",
    ]
    edges = _edges(tmp_path, "dependencies:\n" + "".join(rows[::-1] if turned else rows))
    assert edges.dependencies == (Dependency("a", "b", None, 3600.0, Origin.ORCHESTRATOR),)
    assert edges.repeated == 2


def test_the_weakest_edge_of_a_circle_is_the_one_set_aside(tmp_path: Path) -> None:
    rows = [
        "- {upstream: a, downstream: b, tenant: t}\n",
        "- {upstream: b, downstream: c, origin: lineage}\n",
        "- {upstream: c, downstream: a, origin: inferred}\n",
        "- {upstream: b, downstream: a, origin: inferred}\n",
    ]
    for lines in (rows, rows[::-1]):
        edges = _edges(tmp_path, "dependencies:\n" + "".join(lines))
        assert [(edge.upstream, edge.downstream) for edge in edges.dependencies] == [("b", "c"), ("a", "b")]


def test_a_long_chain_needs_no_recursion(tmp_path: Path) -> None:
    rows = "".join(f"- {{upstream: j{n}, downstream: j{n + 1}}}\n" for n in range(2000))
    assert len(_edges(tmp_path, "dependencies:\n" + rows).dependencies) == 2000


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: b: c", "line 1: not YAML"),
        ("- a\n", "line 1: no list `dependencies:` in it"),
        ("edges: []\n", "line 1: no list `dependencies:` in it"),
        ("dependencies: []\nmore: 1\n", "line 2: unknown key `more`"),
        ("dependencies: 5\n", "line 1: `dependencies` must be a list"),
    ],
)
def test_a_file_that_is_no_list_of_edges_names_the_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        _edges(tmp_path, text)
    assert says in caught.value.message
