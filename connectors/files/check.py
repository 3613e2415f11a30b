"""Whether the folder can be read, which files in it are tables, and which only look like one."""

from __future__ import annotations

from pathlib import Path

from connectors.files.client import Folder, opened
from connectors.files.reading import parts_of
from connectors.files.source import build_folder
from connectors.probing import probe
from correlator.errors import InputError, SourceError
from correlator.ports import Found, Probe
from correlator.settings import Settings
from correlator.text.quantities import plural


def check(settings: Settings) -> list[Probe]:
    """Probes of the folder and of each table in it. Raises SettingsError when no folder is configured."""
    folder = build_folder(settings)
    readable = probe("folder", lambda: _folder(folder), without="nothing is read")
    if readable.found is not Found.OK:
        return [readable]
    tables = [_table(folder, file) for file in folder.tables()]
    return [readable, *_runs(folder), *tables, *(_stranger(name) for name in folder.strangers())]


def _folder(folder: Folder) -> str:
    names = folder.names()
    return f"{folder.path} holds {plural(len(names), 'file')}"


def _runs(folder: Folder) -> list[Probe]:
    """Nothing can be decided without runs; where there is another table they may come from another source."""
    tables = folder.tables()
    if any(file.stem == "runs" for file in tables):
        return []
    return [
        Probe(
            "runs",
            Found.MISSING,
            said="there is no table of runs",
            without="no verdicts, unless another source gives runs",
            hint="runs.csv, runs.jsonl or runs.parquet; see docs/tables.md",
            needed=not tables,
        )
    ]


def _table(folder: Folder, file: Path) -> Probe:
    """Each table is read once, as a pull would read it for the first time."""

    def ask() -> str:
        standing = folder.standing(file)
        opened(file).close()
        rows = aside = 0
        try:
            for part in parts_of(file, {}, standing):
                rows += sum(1 for _ in part.facts)
                aside += len(part.set_aside)
        except InputError as error:
            raise SourceError(error.message, hint=error.hint, permanent=standing.settled) from error
        return plural(rows, "row") + (f", {aside} to be set aside" if aside else "")

    return probe(file.name, ask, without=f"no {file.stem}")


def _stranger(name: str) -> Probe:
    return Probe(
        name,
        Found.MISSING,
        said="it is not read: no table has this name",
        without="what is in it",
        hint="the names are runs, metrics, changes, incidents (.csv, .jsonl, .parquet) and dependencies.yaml",
        needed=False,
    )
