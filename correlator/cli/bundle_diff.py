"""`correlator bundle diff`: what changed between two bundles."""

from __future__ import annotations

from pathlib import Path

import click

from correlator.cli.options import config_option, json_option, print_json


@click.command(
    short_help="List what changed from one bundle to another.",
    epilog="Example: correlator bundle diff monday.zip friday.zip",
)
@click.argument("first", type=click.Path(path_type=Path))
@click.argument("second", type=click.Path(path_type=Path))
@json_option
@config_option
def diff(first: Path, second: Path, *, as_json: bool, config: Path | None) -> None:
    """Say what changed from one bundle to another: verdict, runs attributed to the cause, facts, sources.

    Both are checked for being intact; `correlator bundle verify` says whether a verdict follows.
    """
    from correlator.evidence.comparing import compare_bundles

    comparison = compare_bundles(first, second)
    if as_json:
        print_json(comparison.to_dict())
        return
    for change in comparison.changes:
        click.echo(str(change))
    if not comparison.changes:
        click.echo("nothing changed")
