"""JSON Lines that grow: every line is read once, wherever the writer was interrupted."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.files.lines import Piece, Read, pieces

OBJECTS = st.dictionaries(st.sampled_from(["run_id", "job"]), st.text(max_size=6), max_size=2)
OTHERS = st.sampled_from(["", "half", '{"a"', "  ", "ü", "[1]"])
LINES = st.lists(st.one_of(OBJECTS.map(json.dumps), OTHERS), max_size=12)


def numbered(some: list[Piece]) -> list[tuple[int, bytes]]:
    """(number, line) of all that is no blank."""
    found = []
    for piece in some:
        lines = piece.data.split(b"\n")
        found += [(piece.first_line + number, line) for number, line in enumerate(lines) if line.strip()]
    return found


def whole(content: bytes) -> list[tuple[int, bytes]]:
    """What a reader of the finished file finds; a last line without an end counts when it is an object."""
    lines = content.split(b"\n")
    last_counts = lines[-1].strip().startswith(b"{") and lines[-1].strip().endswith(b"}")
    ended = lines if last_counts else lines[:-1]
    return [(number, line) for number, line in enumerate(ended, 1) if line.strip()]


@given(LINES, st.lists(st.integers(0, 200), max_size=5), st.integers(1, 40), st.booleans())
def test_each_line_is_read_once_with_its_number(
    lines: list[str], cuts: list[int], length: int, last_has_an_end: bool
) -> None:
    content = "\n".join(lines).encode() + (b"\n" if last_has_an_end and lines else b"")
    with TemporaryDirectory() as folder:
        file, read, found = Path(folder) / "runs.jsonl", Read(), []
        for cut in sorted({*(min(cut, len(content)) for cut in cuts), len(content)}):
            file.write_bytes(content[:cut])
            for piece in pieces(file, Read.from_json(read.to_json()), length):
                found.append(piece)
                read = piece.read
        assert numbered(found) == whole(content)


def test_a_line_longer_than_a_piece_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "runs.jsonl"
    file.write_bytes(b'{"a":"' + b"x" * 100 + b'"}\n{"b":1}\n')
    assert [(number, len(line)) for number, line in numbered(list(pieces(file, Read(), 10)))] == [(1, 108), (2, 7)]


@pytest.mark.parametrize(
    "content",
    [b'{"b":2}\n', b'{"b":2}\n{"c":3}\n{"d":4}\n', b'{"a":1}\n', b'{"a":3}\n{"a":2}\n{"c":3}\n'],
)
def test_another_file_is_read_from_its_start(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "runs.jsonl"
    file.write_bytes(b'{"a":1}\n{"a":2}\n')
    *_, last = pieces(file, Read())
    file.write_bytes(content)
    again = numbered(list(pieces(file, last.read)))
    assert [line for _, line in again] == content.split(b"\n")[:-1]
    assert again[0][0] == 1


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    file = tmp_path / "runs.jsonl"
    file.write_bytes(b'\xef\xbb\xbf{"a":1}\n')
    assert numbered(list(pieces(file, Read()))) == [(1, b'{"a":1}')]
