"""Folders of tables: what is used, what is merged, what is listed with its reason."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from correlator.errors import InputError
from correlator.model import Rejected
from correlator.tables.frames import NO_TIME, Tables
from correlator.tables.reading import read_folder

HEADER = "run_id,job,started_at,status,finished_at,attempt\n"
AT = 1_772_409_600_000_000  # 2026-03-02T00:00:00Z


def _read(folder: Path, text: str | bytes, name: str = "runs.csv") -> Tables:
    data = text if isinstance(text, bytes) else text.encode()
    (folder / name).write_bytes(data)
    return read_folder(folder)


def _jsonl(folder: Path, *rows: object, name: str = "runs.jsonl") -> Tables:
    return _read(folder, "".join(json.dumps(row) + "\n" for row in rows), name)


def _run(**more: object) -> dict[str, object]:
    return {"run_id": "r1", "job": "j", "started_at": "2026-03-02T00:00:00Z", "status": "success"} | more


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("r,,2026-03-02T00:00:00Z,success,,", "no job"),
        (",j,2026-03-02T00:00:00Z,success,,", "no run_id"),
        ("  ,j,2026-03-02T00:00:00Z,success,,", "no run_id"),
        ("r,j,,success,,", "no started_at"),
        ("r,j,2026-03-02T00:00:00Z,,,", "no status"),
        ("r,j,2026-03-02T00:00:00Z,exploded,,", "unknown status 'exploded'"),
        ("r,j,2026-03-02T00:00:00,success,,", "started_at 2026-03-02T00:00:00 has no UTC offset"),
        ("r,j,2026-03-02,success,,", "started_at 2026-03-02 has no UTC offset"),
        ("r,j,2026-02-30T00:00:00Z,success,,", "started_at '2026-02-30T00:00:00Z' is not an ISO 8601 time"),
        ("r,j,2026-03-02T00:00:00+99:00,success,,", "started_at '2026-03-02T00:00:00+99:00' is not an ISO 8601 time"),
        ("r,j,1772409600,success,,", "started_at '1772409600' is not an ISO 8601 time"),
        ("r,j,2026-03-02T00:00:00Z,success,2026-03-01T23:59:59Z,", "finished_at before started_at"),
        ("r,j,2026-03-02T00:00:00Z,success,,0", "attempt 0 is not 1, 2, 3, …"),
        ("r,j,2026-03-02T00:00:00Z,success,,1.5", "attempt 1.5 is not 1, 2, 3, …"),
        ("r,j,2026-03-02T00:00:00Z,success,,first", "attempt 'first' is not a number"),
        ("r,j,2026-03-02T00:00:00Z,success,", "5 fields where the header has 6"),
        ("r,j,2026-03-02T00:00:00Z,success,,,extra", "7 fields where the header has 6"),
    ],
)
def test_a_row_that_cannot_be_used_is_listed_with_its_line(tmp_path: Path, row: str, reason: str) -> None:
    tables = _read(tmp_path, HEADER + "ok,j,2026-03-02T00:00:00Z,success,,1\n" + row + "\n")
    assert tables.rejected == (Rejected("runs.csv", 3, reason),)
    assert tables.runs["run_id"].tolist() == ["ok"]


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-02T00:00:00Z",
        "2026-03-02T02:00:00+02:00",
        "2026-03-01T18:30:00-0530",
        "2026-03-02 00:00:00.000Z",
        "2026-03-02T00:00:00.000000999Z",
        "2026-03-02t00:00:00z",
        "20260302T000000Z",
        " 2026-03-02T00:00Z ",
    ],
)
def test_any_offset_becomes_utc(tmp_path: Path, text: str) -> None:
    # the odd row beside it takes the whole column off the fast path, which must not change the answer
    for other in ("", "odd,j,nonsense,success,,\n"):
        tables = _read(tmp_path, HEADER + f"r,j,{text},success,,\n" + other)
        assert tables.runs["started_at"].tolist() == [AT]


def test_months_end_days_take_the_slow_way_to_the_same_time(tmp_path: Path) -> None:
    rows = [f"r{day},j,2026-03-{day:02d}T00:00:00Z,success,," for day in range(1, 32)]
    clean = _read(tmp_path, HEADER + "\n".join(rows) + "\n").runs["started_at"].to_numpy()
    mixed = _read(tmp_path, HEADER + "\n".join([*rows, "x,j,never,success,,"]) + "\n").runs["started_at"].to_numpy()
    np.testing.assert_array_equal(clean, mixed)
    assert (np.diff(clean) == 86_400_000_000).all()


def test_the_later_row_of_a_run_wins_and_is_counted(tmp_path: Path) -> None:
    tables = _read(
        tmp_path,
        HEADER
        + "r,j,2026-03-02T00:00:00Z,running,,\nq,j,2026-03-02T00:00:00Z,success,,\n"
        + "r,j,2026-03-02T00:00:00Z,failed,2026-03-02T00:01:00Z,\n",
    )
    assert dict(zip(tables.runs["run_id"], tables.runs["status"], strict=True)) == {"q": "success", "r": "failed"}
    assert tables.repeated == 1
    assert list(tables.runs["status"].cat.categories) == ["failed", "success"]


def test_an_unusable_later_row_does_not_displace_a_good_one(tmp_path: Path) -> None:
    tables = _read(tmp_path, HEADER + "r,j,2026-03-02T00:00:00Z,failed,,\nr,j,2026-03-02T00:00:00Z,bad,,\n")
    assert tables.runs["status"].tolist() == ["failed"]
    assert (len(tables.rejected), tables.repeated) == (1, 0)


def test_the_order_of_rows_leaves_no_trace(tmp_path: Path) -> None:
    rows = [f"r{n},j{n % 3},2026-03-02T0{n % 4}:00:00Z,success,,1" for n in range(20)]
    one = _read(tmp_path, HEADER + "\n".join(rows)).runs
    two = _read(tmp_path, HEADER + "\n".join(reversed(rows))).runs
    pd.testing.assert_frame_equal(one, two)
    assert one["started_at"].is_monotonic_increasing


def test_lines_are_counted_through_quoted_line_ends_blank_lines_and_crlf(tmp_path: Path) -> None:
    text = (
        'run_id,job,started_at,status,error\r\nr1,j,2026-03-02T00:00:00Z,failed,"two\r\nlines, and ""quotes"""\r\n\r\n'
        'r2,j,never,failed,\r\nshort\r\nr3,,2026-03-02T00:00:00Z,failed,5" disk\r\n'
    )
    tables = _read(tmp_path, text)
    assert [(row.line, row.reason) for row in tables.rejected] == [
        (5, "started_at 'never' is not an ISO 8601 time"),
        (6, "1 fields where the header has 5"),
        (7, "no job"),
    ]
    assert tables.runs["error"].tolist() == ['two\r\nlines, and "quotes"']


def test_a_field_longer_than_a_block_is_read(tmp_path: Path) -> None:
    long = "x" * (40 << 20)
    tables = _read(tmp_path, f"run_id,job,started_at,status,error\nr,j,2026-03-02T00:00:00Z,failed,{long}\n")
    assert len(tables.runs["error"][0]) == len(long)


def test_unknown_columns_are_tags(tmp_path: Path) -> None:
    tables = _read(
        tmp_path,
        'run_id,job,started_at,status,zone,a\nr,j,2026-03-02T00:00:00Z,success,"x ""y""",\n'
        "s,j,2026-03-02T00:00:00Z,success,,\n",
    )
    assert tables.runs["tags"].tolist() == ['{"zone":"x \\"y\\""}', ""]


def test_json_lines_take_numbers_for_texts_and_objects_for_tags(tmp_path: Path) -> None:
    tables = _jsonl(
        tmp_path,
        _run(run_id=7, attempt="2", tenant=None, error=None, extra={"b": [1], "a": None}, n=1.5),
        _run(attempt=1, finished_at=None),
    )
    run = tables.runs.set_index("run_id").loc["7"]
    assert (run["attempt"], run["tenant"], run["finished_at"]) == (2, "", NO_TIME)
    assert json.loads(str(run["tags"])) == {"extra": '{"a":null,"b":[1]}', "n": "1.5"}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{not json", "not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ("[1]", "not a JSON object"),
        (json.dumps(_run(job={"a": 1})), 'job is {"a":1}, not a text or a number'),
        (json.dumps(_run(attempt=True)), "attempt is true, not a text or a number"),
        (json.dumps(_run(error="\ud800")), "error is not valid Unicode"),
        (json.dumps(_run(job=None)), "no job"),
        (json.dumps(_run(started_at=1772409600)), "started_at '1772409600' is not an ISO 8601 time"),
    ],
)
def test_a_json_line_that_cannot_be_used_is_listed(tmp_path: Path, line: str, reason: str) -> None:
    tables = _read(tmp_path, json.dumps(_run(run_id="ok")) + "\n\n" + line + "\n", "runs.jsonl")
    assert tables.rejected == (Rejected("runs.jsonl", 3, reason),)
    assert tables.runs["run_id"].tolist() == ["ok"]


def test_parquet_takes_zoned_times_and_refuses_naive_ones(tmp_path: Path) -> None:
    times = pd.to_datetime(["2026-03-02T01:00:00", "2026-03-02T02:00:00"])
    frame = pd.DataFrame({"run_id": [1, 2], "job": pd.Categorical(["j", "k"]), "status": "success", "attempt": [1, 2]})
    frame.assign(started_at=times.tz_localize("Europe/Berlin")).to_parquet(tmp_path / "runs.parquet")
    runs = read_folder(tmp_path).runs
    assert runs["run_id"].tolist() == ["1", "2"]
    assert runs["started_at"].tolist() == [AT, AT + 3_600_000_000]
    frame.assign(started_at=times).to_parquet(tmp_path / "runs.parquet")
    rejected = read_folder(tmp_path).rejected
    assert [(row.line, row.reason.endswith("has no UTC offset")) for row in rejected] == [(1, True), (2, True)]


@pytest.mark.parametrize("value", ["nan", "inf", "1e999", "fast", ""])
def test_a_metric_needs_a_finite_value(tmp_path: Path, value: str) -> None:
    _read(tmp_path, HEADER)
    tables = _read(
        tmp_path,
        f"metric,at,value\nm,2026-03-02T00:00:00Z,1.5\nm,2026-03-02T00:01:00Z,{value}\nm,2026-03-02T00:00:00Z,2.5\n",
        "metrics.csv",
    )
    assert tables.metrics["value"].tolist() == [2.5]
    assert [(row.file, row.line) for row in tables.rejected] == [("metrics.csv", 3)]
    assert tables.repeated == 1


def test_an_incident_is_not_resolved_before_it_opens(tmp_path: Path) -> None:
    _read(tmp_path, HEADER)
    text = "incident_id,created_at,resolved_at\nI1,2026-03-02T01:00:00Z,2026-03-02T00:00:00Z\n"
    assert _read(tmp_path, text, "incidents.csv").rejected == (
        Rejected("incidents.csv", 2, "resolved_at before created_at"),
    )


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("runs.csv", b"run_id,started_at,status\na,b,c\n", "runs.csv, line 1: the table `runs` has no column `job`"),
        ("runs.csv", b"", "runs.csv: it is empty"),
        ("runs.csv", b"run_id,job,job\n", "runs.csv, line 1: the column `job` stands twice"),
        ("runs.csv", HEADER.encode() + b"r,j\n\xff\xfe", "runs.csv, line 3: not UTF-8 text"),
        ("runs.jsonl", b"run_id,job\n1,2\n", "runs.jsonl, line 1: not JSON"),
        ("runs.jsonl", b'{"run_id":"1"}\n', "runs.jsonl, line 1: the table `runs` has no column `job`"),
        ("runs.parquet", b"PAR1 not really", "runs.parquet: cannot be read as Parquet"),
        ("metrics.csv", b"metric,at\n", "no table of runs in it"),
    ],
)
def test_a_table_that_cannot_be_read_at_all_names_file_and_line(
    tmp_path: Path, name: str, data: bytes, says: str
) -> None:
    with pytest.raises(InputError) as caught:
        _read(tmp_path, data, name)
    assert says in caught.value.message
    assert "\n" not in caught.value.message


def test_two_files_for_one_table_and_no_folder(tmp_path: Path) -> None:
    _read(tmp_path, HEADER)
    with pytest.raises(InputError, match=r"runs.csv gives the same table"):
        _jsonl(tmp_path, _run())
    with pytest.raises(InputError, match="not a folder"):
        read_folder(tmp_path / "nowhere")


def test_a_header_alone_is_an_empty_history(tmp_path: Path) -> None:
    tables = _read(tmp_path, HEADER)
    assert (len(tables.runs), tables.rejected, tables.dependencies) == (0, (), ())
    assert tables.runs["job"].dtype == "category"
