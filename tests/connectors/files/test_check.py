"""What the check says of a folder."""

from __future__ import annotations

from pathlib import Path

from connectors.files.check import check
from correlator.ports import Found, Probe
from correlator.settings import load_settings


def probes(folder: Path) -> dict[str, Probe]:
    return {probe.name: probe for probe in check(load_settings(environment={"CORRELATOR_FILES_FOLDER": str(folder)}))}


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    found = probes(tmp_path / "none")
    assert [(probe.name, probe.fails) for probe in found.values()] == [("folder", True)]


def test_each_table_is_read_and_each_other_name_is_told(tmp_path: Path) -> None:
    (tmp_path / "runs.csv").write_text("run_id,job,started_at,status\nr1,load,2026-03-02T00:01:00Z,success\nr2\n")
    (tmp_path / "changes.csv").write_text("id\n1\n")
    (tmp_path / "run.csv").write_text("run_id\n")
    (tmp_path / "notes.txt").write_text("")
    found = probes(tmp_path)
    assert found["folder"].said.endswith("holds 4 files")
    assert found["runs.csv"].said == "1 row, 1 to be set aside"
    assert (found["run.csv"].found, found["run.csv"].fails) == (Found.MISSING, False)
    assert found["changes.csv"].fails
    assert "notes.txt" not in found


def test_without_runs_something_is_missing_unless_others_give_them(tmp_path: Path) -> None:
    assert probes(tmp_path)["runs"].fails
    (tmp_path / "dependencies.yaml").write_text("dependencies: [{upstream: load, downstream: export}]\n")
    assert (probes(tmp_path)["runs"].found, probes(tmp_path)["runs"].fails) == (Found.MISSING, False)
