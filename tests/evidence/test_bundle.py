from __future__ import annotations

import hashlib
import json
import subprocess
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from correlator.engine import analyze
from correlator.errors import BundleError
from correlator.evidence.archive import archive_bytes, read_archive
from correlator.evidence.bundle import Wanted, create_bundle, find
from correlator.evidence.members import HISTORY, required
from correlator.evidence.verify import verify_bundle
from correlator.model import Finding
from correlator.tables.reading import read_folder
from rules import load_rules
from tests.evidence.conftest import World
from tests.evidence.factory import FINDING_ID


def test_a_bundle_verifies_with_its_pictures_drawn_again(bundle: Path) -> None:
    report = verify_bundle(bundle, redraw=True)
    assert report.same
    assert report.finding_id == FINDING_ID
    assert report.quotes == 1


def test_the_same_history_gives_the_same_bytes(world: World, bundle: Path, tmp_path: Path) -> None:
    assert world.bundle(tmp_path / "again.zip").read_bytes() == bundle.read_bytes()


def test_the_manifest_lists_every_file_with_size_hash_type_and_what_it_is(bundle: Path) -> None:
    files = read_archive(bundle)
    manifest = json.loads(files["MANIFEST.json"])
    assert {entry["path"] for entry in manifest["files"]} == set(files) - {"MANIFEST.json"}
    for entry in manifest["files"]:
        content = files[entry["path"]]
        assert (entry["size"], entry["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
        assert entry["media_type"]
        assert entry["what"]
    assert required() <= set(files)
    assert manifest["redactions"]["not_redacted"]


def test_the_history_in_it_gives_the_finding_in_it(world: World, bundle: Path, tmp_path: Path) -> None:
    files = read_archive(bundle)
    for name in HISTORY:
        (tmp_path / name).write_bytes(files[f"history/{name}"])
    again = find(analyze(read_folder(tmp_path), world.analysis.as_of), world.wanted)
    assert again == Finding.from_dict(json.loads(files["finding.json"])) == world.finding


def test_the_html_packet_carries_its_pictures(bundle: Path) -> None:
    html = read_archive(bundle)["packet.html"].decode()
    assert html.count("data:image/svg+xml;base64,") == 4
    assert 'src="http' not in html


def test_the_files_open_with_an_ordinary_zip_program(bundle: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        assert archive.testzip() is None
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.namelist()[0] == "MANIFEST.json"


def test_a_job_without_failures_cannot_be_bundled(world: World, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no failed run of no_such_job"):
        create_bundle(
            tmp_path / "x.zip",
            Wanted(FINDING_ID, "tenant-01", "no_such_job"),
            world.tables,
            load_rules(),
            world.provenance,
        )
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_an_error_in_words(tmp_path: Path) -> None:
    from correlator.evidence.archive import write_archive

    with pytest.raises(BundleError, match="cannot be written"):
        write_archive({"packet.md": b""}, tmp_path / "nowhere" / "x.zip")


def test_a_formula_in_an_error_text_stays_a_text(world: World) -> None:
    from correlator.evidence.attempts import attempt_rows
    from correlator.evidence.csv_tables import runs_csv
    from correlator.tables.frames import to_micros

    tables = world.tables
    runs = tables.runs.copy()
    runs["error"] = "=cmd|' /C calc'!A0"
    rows = attempt_rows(type(tables)(runs, tables.metrics, tables.changes, tables.incidents, tables.dependencies),
                        world.finding, to_micros(world.analysis.as_of))  # fmt: skip
    assert b",'=cmd" in runs_csv(rows, {})
    assert b",=cmd" not in runs_csv(rows, {})


def test_a_bundle_as_of_an_earlier_moment_holds_that_verdict(world: World, tmp_path: Path) -> None:
    from dataclasses import replace

    earlier = replace(world.provenance, as_of=world.analysis.as_of - timedelta(days=5))
    path = tmp_path / "earlier.zip"
    made = create_bundle(path, world.wanted, world.tables, load_rules(), earlier)
    assert made.runs < world.finding.runs
    assert verify_bundle(path).same


def test_the_archive_does_not_depend_on_the_order_of_the_files() -> None:
    files = {"packet.md": b"a", "MANIFEST.json": b"{}", "finding.json": b"{}"}
    assert archive_bytes(files) == archive_bytes(dict(reversed(files.items())))


def test_the_command_says_same(bundle: Path, tmp_path: Path) -> None:
    import sys

    command = [sys.executable, "-m", "correlator", "bundle", "verify", str(bundle)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "same\n")
