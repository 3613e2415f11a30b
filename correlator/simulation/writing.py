"""A told story as a folder in the tables contract, with `truth.json` beside it."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from correlator.errors import InputError
from correlator.model import Attempt, Change, Incident, MetricPoint, iso
from correlator.simulation.history import History
from correlator.simulation.story import Told

LEFT_OUT: Final = {"tags", "url"}
"""Fields that the tables contract has no column for."""
NAMED: Final = {"incidents": {"status"}}


def write_told(told: Told, folder: Path) -> None:
    """Write the five tables and the truth. Raises InputError when the folder cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_history(told.history, folder)
        (folder / "truth.json").write_text(json.dumps(told.truth, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{folder}: cannot be written: {error}", hint="give another folder with --out") from error


def write_history(history: History, folder: Path) -> None:
    """The same history gives the same bytes."""
    _write_table(folder / "runs.csv", Attempt, history.attempts)
    _write_table(folder / "metrics.csv", MetricPoint, history.metrics)
    _write_table(folder / "changes.csv", Change, history.changes)
    _write_table(folder / "incidents.csv", Incident, history.incidents)
    lines = [f"  - {{upstream: {edge.upstream}, downstream: {edge.downstream}}}" for edge in history.dependencies]
    text = "\n".join(["dependencies:", *lines]) if lines else "dependencies: []"
    (folder / "dependencies.yaml").write_text(text + "\n", encoding="utf-8")


def _write_table(file: Path, kind: type[Any], rows: Iterable[Any]) -> None:
    left_out = LEFT_OUT | NAMED.get(file.stem, set())
    names = [item.name for item in fields(kind) if item.name not in left_out]
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([_cell(getattr(row, name)) for name in names] for row in rows)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return iso(value) if isinstance(value, datetime) else str(value)
