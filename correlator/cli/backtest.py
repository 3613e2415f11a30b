"""`correlator backtest`: history replayed as it became known, tick by tick."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from correlator.cli.listing import table_text
from correlator.cli.options import config_option, json_option, print_json, say
from correlator.cli.times import moment_of
from correlator.errors import UsageError
from correlator.model import iso
from correlator.text.lengths import interval

if TYPE_CHECKING:
    from correlator.backtesting.backtest import Backtest
    from correlator.backtesting.record import Record
    from correlator.tables.frames import Tables

EPILOG = "Example: correlator backtest history/ --every 1h --from 2026-03-10T00:00:00Z"


@click.command(epilog=EPILOG)
@click.argument("source", metavar="FOLDER|store")
@click.option("--every", default="5m", show_default=True, metavar="LENGTH", help="Time between looks: 30s, 5m, 6h, 1d.")
@click.option("--looks", type=click.IntRange(min=1), help="Instead: so many looks, evenly over each tenant's history.")
@click.option("--from", "since", metavar="TIME", help="First moment to replay; the first attempt where not given.")
@click.option("--to", "until", metavar="TIME", help="Last look; the latest time in the tables where not given.")
@click.option(
    "--truth", type=click.Path(path_type=Path, dir_okay=False), help="truth.json; FOLDER's own if it has one."
)
@click.option("--as-happened", is_flag=True, help="Store: take facts as known when they happened, not when stored.")
@json_option
@config_option
def backtest(
    source: str,
    every: str,
    looks: int | None,
    since: str | None,
    until: str | None,
    truth: Path | None,
    *,
    as_happened: bool,
    as_json: bool,
    config: Path | None,
) -> None:
    """Replay FOLDER, or the word `store`, and tell when each finding would have been raised.

    At each look only what was known by then counts. Told for each job: the first systemic call, how often it was taken
    back, and what is said at the end; with a truth.json also false accusations and how long the right call took. A
    look at a tenant about which nothing new became known is not made again: its answer cannot differ.
    """
    window = moment_of("--from", since), moment_of("--to", until)
    if source == "store":
        done, tables = _store(config, every, looks, window, as_happened=as_happened)
    else:
        done, tables = _folder(Path(source), every, looks, window)
        truth = truth or next((file for file in [Path(source) / "truth.json"] if file.exists()), None)
    if truth is not None:
        from correlator.backtesting.backtest import judge_all
        from correlator.backtesting.truth import read_truth

        judge_all(done, read_truth(truth), tables)
    say(f"{done.ticks} looks, {done.decided} decisions of a tenant")
    _print(done, as_json=as_json)


_Window = tuple[datetime | None, datetime | None]


def _folder(folder: Path, every: str, looks: int | None, window: _Window) -> tuple[Backtest, Tables]:
    from correlator.tables.reading import read_folder

    say(f"reading {folder}")
    tables = read_folder(folder)
    return _tables(tables, every, looks, window), tables


def _tables(tables: Tables, every: str, looks: int | None, window: _Window) -> Backtest:
    from correlator.backtesting import schedule
    from correlator.backtesting.backtest import backtest_tables
    from correlator.tables.frames import from_micros
    from correlator.tables.latest import latest_time

    if not len(tables.runs):
        raise UsageError("there are no runs to replay", hint="`correlator import FOLDER` or `correlator pull` first")
    start = window[0] or from_micros(int(tables.runs["started_at"].min()))
    end = window[1] or from_micros(latest_time(tables))
    if looks is None:
        return backtest_tables(tables, schedule.every(interval(every), start, end), start, end)
    ticks = schedule.evenly(looks, schedule.windows(tables, start, end))
    return backtest_tables(tables, ticks, start, end)


def _store(
    config: Path | None, every: str, looks: int | None, window: _Window, *, as_happened: bool
) -> tuple[Backtest, Tables]:
    from correlator.backtesting import schedule
    from correlator.backtesting.backtest import backtest_store
    from correlator.settings import load_settings
    from correlator.store.database import open_store
    from correlator.store.frames import read_window

    settings = load_settings(config)
    engine = open_store(settings.database_url())
    try:
        tables = read_window(engine, None, None)
        if as_happened:
            return _tables(tables, every, looks, window), tables
        start, end = known_window(tables, window)
        step = interval(every) if looks is None else (end - start) / looks
        ticks = schedule.every(step, start, end)
        return backtest_store(engine, timedelta(days=settings["analysis.window_days"]), ticks, start, end), tables
    finally:
        engine.dispose()


def known_window(tables: Tables, window: _Window) -> tuple[datetime, datetime]:
    """From the first fact stored to the last one, where not given."""
    from correlator.tables.frames import from_micros

    if not len(tables.runs):
        raise UsageError("nothing is stored to replay", hint="`correlator import FOLDER` or `correlator pull` first")
    known = tables.runs["known_at"]
    start, end = window[0] or from_micros(int(known.min()) - 1), window[1] or from_micros(int(known.max()))
    return start, end


def _print(done: Backtest, *, as_json: bool) -> None:
    from correlator.backtesting.report import document

    if as_json:
        print_json(document(done))
        return
    head = ["TENANT", "JOB", "FIRST RAISED", "AS", "AFTER FAILURES", "TAKEN BACK", "AT THE END", "TRUTH"]
    click.echo(table_text(head, [_row(record, done) for _, record in sorted(done.records.items())]))
    for name, value in document(done)["summary"].items():
        click.echo(f"{name.replace('_', ' ')}: {value}", err=True)


def _row(record: Record, done: Backtest) -> list[str]:
    raised, last = record.raised, record.last
    judged = done.judged.get((record.tenant, record.job))
    return [
        record.tenant or "-",
        record.job,
        iso(raised.at.replace(microsecond=0)) if raised else "never",
        f"{raised.cause.value} {raised.root_job or ''}".strip() if raised else "-",
        str(raised.failed_first) if raised else "-",
        str(record.withdrawn),
        f"{last.verdict.value} {last.cause.value if raised else ''}".strip() if last else "-",
        f"{judged.case.mechanism}: {judged.final.value}" if judged else "-",
    ]
