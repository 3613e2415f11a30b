"""YAML of people and of strangers: every mistake has its line, and no depth brings the parser down."""

from __future__ import annotations

from pathlib import Path

import pytest

from correlator.errors import InputError
from correlator.yaml_reader import check_plain, read_yaml

FILE = Path("rules.yaml")


def test_values_know_their_lines() -> None:
    document = read_yaml(FILE, "a: 1\nb:\n  - x\n  - y: true\n")
    assert document.value == {"a": 1, "b": ["x", {"y": True}]}
    assert (document.line_of("b", 1, "y"), document.line_of("b", 1, "none")) == (4, 4)


def test_yaml_written_as_json_is_read() -> None:
    assert read_yaml(
        FILE, '{"job": "export \\ud83d\\ude00", "path": "a\\\\ud83d\\\\ude00\\\\\\ud83d\\ude00"}'
    ).value == {
        "job": "export 😀",
        "path": "a\\ud83d\\ude00\\😀",
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [1", "rules.yaml, line 2: not YAML: "),
        ("a: 1\n\x00", "rules.yaml, line 1: not YAML: unacceptable character #x0000"),
        ("a: 1\na: 2", "rules.yaml, line 2: the key 'a' stands already at line 1"),
        ("[" * 200_000, "rules.yaml, line 1: nested too deep"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        read_yaml(FILE, text)
    assert caught.value.message.startswith(says)
    assert "\n" not in caught.value.message


def test_aliases_can_be_refused() -> None:
    text = "a: &a [1]\nb: *a\n"
    check_plain("rules.yaml", text)
    with pytest.raises(InputError, match="line 2"):
        check_plain("rules.yaml", text, aliases=False)
