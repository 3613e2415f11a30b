"""Laws of the tables: what is written is read again, and the same content gives the same bytes."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from correlator.model import Dependency, Status
from correlator.tables.frames import Tables, from_micros
from correlator.tables.reading import read_folder
from correlator.tables.writing import edges_text, write_folder

FRAMES = ("runs", "metrics", "changes", "incidents")
FILES = ("runs.jsonl", "incidents.jsonl", "changes.jsonl", "metrics.jsonl", "dependencies.yaml")

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
names = texts.filter(lambda text: bool(text.strip()))
micros = st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999)
tags = st.dictionaries(names.map("x-".__add__), texts.filter(bool), max_size=3)


def _time(value: int) -> str:
    return from_micros(value).isoformat()


@st.composite
def runs(draw: st.DrawFn) -> dict[str, Any]:
    start, end = sorted((draw(micros), draw(micros)))
    row = {
        "run_id": draw(st.one_of(st.sampled_from(["r1", "r2"]), names)),
        "job": draw(names),
        "started_at": _time(start),
        "status": draw(st.sampled_from(list(Status))).value,
        "finished_at": draw(st.sampled_from([None, _time(end)])),
        "scheduled_at": draw(st.none() | micros.map(_time)),
        "attempt": draw(st.none() | st.integers(1, 1_000_000)),
    }
    return draw(tags) | row | {name: draw(texts) for name in ("tenant", "logical_run_id", "error", "service", "host")}


metrics = st.fixed_dictionaries(
    {"metric": names, "at": micros.map(_time), "value": st.floats(allow_nan=False, allow_infinity=False), "host": texts}
)
changes = st.fixed_dictionaries({"change_id": names, "at": micros.map(_time), "title": texts, "x-tag": texts})
incidents = st.fixed_dictionaries({"incident_id": names, "created_at": micros.map(_time), "url": texts})
lags = st.none() | st.integers(1, 10_000_000).map(float) | st.sampled_from([0.5, 5400.25])
edges = st.builds(Dependency, names.map("up ".__add__), names.map("down ".__add__), st.none() | texts, lags)


@st.composite
def tables(draw: st.DrawFn) -> Tables:
    """Tables as reading makes them: from JSON lines with every kind of column."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind, rows in (("runs", runs()), ("metrics", metrics), ("changes", changes), ("incidents", incidents)):
            lines = draw(st.lists(rows, max_size=6))
            (folder / f"{kind}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        (folder / "dependencies.yaml").write_text(edges_text(tuple(draw(st.lists(edges, max_size=4)))))
        return read_folder(folder)


def _same(one: Tables, two: Tables) -> None:
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(one, name), getattr(two, name))
    assert one.dependencies == two.dependencies


@settings(max_examples=25, deadline=None)
@given(tables())
def test_what_is_written_is_read_again(first: Tables) -> None:
    assert first.rejected == ()
    with tempfile.TemporaryDirectory() as name:
        write_folder(first, Path(name) / "a")
        again = read_folder(Path(name) / "a")
        _same(first, again)
        assert (again.rejected, again.repeated) == ((), 0)
        mixed = {kind: getattr(first, kind).sample(frac=1, random_state=1) for kind in FRAMES}
        shuffled = replace(first, **mixed, dependencies=first.dependencies[::-1])
        write_folder(shuffled, Path(name) / "b")
        for file in FILES:
            assert (Path(name) / "a" / file).read_bytes() == (Path(name) / "b" / file).read_bytes()
