"""A watched folder as a source: one stream, `tables`, with a state of its own for every file.

A file that did not change is not opened. JSON Lines that grew are read from where they ended; any other file that
changed is read as a whole: what it says again is a repetition, what it says otherwise a revision.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

from connectors.files.client import Folder, Standing
from connectors.files.reading import Part, parts_of
from correlator.errors import InputError, SettingsError, SourceError
from correlator.model import iso
from correlator.ports import Page, PullWindow
from correlator.settings import Settings

FACTS_A_PAGE: Final = 5000
State = dict[str, Any]


class FilesSource:
    """Implements `ports.Source`. The position is `{"watermark", "files": {name: state}}`; a state holds `size`,
    `mtime_ns` and `settled` beside what the reader of such a file keeps."""

    name = "files"
    streams: tuple[str, ...] = ("tables",)

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def pages(self, stream: str, position: dict[str, Any] | None, window: PullWindow) -> Iterator[Page]:
        """What is new in the folder; all that is in it where `window.since` is given.

        Raises SourceError when the folder or one of its files cannot be read; the other files are read all the same.
        """
        if stream != "tables":
            raise SourceError(f"files has no stream `{stream}`", permanent=True)
        position = dict(position or {})
        states: dict[str, State] = {} if window.since else dict(position.get("files", {}))
        files = self._folder.tables()
        errors = _twice(files)
        for file in {file.stem: file for file in reversed(files)}.values():
            try:
                for page in self._file(file, states):
                    yield Page("tables", position=position | {"files": dict(states)}, **page)
            except SourceError as error:
                errors.append(error)
        reached = {"watermark": iso(window.until), "files": states}
        yield Page("tables", (), reached, requests=0, done=not errors, notices=_notices(files, states))
        errors += [] if files else [_nothing(self._folder.path)]
        if errors:
            raise _joined(errors)

    def _file(self, file: Path, states: dict[str, State]) -> Iterator[dict[str, Any]]:
        """The pages of one file; `states` moves on with the last page of each part."""
        before = states.get(file.name, {})
        standing = self._folder.standing(file)
        if before.get("settled") and (before["size"], before["mtime_ns"]) == (standing.size, standing.mtime_ns):
            return
        for part in _checked(file, before, standing):
            facts = iter(part.facts)
            size = None if part.lists_all_edges else FACTS_A_PAGE
            page = tuple(islice(facts, size))
            while following := tuple(islice(facts, size)):
                yield {"facts": page, "requests": 0}
                page = following
            states[file.name] = part.state | _looks(standing)
            edges = part.lists_all_edges
            yield {"facts": page, "requests": 0, "set_aside": part.set_aside, "lists_all_edges": edges}


def _twice(files: list[Path]) -> list[SourceError]:
    """Of two files for the same table the first is read, and the other one is an error."""
    first: dict[str, Path] = {}
    others = [file for file in files if first.setdefault(file.stem, file) is not file]
    hint = "keep one of the two files"
    return [
        SourceError(f"{file}: {first[file.stem].name} gives the same table", hint=hint, permanent=True)
        for file in others
    ]


def _checked(file: Path, before: State, standing: Standing) -> Iterator[Part]:
    """The parts of a file. That it is no table is an error, unless somebody may still be writing it."""
    try:
        yield from parts_of(file, before, standing)
    except InputError as error:
        if standing.settled:
            raise SourceError(error.message, hint=error.hint or f"put {file.name} right", permanent=True) from error


def _looks(standing: Standing) -> State:
    return {"size": standing.size, "mtime_ns": standing.mtime_ns, "settled": standing.settled}


def _notices(files: list[Path], states: dict[str, State]) -> tuple[str, ...]:
    gone = sorted(states.keys() - {file.name for file in files})
    return tuple(f"{name} is not in the folder any more; what it gave is kept" for name in gone)


def _nothing(folder: Path) -> SourceError:
    return SourceError(
        f"files: there is no table in {folder}",
        hint="runs.csv, runs.jsonl or runs.parquet at least; see docs/tables.md",
    )


def _joined(errors: list[SourceError]) -> SourceError:
    """All errors as one; it needs a person when one of them does."""
    message = "; ".join(error.message for error in errors)
    return SourceError(message, hint=errors[0].hint, permanent=any(error.permanent for error in errors))


def build_folder(settings: Settings) -> Folder:
    """The folder as configured. Raises SettingsError when none is."""
    path = settings["files.folder"]
    if not path:
        raise SettingsError("files.folder is not set", hint="set it to the folder that holds runs.csv")
    return Folder(Path(path))


def build(settings: Settings) -> FilesSource:
    """The source as configured. Raises SettingsError."""
    return FilesSource(build_folder(settings))
