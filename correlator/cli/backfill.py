"""`correlator backfill`: read a long stretch of a source's past."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from correlator.cli.options import config_option, json_option
from correlator.cli.times import ago_option, moment_option
from correlator.errors import UsageError

if TYPE_CHECKING:
    from correlator.pulling.backfill import Ask, BackfillReport
    from correlator.settings import Settings

ATTEMPTS: Final = 8
LONGEST_WAIT_SECONDS: Final = 2 * 3600.0
"""Longer than any vendor's rate limit lasts: nobody waits for a backfill as for a page."""


@click.command(epilog="Example: correlator backfill datadog --since 90d")
@click.argument("source", metavar="SOURCE")
@click.option(
    "--since",
    required=True,
    metavar="TIME|LENGTH",
    callback=ago_option,
    help="Where to begin: a time, or how long ago (90d, 12h).",
)
@click.option("--until", metavar="TIME", callback=moment_option, help="Read up to here, instead of to the present.")
@click.option("--stream", "chosen", multiple=True, metavar="NAME", help="Only this stream, e.g. runs; may be repeated.")
@click.option("--anew", is_flag=True, help="Read again what earlier backfills have read.")
@json_option
@config_option
def backfill(
    source: str,
    since: datetime,
    until: datetime | None,
    chosen: tuple[str, ...],
    *,
    anew: bool,
    as_json: bool,
    config: Path | None,
) -> None:
    """Read a long stretch of SOURCE's past, beside the pulls that follow the present.

    Waits out rate limits, however long. Ctrl-C or SIGTERM stop it after the page at hand; the same call goes on from
    there, also after a kill or an error. What a backfill has read is not asked for again. Exit status 1 when a stream
    could not be read to its end, 130 when it was stopped.
    """
    from correlator.logs import set_up_logs
    from correlator.pulling.backfill import Ask
    from correlator.settings import load_settings

    settings = load_settings(config)
    set_up_logs(settings)
    now = datetime.now(UTC)
    until = min(until or now, now)
    if since >= until:
        raise UsageError(f"--since {since.isoformat()} is not before --until {until.isoformat()}")
    report = _run(settings, source, Ask(since, until, chosen, anew))
    if as_json:
        click.echo(json.dumps(_document(report), indent=1))
    if report.stopped:
        click.echo("stopped; the same command goes on from here", err=True)
        raise SystemExit(130)
    if report.errors:
        raise SystemExit(1)


def _run(settings: Settings, name: str, ask: Ask) -> BackfillReport:
    from dataclasses import replace

    from connectors.registry import build_source
    from connectors.retries import Patience
    from connectors.windows import reached
    from correlator.cli.progress import Progress, stop_on_signals
    from correlator.pulling.backfill import backfill as read_past
    from correlator.store.database import open_store

    with stop_on_signals() as stopping:
        progress = Progress(stopping, lambda page: reached(page.position))
        patience = Patience(ATTEMPTS, LONGEST_WAIT_SECONDS, float("inf"), sleep=progress.waiting)
        source = build_source(name, settings, patience)
        ask = replace(ask, streams=_streams(source.streams, ask.streams))
        engine = open_store(settings.database_url())
        try:
            report = read_past(engine, source, ask, progress)
        finally:
            engine.dispose()
    _say(report)
    return report


def _streams(known: tuple[str, ...], chosen: tuple[str, ...]) -> tuple[str, ...]:
    if unknown := sorted(set(chosen) - set(known)):
        raise UsageError(f"there is no stream {unknown[0]!r}", hint=f"one of: {', '.join(known)}")
    return chosen or known


def _say(report: BackfillReport) -> None:
    counts = report.counts
    kinds = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in counts.stored.items() if count)
    words = f"{kinds or 'nothing new'} stored, {counts.repeated} repeated, {counts.set_aside} set aside"
    click.echo(f"{report.source}: {words}, {report.requests} requests", err=True)
    for stream in report.already_read:
        click.echo(f"{stream}: read before; --anew reads it again", err=True)
    for stream, error in report.errors.items():
        click.echo(f"error: {stream}: {error.message}", err=True)
        click.echo(f"hint: {error.hint or 'the same command goes on from there'}", err=True)


def _document(report: BackfillReport) -> dict[str, Any]:
    counts = report.counts
    return {
        "source": report.source,
        "stored": dict(counts.stored),
        "repeated": counts.repeated,
        "set_aside": counts.set_aside,
        "requests": report.requests,
        "already_read": list(report.already_read),
        "stopped": report.stopped,
        "errors": {
            stream: {"error": error.message, "hint": error.hint, "permanent": error.permanent}
            for stream, error in report.errors.items()
        },
    }
