"""`correlator simulate`: a story as a folder of tables, with the truth beside it."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click

from correlator.cli.options import config_option
from correlator.cli.times import moment_of
from correlator.errors import UsageError

EPILOG = "Example: correlator simulate customer-data-platform --seed 7 --out demo-data/story"


@click.command(epilog=EPILOG)
@click.argument("story", required=False)
@click.option("--seed", type=int, default=1, show_default=True, help="Same seed, same bytes.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder to write to.")
@click.option("--days", type=click.IntRange(min=1), help="Length of the history; the story's own where not given.")
@click.option("--from", "start", metavar="TIME", help="When the history starts, ISO 8601 with an offset.")
@click.option("--until", metavar="TIME", help="When the history ends, or `now`. Only what is known by then is written.")
@click.option("--list", "listed", is_flag=True, help="List the stories.")
@click.option("--json", "as_json", is_flag=True, help="Print the truth (or the list) as JSON.")
@config_option
def simulate(
    story: str | None,
    seed: int,
    out: Path | None,
    days: int | None,
    start: str | None,
    until: str | None,
    *,
    listed: bool,
    as_json: bool,
    config: Path | None,
) -> None:
    """Write the history of STORY as tables, and what really happened as truth.json beside them.

    Stories are deterministic: the same name, seed and start give the same history up to any end.
    """
    del config  # taken so that every command takes it; a story depends on nothing but its arguments
    if listed:
        _print_list(as_json)
        return
    if story is None or out is None:
        raise UsageError("a story and --out FOLDER are needed", hint="`correlator simulate --list` names the stories")
    from correlator.simulation.stories import write_story

    told = write_story(story, seed, out, _until(until), start=moment_of("--from", start), days=days)
    if as_json:
        click.echo(json.dumps(told.truth, indent=1))
    history = told.history
    counts = {"attempts": history.attempts, "metric points": history.metrics, "changes": history.changes}
    parts = [f"{len(rows)} {name}" for name, rows in {**counts, "incidents": history.incidents}.items()]
    click.echo(f"{out}: {', '.join(parts)}; the truth is in {out / 'truth.json'}", err=True)


def _print_list(as_json: bool) -> None:
    from correlator.simulation.stories import STORIES

    if as_json:
        rows = [{"name": item.name, "summary": item.summary, "days": item.days} for item in STORIES.values()]
        click.echo(json.dumps(rows, indent=1))
        return
    width = max(map(len, STORIES))
    for item in STORIES.values():
        click.echo(f"{item.name:{width}}  {item.summary}")


def _until(text: str | None) -> datetime | None:
    from correlator.simulation.clock import now

    return now() if text == "now" else moment_of("--until", text)
