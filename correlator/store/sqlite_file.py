"""A SQLite file that is moved, deleted or replaced beneath a running program is noticed.

SQLite goes on with the file it opened, also when that has no name any more: what is written then is lost without a
word. And where the name is gone, opening it makes a new and empty file. Source: https://sqlite.org/howtocorrupt.html.
"""

from __future__ import annotations

import sqlite3
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError

_KEY: Final = "file"
Identity = tuple[int, int] | None


def follow_file(engine: Engine) -> None:
    """From now on a connection to another file than the one of this name is given up, and one to the file that is there
    now is opened. Where there is none, asking fails (sqlite3.OperationalError), and none is made."""
    name = engine.url.database
    if not name or name == ":memory:" or name.startswith("file:"):
        return
    path = Path(name)
    engine.dispose()  # what was opened until now is not known by its file
    event.listen(engine, "do_connect", partial(_refuse_missing, path))
    event.listen(engine, "connect", partial(_opened, path))
    event.listen(engine, "checkout", partial(_still_the_same, path))


def _refuse_missing(path: Path, *_: Any) -> None:
    if _identity(path) is None:
        raise sqlite3.OperationalError("its file is not there any more")


def _opened(path: Path, _: Any, record: Any) -> None:
    record.info[_KEY] = _identity(path)


def _still_the_same(path: Path, _: Any, record: Any, __: Any) -> None:
    if record.info.get(_KEY) != _identity(path):
        raise DisconnectionError("another file has this name now")


def _identity(path: Path) -> Identity:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
