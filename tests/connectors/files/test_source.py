"""The folder pulled into a real store: the same as an import of it, however it came to be."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine

from connectors.files.client import Folder
from connectors.files.source import FilesSource, build
from correlator.engine import analyze
from correlator.errors import SettingsError, SourceError
from correlator.ports import PullReport, PullWindow
from correlator.pulling.pull import pull_source
from correlator.settings import load_settings
from correlator.simulation.stories import write_story
from correlator.store.database import open_store
from correlator.store.edges import list_edges
from correlator.store.frames import read_window, store_tables
from correlator.store.lookups import attempts_of
from correlator.store.sources import list_set_aside, list_sources
from correlator.tables.frames import Tables
from correlator.tables.reading import read_folder

T = datetime(2026, 3, 2, tzinfo=UTC)
WINDOW = PullWindow(T + timedelta(days=300))
LATER = 3600.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    yield engine
    engine.dispose()


def pull(engine: Engine, folder: Path, *, later: float = LATER, window: PullWindow = WINDOW) -> PullReport:
    """A pull of the folder, so many seconds after its files were written."""
    return pull_source(engine, FilesSource(Folder(folder, now=lambda: time.time() + later)), window, T)


def run(number: int, **more: Any) -> dict[str, Any]:
    at = (T + timedelta(minutes=number)).isoformat()
    return {"run_id": f"r{number}", "job": "load", "started_at": at, "status": "success", **more}


def lines(*rows: dict[str, Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def touch(file: Path, text: str, seconds: int) -> None:
    """Write the file as somebody does who came by so many seconds later."""
    file.write_text(text)
    at = time.time() + seconds
    os.utime(file, (at, at))


def stored(engine: Engine) -> list[tuple[str, str]]:
    return [(one.run_id, one.status.value) for one in attempts_of(engine, "load", "")]


# --- the same as an import ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated history as CSV, with a row that cannot be used."""
    folder = tmp_path_factory.mktemp("story")
    write_story("mixed-causes", 3, folder, days=9)
    with (folder / "runs.csv").open("a") as file:
        file.write("bad row\n")
    return folder


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_what_is_stored_and_what_is_said_of_it_is_as_after_an_import(
    engine: Engine, story: Path, folder: Path, tmp_path: Path, ending: str
) -> None:
    _as(story, folder, ending)
    tables = read_folder(folder)
    other = open_store(f"sqlite:///{tmp_path / 'imported.db'}")
    store_tables(other, "files", tables, T)
    report = pull(engine, folder)
    assert (report.error, report.set_aside) == (None, len(tables.rejected))
    pulled, imported = read_window(engine, None, None), read_window(other, None, None)
    other.dispose()
    assert pulled.dependencies == imported.dependencies
    for name in ("runs", "metrics", "changes", "incidents"):
        pd.testing.assert_frame_equal(getattr(pulled, name), getattr(imported, name))
    assert len(pulled.runs) > 300
    assert _verdicts(pulled) == _verdicts(tables)
    assert sum(pull(engine, folder).stored.values()) == 0


def _as(story: Path, folder: Path, ending: str) -> None:
    """The story's tables in this form; runs without the bad row where the form cannot hold it."""
    for file in story.iterdir():
        if ending == "csv" or file.suffix != ".csv":
            shutil.copy(file, folder)
            continue
        frame = pd.read_csv(file, dtype="str", keep_default_na=False, on_bad_lines="skip")
        frame = frame[frame[frame.columns[1]] != ""]
        if ending == "jsonl":
            frame.to_json(folder / f"{file.stem}.jsonl", orient="records", lines=True)
        else:
            frame.to_parquet(folder / f"{file.stem}.parquet")


def _verdicts(tables: Tables) -> Any:
    return replace(analyze(tables), rejected=()).to_dict()


# --- files that change -------------------------------------------------------------------------------------------


def test_what_is_appended_is_read_and_nothing_else(engine: Engine, folder: Path) -> None:
    file = folder / "runs.jsonl"
    touch(file, lines(run(1), run(2)), 0)
    assert pull(engine, folder).stored == {"runs": 2}
    touch(file, lines(run(1), run(2), run(3, status="done"), run(4)), 10)
    report = pull(engine, folder)
    assert (report.stored, report.repeated, report.set_aside) == ({"runs": 1}, 0, 1)
    (aside,) = list_set_aside(engine)
    assert aside.item_id.startswith("runs.jsonl:3:")
    assert json.loads(aside.payload)["line"] == 3
    assert '"done"' in json.loads(aside.payload)["text"]
    assert stored(engine) == [(f"r{n}", "success") for n in (1, 2, 4)]


def test_a_file_that_did_not_change_is_not_opened(
    engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(folder / "runs.jsonl", lines(run(1)), 0)
    pull(engine, folder)

    def refused(*_: object) -> None:
        raise AssertionError("it was opened")

    monkeypatch.setattr(Path, "open", refused)
    assert pull(engine, folder).error is None


HALF_JSON = lines(run(1)) + '{"run_id": "r2", "job": "lo'
HALF_CSV = "run_id,job,started_at,status\nr1,load,2026-03-02T00:01:00Z,success\nr2,load,2026-03-02T00:02:0"


@pytest.mark.parametrize(
    ("name", "half", "whole"),
    [("runs.jsonl", HALF_JSON, lines(run(1), run(2))), ("runs.csv", HALF_CSV, HALF_CSV + "0Z,success\n")],
)
def test_a_half_written_last_line_waits(engine: Engine, folder: Path, name: str, half: str, whole: str) -> None:
    file = folder / name
    file.write_text(half)
    report = pull(engine, folder, later=1)
    assert (report.stored, report.set_aside, report.error) == ({"runs": 1}, 0, None)
    file.write_text(whole)
    assert pull(engine, folder, later=1).set_aside == 0
    assert [run_id for run_id, _ in stored(engine)] == ["r1", "r2"]


def test_a_last_line_nobody_goes_on_with_is_set_aside_and_read_when_somebody_does(engine: Engine, folder: Path) -> None:
    touch(folder / "runs.jsonl", lines(run(1)) + json.dumps(run(2))[:-5], 0)
    assert pull(engine, folder).set_aside == 1
    assert pull(engine, folder).set_aside == 0
    touch(folder / "runs.jsonl", lines(run(1), run(2)), 10)
    assert pull(engine, folder).stored == {"runs": 1}


def test_a_replaced_file_revises(engine: Engine, folder: Path) -> None:
    for ending, seconds in (("jsonl", 0), ("csv", 20)):
        file = folder / f"runs.{ending}"
        for shift, status in ((0, "running"), (10, "failed")):
            rows = [run(n, status=status if n == 2 else "success") for n in (1, 2, 3)]
            text = lines(*rows) if ending == "jsonl" else pd.DataFrame(rows).to_csv(index=False)
            touch(file, text, seconds + shift)
            pull(engine, folder)
            assert stored(engine) == [("r1", "success"), ("r2", status), ("r3", "success")]
        file.unlink()


def test_a_file_that_begins_anew_counts_nothing_twice(engine: Engine, folder: Path) -> None:
    touch(folder / "runs.jsonl", lines(*(run(n) for n in range(50))), 0)
    pull(engine, folder)
    touch(folder / "runs.jsonl", lines(run(49), run(50)), 10)
    report = pull(engine, folder)
    assert (report.stored, report.repeated) == ({"runs": 1}, 1)
    assert len(stored(engine)) == 51


def test_bad_lines_that_are_appended_stop_nothing(engine: Engine, folder: Path) -> None:
    """Alone they would make no table: no object, no column that is needed, no text."""
    file = folder / "runs.jsonl"
    content = lines(run(1)).encode()
    for number, bad in enumerate((b"nonsense\n", b'{"other": 1}\n', b"\xff\xfe\n")):
        content += bad
        file.write_bytes(content)
        report = pull(engine, folder, later=1)
        assert (report.set_aside, report.error) == (1, None), number
    file.write_bytes(content + lines(run(2)).encode())
    pull(engine, folder)
    assert len(stored(engine)) == 2
    reasons = {row.item_id.split(":")[1]: row.reason for row in list_set_aside(engine)}
    assert sorted(reasons) == ["2", "3", "4"]
    assert reasons["4"] == "not UTF-8 text"


def test_edges_that_are_left_out_end(engine: Engine, folder: Path) -> None:
    touch(folder / "runs.jsonl", lines(run(1)), 0)
    edges = folder / "dependencies.yaml"
    touch(edges, "dependencies:\n- {upstream: a, downstream: b}\n- {upstream: b, downstream: c}\n", 0)
    pull(engine, folder)
    touch(edges, "dependencies:\n- {upstream: b, downstream: c}\n", 10)
    pull(engine, folder)
    assert [(one.edge.upstream, one.edge.downstream) for one in list_edges(engine)] == [("b", "c")]


def test_with_since_everything_is_read_again(engine: Engine, folder: Path) -> None:
    touch(folder / "runs.jsonl", lines(run(1)), 0)
    pull(engine, folder)
    assert pull(engine, folder, window=replace(WINDOW, since=T)).repeated == 1


def test_a_pull_cut_within_a_file_reads_it_again(engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.files.source.FACTS_A_PAGE", 3)
    touch(folder / "runs.csv", pd.DataFrame([run(n) for n in range(8)]).to_csv(index=False), 0)
    cut = FilesSource(Folder(folder, now=lambda: time.time() + LATER)).pages("tables", None, WINDOW)
    page = next(cut)
    assert (len(page.facts), page.position) == (3, {"files": {}})
    report = pull(engine, folder)
    assert report.stored == {"runs": 8}


# --- what is wrong -----------------------------------------------------------------------------------------------


def test_one_file_that_is_no_table_keeps_no_other_from_being_read(engine: Engine, folder: Path) -> None:
    touch(folder / "runs.jsonl", lines(run(1)), 0)
    touch(folder / "changes.csv", "id,when\n1,2\n", 0)
    touch(folder / "metrics.parquet", "no parquet", 0)
    report = pull(engine, folder)
    assert report.stored == {"runs": 1}
    assert report.permanent
    assert "no column `change_id`" in str(report.error)
    assert "metrics.parquet: cannot be read as Parquet" in str(report.error)


def test_a_file_that_is_being_written_is_no_error_yet(engine: Engine, folder: Path) -> None:
    (folder / "runs.parquet").write_bytes(b"PAR1 and more to come")
    assert pull(engine, folder, later=1).error is None
    assert pull(engine, folder).error is not None


def test_two_files_for_one_table_are_an_error_and_the_first_counts(engine: Engine, folder: Path) -> None:
    touch(folder / "runs.csv", "run_id,job,started_at,status\nr1,load,2026-03-02T00:01:00Z,success\n", 0)
    touch(folder / "runs.jsonl", lines(run(2)), 0)
    report = pull(engine, folder)
    assert str(report.error).endswith("runs.jsonl: runs.csv gives the same table")
    assert stored(engine) == [("r1", "success")]


def test_a_table_that_is_gone_is_a_notice(engine: Engine, folder: Path) -> None:
    touch(folder / "runs.jsonl", lines(run(1)), 0)
    touch(folder / "changes.jsonl", "", 0)
    pull(engine, folder)
    (folder / "changes.jsonl").unlink()
    pull(engine, folder)
    (status,) = list_sources(engine)
    assert [notice.text for notice in status.notices] == [
        "changes.jsonl is not in the folder any more; what it gave is kept"
    ]


def test_no_folder_and_no_table_are_said(engine: Engine, folder: Path) -> None:
    assert "there is no table in" in str(pull(engine, folder).error)
    folder.rmdir()
    report = pull(engine, folder)
    assert "cannot be read: No such file or directory" in str(report.error)
    assert "files.folder" in str(report.hint)
    with pytest.raises(SettingsError, match=r"files\.folder is not set"):
        build(load_settings(environment={}))
    with pytest.raises(SourceError, match="no stream"):
        list(FilesSource(Folder(folder)).pages("runs", None, WINDOW))
