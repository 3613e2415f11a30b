"""What makes the engine fast must not show in what it says: order of rows, parts of the work, kind of columns."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from correlator.engine import analyze
from correlator.model import Dependency
from correlator.simulation.stories import write_story
from correlator.tables.frames import Tables
from correlator.tables.reading import read_folder
from correlator.tables.writing import write_folder

STORIES = ("deep-upstream", "shared-outage", "own-change")


@pytest.fixture(scope="module", params=STORIES)
def tables(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Tables:
    folder: Path = tmp_path_factory.mktemp(request.param)
    write_story(request.param, 5, folder, days=12)
    return read_folder(folder)


def said(tables: Tables) -> str:
    return json.dumps(analyze(tables).to_dict())


def test_rows_in_any_order(tables: Tables) -> None:
    frames = {name: getattr(tables, name) for name in ("runs", "metrics", "changes")}
    mixed = {name: frame.sample(frac=1, random_state=1).reset_index(drop=True) for name, frame in frames.items()}
    assert said(replace(tables, **mixed)) == said(tables)


def test_texts_as_python_objects(tables: Tables) -> None:
    names = ("run_id", "logical_run_id", "error")
    runs = tables.runs.assign(**{name: tables.runs[name].astype(object) for name in names})
    assert said(replace(tables, runs=runs)) == said(tables)


def test_parquet_with_and_without_dictionaries_and_json_lines(tables: Tables, tmp_path: Path) -> None:
    write_folder(tables, tmp_path / "lines")
    assert said(read_folder(tmp_path / "lines")) == said(tables)
    lines = pd.read_json(tmp_path / "lines" / "runs.jsonl", lines=True, dtype=False)
    for name, kind in (("plain", "str"), ("labels", "category")):
        folder = tmp_path / name
        write_folder(tables, folder)
        (folder / "runs.jsonl").unlink()
        labels = {label: kind for label in ("job", "tenant", "status", "host") if label in lines}
        lines.astype(labels).to_parquet(folder / "runs.parquet", row_group_size=500)
        assert said(read_folder(folder)) == said(tables)


def test_an_edge_of_every_tenant_or_of_each(tables: Tables) -> None:
    tenants = [str(name) for name in tables.runs["tenant"].cat.categories]
    each = [replace(edge, tenant=tenant) for edge in tables.dependencies for tenant in tenants]
    others = [Dependency(edge.downstream, edge.upstream, "elsewhere") for edge in tables.dependencies]
    assert said(replace(tables, dependencies=(*each, *others))) == said(tables)
