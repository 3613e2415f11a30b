"""analyze, import, export, correlate, findings, check and settings, as they are called."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from correlator.cli import COMMANDS, main

Capture = pytest.CaptureFixture[str]
START = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two jobs over ten days: ingest never fails, export fails first every fifth time and passes on retry."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("CORRELATOR_")]:
        monkeypatch.delenv(name)
    rows = ["run_id,logical_run_id,job,tenant,attempt,scheduled_at,started_at,finished_at,status"]
    for hour in range(240):
        at = START + timedelta(hours=hour)
        rows.append(_row("ingest", hour, 1, at, "success"))
        rows.append(_row("export", hour, 1, at, "failed" if hour % 5 == 0 else "success"))
        if hour % 5 == 0:
            rows.append(_row("export", hour, 2, at, "success"))
    rows.append("bad,,export,t1,1,,never,,failed")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "runs.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "in" / "dependencies.yaml").write_text("dependencies:\n- {upstream: ingest, downstream: export}\n")
    return tmp_path / "in"


def _row(job: str, hour: int, attempt: int, at: datetime, status: str) -> str:
    start = at + timedelta(minutes=attempt * 10)
    end = start + timedelta(minutes=5)
    times = ",".join(time.isoformat() for time in (at, start, end))
    return f"{job}-{hour}-{attempt},{job}-{hour},{job},t1,{attempt},{times},{status}"


def call(capsys: Capture, *arguments: str) -> tuple[int, str, str]:
    """Exit status, standard output, standard error."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["correlator", *arguments])
        with pytest.raises(SystemExit) as caught:
            main()
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return int(caught.value.code or 0), out, err


def test_analyze_prints_one_document(folder: Path, capsys: Capture) -> None:
    status, out, err = call(capsys, "analyze", str(folder), "--json")
    document = json.loads(out)
    assert status == 0
    assert document["as_of"] == "2026-03-11T23:15:00Z"
    assert [(one["tenant"], one["job"]) for one in document["findings"]] == [("t1", "export")]
    assert (document["findings"][0]["failed_first"], document["findings"][0]["recovered_by_retry"]) == (48, 48)
    assert document["rejected"] == {
        "count": 1,
        "rows": [{"file": "runs.csv", "line": 530, "reason": "started_at 'never' is not an ISO 8601 time"}],
    }
    assert "runs.csv, line 530" in err
    assert not list(folder.parent.glob("*.db"))


def test_analyze_as_of_is_the_folder_cut_off_there(folder: Path, capsys: Capture) -> None:
    _, out, _ = call(capsys, "analyze", str(folder), "--json", "--as-of", "2026-03-04T00:00:00+00:00")
    assert json.loads(out)["as_of"] == "2026-03-04T00:00:00Z"
    assert json.loads(out)["findings"][0]["failed_first"] == 10


def test_analyze_gives_the_same_bytes_whatever_the_hash_seed(folder: Path) -> None:
    command = [sys.executable, "-m", "correlator", "analyze", str(folder), "--json"]
    runs = [
        subprocess.run(command, env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, check=True).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1]
    assert runs[0].startswith(b"{")


def test_analyze_for_people_is_a_table(folder: Path, capsys: Capture) -> None:
    status, out, _ = call(capsys, "analyze", str(folder))
    lines = out.splitlines()
    assert (status, len(lines)) == (0, 2)
    assert lines[0].startswith("TENANT  JOB")
    assert lines[1].startswith("t1      export")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["analyze", "nowhere"], "error: nowhere: not a folder"),
        (["analyze", ".", "--as-of", "2026-03-04T00:00:00"], "error: --as-of: 2026-03-04T00:00:00 has no UTC offset"),
        (["analyze", ".", "--as-of", "soon"], "error: --as-of: 'soon' is not an ISO 8601 time"),
        (["analyze", "."], "error: .: no table of runs in it"),
        (["import", "."], "error: .: no table in it"),
        (["findings", "show", "F-NOBODY"], "error: there is no finding F-NOBODY"),
        (["check"], "error: either run ids or --job is needed"),
        (["check", "r1", "--tenant", "t1"], "error: --tenant goes with --job"),
        (["settings", "--config", "nowhere.yaml"], "error: nowhere.yaml: cannot be read"),
    ],
)
def test_wrong_usage_and_unreadable_input_end_with_status_2(
    folder: Path, capsys: Capture, arguments: list[str], says: str
) -> None:
    status, out, err = call(capsys, *arguments)
    assert (status, out) == (2, "")
    assert says in err


def test_a_damaged_table_ends_with_status_2_and_names_it(folder: Path, capsys: Capture) -> None:
    (folder / "metrics.csv").write_text("metric,at\n")
    status, _, err = call(capsys, "analyze", str(folder))
    assert status == 2
    assert f"error: {folder / 'metrics.csv'}, line 1: the table `metrics` has no column `value`" in err


def test_a_store_that_cannot_be_opened_ends_with_status_1(
    folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CORRELATOR_DATABASE_URL", "sqlite:////nowhere/at/all.db")
    status, _, err = call(capsys, "findings", "list")
    assert status == 1
    assert "hint: does its folder exist" in err


def test_import_counts_and_export_gives_the_same_bytes(folder: Path, capsys: Capture) -> None:
    status, out, _ = call(capsys, "import", str(folder))
    assert status == 0
    assert "530 rows read, 0 repeated, 1 set aside" in out
    assert "runs.csv, line 530: started_at 'never' is not an ISO 8601 time" in out
    _, out, _ = call(capsys, "import", str(folder), "--json")
    again = json.loads(out)
    assert (again["repeated"], again["stored"]["runs"], again["rejected"]["count"]) == (529, 0, 1)
    for name in ("one", "two"):
        assert call(capsys, "export", name)[0] == 0
    files = sorted(file.name for file in Path("one").iterdir())
    assert files == ["changes.jsonl", "dependencies.yaml", "incidents.jsonl", "metrics.jsonl", "runs.jsonl"]
    for file in files:
        assert (Path("one") / file).read_bytes() == (Path("two") / file).read_bytes()
    (folder / "runs.csv").write_text("".join((folder / "runs.csv").read_text().splitlines(keepends=True)[:-1]))
    _, direct, _ = call(capsys, "analyze", str(folder), "--json")
    _, exported, _ = call(capsys, "analyze", "one", "--json")
    assert json.loads(exported) == json.loads(direct)


def test_correlate_stores_what_findings_and_check_show(folder: Path, capsys: Capture) -> None:
    call(capsys, "import", str(folder))
    _, out, _ = call(capsys, "correlate", "--json")
    looked = json.loads(out)
    (finding,) = looked["findings"]
    assert looked["changed"] == [finding["id"]]
    _, out, err = call(capsys, "correlate", "--json")
    assert json.loads(out)["changed"] == []
    assert "1 finding, 0 new or changed" in err
    _, out, _ = call(capsys, "findings", "list", "--json")
    (listed,) = json.loads(out)["findings"]
    assert {key: listed[key] for key in finding} == finding
    status, out, _ = call(capsys, "findings", "show", finding["id"], "--json")
    assert (status, json.loads(out)["versions"][0]["verdict"]) == (0, finding["verdict"])
    assert finding["id"] in call(capsys, "findings", "list")[1]
    kept = call(
        capsys, "findings", "list", "--verdict", finding["verdict"], "--tenant", "t1", "--job", "export", "--json"
    )
    assert [one["id"] for one in json.loads(kept[1])["findings"]] == [finding["id"]]
    assert "No match among 1 finding." in call(capsys, "findings", "list", "--job", "ingest")[1]
    assert finding["id"] in call(capsys, "findings", "show", finding["id"])[1]
    status, out, _ = call(capsys, "check", "export-0-1", "export-5", "--json")
    (answer,) = json.loads(out)["findings"]
    assert (status, answer["id"]) == (0, finding["id"])
    assert answer["run_ids"] == ["export-0-1", "export-5-1", "export-5-2"]


def test_check_judges_what_no_look_has_judged_yet(folder: Path, capsys: Capture) -> None:
    call(capsys, "import", str(folder))
    status, out, _ = call(capsys, "check", "--job", "export", "--tenant", "t1", "--json")
    (answer,) = json.loads(out)["findings"]
    assert (status, answer["failed_first"]) == (0, 48)
    assert json.loads(call(capsys, "findings", "list", "--json")[1]) == {"findings": []}
    _, out, _ = call(capsys, "check", "--job", "ingest", "--json")
    (healthy,) = json.loads(out)["findings"]
    assert (healthy["verdict"], healthy["runs"], healthy["failed_first"]) == ("inconclusive", 240, 0)
    assert healthy["needs"]


def test_check_says_which_ids_it_does_not_know(folder: Path, capsys: Capture) -> None:
    call(capsys, "import", str(folder))
    status, out, err = call(capsys, "check", "export-0-1", "nobody", "--json")
    assert (status, json.loads(out)["unknown"]) == (1, ["nobody"])
    assert len(json.loads(out)["findings"]) == 1
    assert "error: nobody is not known: looked among the run ids" in err
    _, _, err = call(capsys, "check", "export-0-9", "exprt")
    assert "near it: export, export-0-" in err
    assert "near it: export\n" in err
    status, _, err = call(capsys, "check", "--job", "export", "--tenant", "t9")
    assert (status, "no run of export is stored for tenant 't9'; it runs for t1" in err) == (1, True)


def test_dependencies_can_come_alone_and_without_any_a_look_says_what_it_cannot_find(
    folder: Path, capsys: Capture
) -> None:
    Path("edges").mkdir()
    (folder / "dependencies.yaml").rename("edges/dependencies.yaml")
    call(capsys, "import", str(folder), "--source", "runs-alone")
    assert "no cause upstream can be found" in call(capsys, "correlate")[2]
    status, out, _ = call(capsys, "import", "edges")
    assert (status, "1 dependencies" in out) == (0, True)
    assert "no cause upstream" not in call(capsys, "correlate")[2]


def test_where_no_run_is_stored_nobody_is_called_healthy(folder: Path, capsys: Capture) -> None:
    (folder / "runs.csv").unlink()
    (folder / "changes.csv").write_text("change_id,at\nc1,2026-03-02T00:00:00Z\n")
    call(capsys, "import", str(folder))
    status, out, err = call(capsys, "correlate")
    assert (status, out) == (0, "")
    assert "no run of any job is stored" in err


def test_correlate_on_an_empty_store_says_what_to_do(folder: Path, capsys: Capture) -> None:
    status, out, err = call(capsys, "correlate", "--json")
    assert (status, json.loads(out)["findings"]) == (0, [])
    assert "correlator import FOLDER" in err


def test_settings_name_value_and_origin(folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORRELATOR_WEB_PORT", "8500")
    monkeypatch.setenv("DD_API_KEY", "s3cret")
    _, out, _ = call(capsys, "settings", "--json")
    document = json.loads(out)
    assert document["settings"]["web.port"] == {"value": 8500, "origin": "CORRELATOR_WEB_PORT"}
    assert document["secrets"]["DD_API_KEY"] is True
    assert "s3cret" not in out + call(capsys, "settings")[1]


@pytest.mark.parametrize(
    "name", ["analyze", "import", "export", "correlate", "check", "settings", "findings list", "findings show"]
)
def test_help_has_an_example_and_the_config_option(name: str, folder: Path, capsys: Capture) -> None:
    status, out, _ = call(capsys, *name.split(), "--help")
    assert status == 0
    assert f"correlator {name}" in " ".join(out.partition("Example:")[2].split())
    assert "--config" in out
    assert name.split()[0] in COMMANDS
