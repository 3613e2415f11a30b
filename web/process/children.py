"""Our own commands as short child processes: for what needs the numerical libraries, or talks to vendors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any, Final

from flask import has_request_context

from correlator.errors import CorrelatorError
from correlator.settings import Settings
from web.access import current_actor
from web.access.restricted_stores import restricted_stores
from web.errors import RefusedError

AT_ONCE: Final = 4
"""So many requests may wait for child processes: half of the server's threads, so that pages go on beside them."""
_AGAIN_SECONDS: Final = 10
_turns: Final = BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended: 0 done, 1 it could not do all of it, 2 wrong usage or input."""

    status: int
    output: str
    messages: str

    @property
    def last_words(self) -> str:
        """What it said of its error, and the hint."""
        lines = [line for line in self.messages.splitlines() if line.startswith(("error:", "hint:"))]
        return "; ".join(lines[-2:])


@contextmanager
def a_turn() -> Iterator[None]:
    """Wait for a child process within this. Raises RefusedError (503) at once where AT_ONCE requests do already."""
    if not _turns.acquire(blocking=False):
        raise RefusedError(
            503,
            "busy",
            "others are having evidence made or checked just now",
            hint=f"try again in {_AGAIN_SECONDS} s",
            headers={"Retry-After": str(_AGAIN_SECONDS)},
        )
    try:
        yield
    finally:
        _turns.release()


def run_own(settings: Settings, arguments: Sequence[str], limit_seconds: int) -> Done:
    """Run `correlator ARGUMENTS` with these settings, within `a_turn`. It sees the store whole: what it says is told as
    whoever asks may read it. Raises CorrelatorError when it takes longer than it may."""
    with _config_file(settings) as config:
        command = [sys.executable, "-m", "correlator", *arguments, "--config", str(config)]
        done = _run(command, settings.environment, limit_seconds)
    seen = current_actor().tenants if has_request_context() else None
    if seen is None:
        return done
    sight = restricted_stores().sight_for(seen)
    return Done(done.status, sight.text(done.output), "\n".join(map(sight.text, done.messages.splitlines())))


@contextmanager
def _config_file(settings: Settings) -> Iterator[Path]:
    """The effective settings as the child's file; JSON is YAML too, and no secret is among them."""
    with tempfile.TemporaryDirectory(prefix="correlator-child-") as folder:
        config = Path(folder) / "correlator.yaml"
        config.write_text(json.dumps(_sections(settings)), encoding="utf-8")
        yield config


def _sections(settings: Settings) -> dict[str, dict[str, Any]]:
    sections: dict[str, dict[str, Any]] = {}
    for name, value, _ in settings.effective():
        section, key = name.split(".", 1)
        sections.setdefault(section, {})[key] = value
    return sections


def _run(command: list[str], environment: Mapping[str, str], limit_seconds: int) -> Done:
    known = {**environment, "PATH": environment.get("PATH", os.defpath)}
    try:
        done = subprocess.run(  # noqa: S603 our own program; outside words among the arguments are checked ids
            command, env=known, capture_output=True, text=True, timeout=limit_seconds, check=False
        )
    except subprocess.TimeoutExpired as error:
        what = " ".join(command[3:5])
        raise CorrelatorError(
            f"`correlator {what}` did not end within {limit_seconds} s", hint="try again, or run it on the command line"
        ) from error
    return Done(done.returncode, done.stdout, done.stderr)
