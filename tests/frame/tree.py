"""The files of this project, for tests over the tree itself."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = ("correlator", "connectors", "rules", "web")


@cache
def tracked(pattern: str = "*") -> tuple[Path, ...]:
    """Files that git knows and that are there, by a pathspec such as `*.py`."""
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--", pattern], capture_output=True, text=True, check=True
    ).stdout
    return tuple(path for name in listed.split("\0") if name and (path := ROOT / name).is_file())


def text_of(path: Path) -> str | None:
    """The file as text; None for pictures and other binaries."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None
