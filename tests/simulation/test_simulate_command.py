"""`correlator simulate` as it is called."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from correlator.simulation.stories import STORIES


def simulate(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "correlator", "simulate", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_the_list_names_every_story() -> None:
    done = simulate("--list")
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(STORIES)
    assert [row["name"] for row in json.loads(simulate("--list", "--json").stdout)] == list(STORIES)


def test_the_documentation_names_every_story() -> None:
    page = (Path(__file__).parents[2] / "docs" / "simulation.md").read_text(encoding="utf-8")
    assert [name for name in STORIES if f"| `{name}` |" not in page] == []


def test_a_folder_is_written_and_the_truth_printed(tmp_path: Path) -> None:
    arguments = ("transient", "--seed", "3", "--until", "2026-03-05T12:00:00+02:00", "--days", "2")
    done = simulate(*arguments, "--out", str(tmp_path / "story"), "--json")
    assert done.returncode == 0
    truth = json.loads(done.stdout)
    assert truth == json.loads((tmp_path / "story" / "truth.json").read_text())
    assert (truth["cases"][0]["start"], truth["cases"][0]["end"]) == ("2026-03-03T10:00:00Z", "2026-03-05T10:00:00Z")
    assert "attempts" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("transient",), "--out"),
        (("transiant", "--out", "x"), "did you mean `transient`?"),
        (("transient", "--out", "x", "--until", "2026-03-05"), "no UTC offset"),
        (("transient", "--out", "x", "--until", "soon"), "not an ISO 8601 time"),
        (("transient", "--out", "/proc/nowhere"), "cannot be written"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(arguments: tuple[str, ...], said: str) -> None:
    done = simulate(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "error:" in done.stderr
    assert "Traceback" not in done.stderr
