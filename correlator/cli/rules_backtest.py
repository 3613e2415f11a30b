"""`correlator rules backtest RULE`: what a rule would have said, looked at as it was known then."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from correlator.cli.listing import table_text
from correlator.cli.options import config_option, json_option, print_json, say
from correlator.cli.rules_shared import configured_rules, rule_named, rules_option
from correlator.cli.times import moment_of
from correlator.errors import UsageError
from correlator.model import iso
from correlator.settings import Settings, load_settings
from correlator.text.lengths import interval

if TYPE_CHECKING:
    from correlator.backtesting.firings import Firing, RuleBacktest
    from rules import RuleSet

_Window = tuple[datetime | None, datetime | None]


@click.command(
    short_help="When a rule would have fired, and how often wrongly.",
    epilog="Example: correlator rules backtest partner-rate-limit --from 2026-03-01T00:00:00Z --every 1h",
)
@click.argument("rule_id", metavar="RULE")
@click.option("--folder", type=click.Path(path_type=Path), help="Tables to replay; without it the store.")
@rules_option
@click.option("--every", default="1h", show_default=True, metavar="LENGTH", help="Time between looks: 5m, 6h, 1d.")
@click.option("--from", "since", metavar="TIME", help="First moment to replay; all there is where not given.")
@click.option("--to", "until", metavar="TIME", help="Last look; all there is where not given.")
@json_option
@config_option
def backtest(
    rule_id: str,
    folder: Path | None,
    own: Path | None,
    every: str,
    since: str | None,
    until: str | None,
    *,
    as_json: bool,
    config: Path | None,
) -> None:
    """When RULE would have spoken, about which job, and how often that would have been noise.

    At each look only what was known by then counts, and the first rule that holds speaks, as it would have then. Noise:
    said to be systemic, and then transient or withdrawn.
    """
    settings = load_settings(config)
    rules = configured_rules(settings, own)
    rule_named(rules, rule_id)
    window = moment_of("--from", since), moment_of("--to", until)
    done = _folder(folder, rules, every, window) if folder else _store(settings, rules, every, window)
    if as_json:
        print_json(done.to_dict(rule_id))
        return
    _show(done, rule_id)


def _folder(folder: Path, rules: RuleSet, every: str, window: _Window) -> RuleBacktest:
    from correlator.backtesting import schedule
    from correlator.backtesting.firings import firings_in_tables
    from correlator.tables.frames import from_micros
    from correlator.tables.latest import latest_time
    from correlator.tables.reading import read_folder

    tables = read_folder(folder)
    if not len(tables.runs):
        raise UsageError(f"{folder}: there are no runs to replay", hint="name a folder with a runs table")
    start = window[0] or from_micros(int(tables.runs["started_at"].min()))
    end = window[1] or from_micros(latest_time(tables))
    return firings_in_tables(tables, rules, schedule.every(interval(every), start, end), start, end)


def _store(settings: Settings, rules: RuleSet, every: str, window: _Window) -> RuleBacktest:
    from correlator.backtesting import schedule
    from correlator.backtesting.firings import firings_in_store
    from correlator.cli.backtest import known_window
    from correlator.store.database import open_store
    from correlator.store.frames import read_window

    engine = open_store(settings.database_url())
    try:
        start, end = known_window(read_window(engine, None, None), window)
        length = timedelta(days=settings["analysis.window_days"])
        return firings_in_store(engine, length, rules, schedule.every(interval(every), start, end), start, end)
    finally:
        engine.dispose()


def _show(done: RuleBacktest, rule_id: str) -> None:
    found = done.of(rule_id)
    header = ["TENANT", "JOB", "HELD FROM", "SAID AT", "UNTIL", "FAILURES", "WHAT BECAME OF IT"]
    if found:
        click.echo(table_text(header, [_row(firing) for firing in found]))
    summary = done.to_dict(rule_id)
    say(
        f"{done.looks} looks at {done.jobs} jobs: `{rule_id}` held {summary['held']} times, "
        f"was said {summary['said']} times, {summary['noise']} of them noise"
    )


def _row(firing: Firing) -> list[str]:
    became = f"{firing.outcome.value}: {firing.then}" if firing.then else firing.outcome.value
    return [
        firing.tenant or "-",
        firing.job,
        iso(firing.held_from.replace(microsecond=0)),
        iso(firing.said_at.replace(microsecond=0)) if firing.said_at else "never",
        iso(firing.until.replace(microsecond=0)) if firing.until else "-",
        str(firing.failures),
        f"{became} (noise)" if firing.noise else became,
    ]
