"""A wrong call ends with status 2 and two lines that say what is wrong and where to read on."""

from __future__ import annotations

import sys

import pytest

from correlator.cli import main


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        (["nope"], "error: No such command 'nope'.", "`correlator --help`"),
        (["analyze"], "error: Missing argument 'FOLDER'.", "`correlator analyze --help`"),
        (["web", "--port", "x"], "error: Invalid value for '--port'", "`correlator web --help`"),
    ],
)
def test_a_wrong_call_is_told_in_two_lines(
    arguments: list[str], error: str, hint: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["correlator", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    first, second = printed.err.splitlines()
    assert first.startswith(error)
    assert second.startswith("hint: ")
    assert hint in second
