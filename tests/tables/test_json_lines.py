"""JSON Lines by the fast ways: the same objects, and the same bytes, as the standard library's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from correlator.errors import InputError
from correlator.tables.checking import check_table
from correlator.tables.frames import NO_TIME
from correlator.tables.jsonl_file import _line_by_line, _object, parse_jsonl
from correlator.tables.layout import METRICS, RUNS
from correlator.tables.raw import RawTable
from correlator.tables.writing import write_table

_NUMBERS = st.integers(-(10**30), 10**30) | st.floats()
_SHORT = st.text(max_size=4)
_PLAIN = st.none() | st.booleans() | _NUMBERS | _SHORT
_VALUES = (
    _PLAIN | st.lists(_PLAIN, max_size=3) | st.dictionaries(_SHORT, _PLAIN | st.lists(_NUMBERS, max_size=2), max_size=3)
)
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


def _patiently(line: bytes) -> str:
    """What the standard library makes of a line; texts, as no number that is none equals itself."""
    try:
        value = json.loads(line)
    except ValueError as error:
        return repr(f"not JSON: {error}")
    return repr(value if isinstance(value, dict) else "not a JSON object")


@settings(max_examples=60)
@given(_VALUES, st.booleans())
def test_a_line_is_read_as_the_standard_library_reads_it(value: Any, readable: bool) -> None:
    line = json.dumps(value, ensure_ascii=not readable).encode("utf-8", "replace")
    assert repr(_object(line)) == _patiently(line)


@settings(max_examples=60)
@given(st.binary(max_size=40))
def test_what_is_no_json_is_refused_in_the_same_words(line: bytes) -> None:
    text = line.decode("utf-8", "replace").encode()
    assert repr(_object(text)) == _patiently(text)


@settings(max_examples=30)
@given(st.lists(st.tuples(_TEXTS, _TEXTS, st.sampled_from(["", '{"url":"a"}', '{"job":"x","q\\u00e9":"ü"}']))))
def test_a_line_is_written_as_the_standard_library_writes_it(tmp_path_factory: Any, cells: list[Any]) -> None:
    times = [NO_TIME if number % 3 else 1_000_000 * number for number in range(len(cells))]
    frame = pd.DataFrame(
        {
            "run_id": pd.Series([f"{number:03d}{text}" for number, (text, _, _) in enumerate(cells)], dtype="str"),
            **{name: pd.Categorical([label for _, label, _ in cells]) for name in ("job", "tenant", "status")},
            **{name: pd.Categorical([""] * len(cells)) for name in ("service", "host")},
            "started_at": range(len(cells)),
            **{name: pd.Series([text for text, _, _ in cells], dtype="str") for name in ("logical_run_id", "error")},
            "attempt": [number % 2 for number in range(len(cells))],
            **dict.fromkeys(("scheduled_at", "finished_at"), times),
            "tags": pd.Series([tags for _, _, tags in cells], dtype="str"),
        }
    )
    file: Path = tmp_path_factory.mktemp("lines") / "runs.jsonl"
    write_table(frame, RUNS, file)
    for line, (_, _, tags) in zip(file.read_text(encoding="utf-8").split("\n"), cells, strict=False):
        item = json.loads(line)
        own = [
            column.name
            for column in RUNS.columns
            if column.name in item and column.name not in json.loads(tags or "{}")
        ]
        assert line == json.dumps(item, ensure_ascii=False, separators=(",", ":"))
        assert [name for name in item if name in own] == own


_LINES = (
    b'{"metric":"m","at":"2026-01-01T00:00:00Z","value":1,"x":"a"}',
    b'{"metric":"m","at":"2026-01-01T00:00:00Z","value":1,"metric":"n"}',
    b'{"metric":"}","at":null,"value":2.5,"host":null}',
    b'{"metric":7,"at":"","value":"3","x":[1]}',
    b'{"metric":true,"at":"","value":NaN,"y":{"a":"\\ud800"}}',
    *(b'{"metric":"m"', b'"at":1}', b'{"at":1}{"value":', b"1}", b"[1]", b"", b"x", b"\n", b"\r\n", b" "),
)


@settings(max_examples=100)
@given(st.lists(st.sampled_from(_LINES), max_size=5), st.integers(0, 3))
def test_a_file_read_in_one_go_is_read_as_line_by_line(parts: list[bytes], ends: int) -> None:
    data = b"".join(part + b"\n" * ((number % 4 < 3) or ends) for number, part in enumerate(parts))
    file, found = Path("metrics.jsonl"), []
    for read in (parse_jsonl, _line_by_line):
        table = read(file, METRICS, data, 5)
        lines = table.lines_of(np.arange(table.rows)).tolist()
        found.append((lines, table.problems, table.unread, _checked(table)))
    assert found[0] == found[1]


def _checked(table: RawTable) -> str:
    try:
        checked = check_table(table, METRICS)
    except InputError as error:
        return repr(error)
    return repr((checked.frame.to_dict("list"), checked.rejected, checked.repeated))


def test_numbers_of_a_column_are_exact_and_what_is_none_is_named() -> None:
    lines = [b'{"metric":"m","at":"2026-01-01T00:00:00Z","value":%s}' % one for one in (b"1", b"2.5", b"true", b"NaN")]
    table = parse_jsonl(Path("metrics.jsonl"), METRICS, b"\n".join(lines))
    assert table.problems == {2: "value is true, not a text or a number"}
    plain = parse_jsonl(Path("metrics.jsonl"), METRICS, b"\n".join(lines[:2]))
    assert plain.columns["value"].to_pylist() == [1.0, 2.5]
