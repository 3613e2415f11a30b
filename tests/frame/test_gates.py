"""Linter, format, types and layers are part of the test run: what they find fails it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.frame.tree import ROOT

BIN = Path(sys.executable).parent
GATES = {
    "ruff check": ["ruff", "check", "."],
    "ruff format": ["ruff", "format", "--check", "."],
    "mypy": ["mypy"],
    "import-linter": ["lint-imports", "--no-cache"],
}


@pytest.mark.parametrize("name", GATES)
def test_the_gate_is_passed(name: str) -> None:
    tool, *arguments = GATES[name]
    result = subprocess.run([BIN / tool, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{name}:\n{result.stdout}\n{result.stderr}"
