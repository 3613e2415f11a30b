"""What stands in the folder, as it is now: which files are tables, and whether one is still being written."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from correlator.errors import SourceError
from correlator.tables.layout import LAYOUTS
from correlator.tables.reading import EDGE_FILES, ENDINGS

SETTLED_SECONDS: Final = 60.0
"""A file that nobody has written to for so long is taken as it stands."""
TABLES: Final = tuple(layout.name for layout in LAYOUTS)
_HASHED_AT_ONCE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Standing:
    """A file as it stood when it was looked at. A settled one cannot have been written to without its time changing."""

    size: int
    mtime_ns: int
    settled: bool


class Folder:
    """The watched folder. `now` gives seconds since 1970."""

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        self.path = path
        self._now = now

    def names(self) -> list[str]:
        """All names in it, sorted. Raises SourceError when it is not there or cannot be read."""
        try:
            return sorted(os.listdir(self.path))  # noqa: PTH208 - names alone are wanted
        except OSError as error:
            raise SourceError(
                f"files: the folder {self.path} cannot be read: {error.strerror or error}",
                hint="check `files.folder`, and that this user may read it",
            ) from None

    def tables(self) -> list[Path]:
        """The files that are tables, in the order in which they are read: edges and runs first."""
        names = set(self.names())
        found: list[str] = [name for name in EDGE_FILES if name in names]
        found += [table + ending for table in TABLES for ending in ENDINGS if table + ending in names]
        return [self.path / name for name in found if (self.path / name).is_file()]

    def strangers(self) -> list[str]:
        """Names that are no table but look like one: an ending of tables, or the name of one."""
        known = {file.name for file in self.tables()}
        others = [name for name in self.names() if name not in known and not name.startswith(".")]
        return [
            name for name in others if name.endswith(ENDINGS) or name.partition(".")[0] in (*TABLES, "dependencies")
        ]

    def standing(self, file: Path) -> Standing:
        """Raises SourceError when the file is gone, or may not be looked at."""
        try:
            found = file.stat()
        except OSError as error:
            raise unreadable(file, error) from None
        return Standing(found.st_size, found.st_mtime_ns, found.st_mtime <= self._now() - SETTLED_SECONDS)


def opened(file: Path) -> BinaryIO:
    """The file for reading. Raises SourceError."""
    try:
        return file.open("rb")
    except OSError as error:
        raise unreadable(file, error) from None


def unreadable(file: Path, error: OSError) -> SourceError:
    return SourceError(
        f"{file}: cannot be read: {error.strerror or error}", hint="may this user read it, and was it moved just now?"
    )


def sha256_of(file: Path, size: int) -> str:
    """The hash of the first `size` bytes. Raises SourceError."""
    digest = hashlib.sha256()
    with opened(file) as stream:
        while size > 0 and (some := stream.read(min(size, _HASHED_AT_ONCE))):
            digest.update(some)
            size -= len(some)
    return digest.hexdigest()
