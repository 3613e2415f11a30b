"""A folder in the tables contract, read into typed frames. Nothing that cannot be read disappears silently."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from correlator.errors import InputError
from correlator.model import Rejected
from correlator.tables.checking import Checked, check_table, empty_frame
from correlator.tables.csv_file import read_csv
from correlator.tables.edges import Edges, read_edges
from correlator.tables.frames import Tables
from correlator.tables.jsonl_file import read_jsonl
from correlator.tables.layout import LAYOUTS, Layout
from correlator.tables.parquet_file import read_parquet

ENDINGS: Final = (".csv", ".jsonl", ".parquet")
EDGE_FILES: Final = ("dependencies.yaml", "dependencies.yml")
NAMES: Final = (*(layout.name + ending for layout in LAYOUTS for ending in ENDINGS), *EDGE_FILES)


def read_folder(folder: Path, *, runs_required: bool = True, circles_allowed: bool = False) -> Tables:
    """Read the tables of a folder; only `runs` must be there, and not even they where `runs_required` is False: then
    any one table will do, a list of dependencies too.

    Edges on a circle are set aside unless `circles_allowed` (services may call each other; jobs may not wait so).

    Rows that cannot be used are in `rejected`, with file, line and reason. Raises InputError for a folder without
    runs (or without any table) and for a table that cannot be read at all; the message names the file, and the line
    where there is one.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: not a folder", hint="give a folder that holds at least runs.csv")
    if not runs_required and not any((folder / name).exists() for name in NAMES):
        raise InputError(f"{folder}: no table in it", hint="the names of tables stand in docs/tables.md")
    checked = {layout.name: _table(folder, layout, runs_required) for layout in LAYOUTS}
    edges = _edges(folder, circles_allowed)
    rejected: list[Rejected] = [row for table in checked.values() for row in table.rejected]
    return Tables(
        runs=checked["runs"].frame,
        metrics=checked["metrics"].frame,
        changes=checked["changes"].frame,
        incidents=checked["incidents"].frame,
        dependencies=edges.dependencies,
        rejected=(*rejected, *edges.rejected),
        repeated=sum(table.repeated for table in checked.values()) + edges.repeated,
        lists_all_edges=_only(folder, EDGE_FILES) is not None,
    )


def _table(folder: Path, layout: Layout, runs_required: bool) -> Checked:
    file = _only(folder, tuple(layout.name + ending for ending in ENDINGS))
    if file is None:
        if layout.name == "runs" and runs_required:
            raise InputError(
                f"{folder}: no table of runs in it", hint="it must hold runs.csv, runs.jsonl or runs.parquet"
            )
        return Checked(empty_frame(layout), (), 0)
    if file.suffix == ".csv":
        return check_table(read_csv(file), layout)
    return check_table(read_jsonl(file, layout) if file.suffix == ".jsonl" else read_parquet(file, layout), layout)


def _edges(folder: Path, circles_allowed: bool) -> Edges:
    for ending in ENDINGS:
        if (file := folder / f"dependencies{ending}").exists():
            raise InputError(f"{file}: dependencies are read from dependencies.yaml", hint="see docs/tables.md")
    file_ = _only(folder, EDGE_FILES)
    return read_edges(file_, circles_allowed=circles_allowed) if file_ else Edges()


def _only(folder: Path, names: tuple[str, ...]) -> Path | None:
    found = [folder / name for name in names if (folder / name).exists()]
    if len(found) > 1:
        raise InputError(f"{found[1]}: {found[0].name} gives the same table", hint="keep one of the two files")
    return found[0] if found else None
