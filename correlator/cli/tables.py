"""`correlator import` and `correlator export`: folders of tables into the store and out of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from correlator.cli.listing import rejected_lines
from correlator.cli.options import config_option, configured_store, json_option, print_json, say

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from correlator.store.facts import StoredCounts
    from correlator.tables.frames import Tables

_NAMES = ("runs", "metrics", "changes", "incidents")


@click.command("import", epilog="Example: correlator import history/ --source billing-platform")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--source", default="files", show_default=True, help="Name under which the rows are stored.")
@json_option
@config_option
def import_(folder: Path, source: str, *, as_json: bool, config: Path | None) -> None:
    """Read the tables of FOLDER into the store. Any of them will do: a dependencies.yaml alone says which job reads
    from which, where runs come from a source that does not know.

    A row that is stored already counts as repeated; one that cannot be used is set aside and listed with the reason.
    """
    from correlator.tables.reading import read_folder

    say(f"reading {folder}")
    tables = read_folder(folder, runs_required=False)
    engine = configured_store(config)
    counts = _store(engine, source, tables)
    engine.dispose()
    read = sum(len(getattr(tables, name)) for name in _NAMES) + len(tables.dependencies)
    read += tables.repeated + len(tables.rejected)
    if as_json:
        print_json(_document(read, counts, tables))
    else:
        click.echo(f"{read} rows read, {counts.repeated} repeated, {counts.set_aside} set aside")
        click.echo("stored: " + ", ".join(f"{number} {name}" for name, number in counts.stored.items()))
        click.echo("\n".join(rejected_lines(tables.rejected)), nl=bool(tables.rejected))


def _store(engine: Engine, source: str, tables: Tables) -> StoredCounts:
    from correlator.correlating.look import utc_now
    from correlator.ports import PullReport
    from correlator.store.frames import store_tables
    from correlator.store.sources import record_pull
    from correlator.text.times import moment

    now = utc_now()
    counts = store_tables(engine, source, tables, now)
    report = PullReport(source, 0, dict(counts.stored), counts.repeated, counts.set_aside)
    record_pull(engine, report, now, moment(counts.newest_event_at))
    return counts


def _document(read: int, counts: StoredCounts, tables: Tables) -> dict[str, object]:
    rows = [{"file": row.file, "line": row.line, "reason": row.reason} for row in tables.rejected]
    return {
        "read": read,
        "stored": dict(counts.stored),
        "repeated": counts.repeated,
        "rejected": {"count": len(rows), "rows": rows},
    }


@click.command(epilog="Example: correlator export history/")
@click.argument("folder", type=click.Path(path_type=Path))
@config_option
def export(folder: Path, config: Path | None) -> None:
    """Write what is stored to FOLDER as tables. The same store gives the same bytes."""
    from correlator.store.frames import read_window
    from correlator.tables.writing import write_folder

    engine = configured_store(config)
    tables = read_window(engine, None, None)
    engine.dispose()
    write_folder(tables, folder)
    parts = [f"{len(getattr(tables, name))} {name}" for name in _NAMES]
    say(f"{folder}: {', '.join(parts)}, {len(tables.dependencies)} dependencies")
