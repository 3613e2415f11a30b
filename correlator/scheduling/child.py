"""A child process that can be cut: a session of its own, a leash to its parent, and an end that is certain.

A process and not a thread, because a thread that hangs in a driver or in native code cannot be ended; and a fresh
interpreter, not a fork, because a fork copies threads' locks and open database connections. The memory of a look at a
large history goes back to the machine when the process ends.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

GRACE_SECONDS: Final = 5.0
_PARENT_WATCH: Final = "correlator.scheduling.parent_watch"


@dataclass
class Child:
    """A started process, and a context: at the end of the `with` it has ended. `end` may be called from any thread."""

    process: subprocess.Popen[str]
    leash: int

    @property
    def status(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self.process.poll()

    def output(self, limit_seconds: float) -> str:
        """All of standard output once it has ended. Raises subprocess.TimeoutExpired after the limit."""
        return self.process.communicate(timeout=limit_seconds)[0] or ""

    def ask_to_end(self) -> None:
        """SIGTERM to the child and everything in its process group."""
        self._signal(signal.SIGTERM)

    def end(self, grace_seconds: float = GRACE_SECONDS) -> None:
        """End the child and all it started: SIGTERM, and SIGKILL for what is left after the grace."""
        self.ask_to_end()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(grace_seconds)
        self._signal(signal.SIGKILL)
        self.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        os.close(self.leash)
        if self.process.stdout is not None:
            self.process.stdout.close()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


def start_child(
    module: str, arguments: Sequence[str] = (), environment: Mapping[str, str] | None = None, *, capture: bool = False
) -> Child:
    """Run `python -m module arguments` on a leash. `capture` keeps standard output for `Child.output`."""
    reading, writing = os.pipe()
    try:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own module
            [sys.executable, "-m", _PARENT_WATCH, str(reading), module, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if capture else None,
            env={**os.environ, **(environment or {})},
            pass_fds=[reading],
            start_new_session=True,
            text=True,
        )
    except OSError:
        os.close(writing)
        raise
    finally:
        os.close(reading)
    return Child(process, writing)
