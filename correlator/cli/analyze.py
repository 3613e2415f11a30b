"""`correlator analyze`: verdicts for a folder of tables, without a store."""

from __future__ import annotations

from pathlib import Path

import click

from correlator.cli.listing import findings_text, rejected_lines
from correlator.cli.options import as_of_option, config_option, json_option, print_analysis, say
from correlator.cli.times import moment_of

EPILOG = "Example: correlator analyze history/ --as-of 2026-03-30T00:00:00Z --json"


@click.command(epilog=EPILOG)
@click.argument("folder", type=click.Path(path_type=Path))
@as_of_option
@json_option
@config_option
def analyze(folder: Path, as_of: str | None, *, as_json: bool, config: Path | None) -> None:
    """Judge every job in FOLDER that had a failed or timed-out attempt. Nothing is stored.

    FOLDER holds runs.csv (or .jsonl, .parquet) and, where there are any, dependencies.yaml, metrics, changes and
    incidents. The same folder and the same --as-of give the same bytes.
    """
    del config  # taken so that every command takes it; the answer depends on nothing but its arguments
    moment = moment_of("--as-of", as_of)
    from correlator.engine import analyze as analyze_tables
    from correlator.tables.reading import read_folder

    say(f"reading {folder}")
    tables = read_folder(folder)
    say(f"judging {len(tables.runs)} attempts, {len(tables.rejected)} rows set aside")
    for line in rejected_lines(tables.rejected):
        say(line)
    analysis = analyze_tables(tables, moment)
    if as_json:
        print_analysis(analysis)
    else:
        click.echo(findings_text(analysis.findings))
