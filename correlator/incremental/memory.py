"""The folder in which looks leave their state, and when that state may be gone by.

It is gone by when it was made by this version of the program with these settings, when nobody else has stored findings
since, when time has not run back, and when the rows were last read from the store as a whole less than a day ago. In
every other case the look reads the whole window.
"""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import Engine

from correlator import __version__
from correlator.engine.confidence import table
from correlator.incremental.state import State
from correlator.settings import Settings
from correlator.tables.frames import MICROSECONDS

READ_ANEW: Final = 24 * 3600 * MICROSECONDS


def state_folder(engine: Engine, settings: Settings) -> Path | None:
    """Where looks at this store leave their state; None for nowhere.

    Degrades: a folder that cannot be made is none, with a warning, and every look reads the whole window.
    """
    folder = _named(engine, settings)
    if folder is None:
        return None
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        structlog.get_logger("correlator.looks").warning(
            "no state is kept between looks", folder=str(folder), reason=error.strerror
        )
        return None
    return folder


def _named(engine: Engine, settings: Settings) -> Path | None:
    given = str(settings["analysis.state_folder"])
    if given:
        store = hashlib.sha256(engine.url.render_as_string(hide_password=True).encode()).hexdigest()
        return Path(given) / store[:16]
    file = engine.url.database
    if engine.dialect.name != "sqlite" or not file or file == ":memory:":
        return None
    return Path(file + ".looks")


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """While another process looks from the same folder, wait."""
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def fingerprint(settings: Settings, edges: object) -> str:
    """What an answer depends on beside rows and changes."""
    parts = (__version__, table().name, settings["analysis.window_days"], settings["analysis.clean_runs_hours"], edges)
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()


def usable(state: State, wanted: str, token: str | None, moment: int, now: int) -> bool:
    """Whether a look at `moment`, made at `now` (µs), may go by what the last one left."""
    age = now - state.made_at
    return (state.settings, state.token) == (wanted, token) and state.now <= moment and 0 <= age < READ_ANEW
