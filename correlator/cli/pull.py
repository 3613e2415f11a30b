"""`correlator pull`: one pull of every configured source, then exit."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from correlator.cli.options import config_option, no_source
from correlator.cli.times import moment_option
from correlator.errors import UsageError
from correlator.model import iso

if TYPE_CHECKING:
    from correlator.ports import Page, PullReport, PullWindow, Source

_TELL_SECONDS: Final = 5.0


@click.command(epilog="Example: correlator pull --source datadog --since 2026-03-01T00:00:00Z")
@config_option
@click.option("--source", "name", metavar="NAME", help="Only this source, e.g. datadog.")
@click.option(
    "--since",
    metavar="TIME",
    callback=moment_option,
    help="Read from here on again, instead of where the last pull ended.",
)
@click.option("--until", metavar="TIME", callback=moment_option, help="Read up to here, instead of to the present.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON document.")
def pull(
    config: Path | None, name: str | None, since: datetime | None, until: datetime | None, *, as_json: bool
) -> None:
    """Pull every configured source once, then exit.

    Goes on where the last pull ended, also where it was cut. Exit status 1 when a source could not be reached, refused
    the credentials, or could not be read to its end; what was read before is stored.
    """
    from connectors.registry import build_sources
    from correlator.logs import set_up_logs
    from correlator.settings import load_settings

    settings = load_settings(config)
    set_up_logs(settings)
    now = datetime.now(UTC)
    until = min(until or now, now)
    if since is not None and since >= until:
        raise UsageError(f"--since {since.isoformat()} is not before --until {until.isoformat()}")
    built = build_sources(settings)
    if not built:
        raise no_source(config)
    sources = _chosen(built, name)
    reports = _pull_all(sources, settings.database_url(), since, until)
    if as_json:
        click.echo(json.dumps({"sources": [asdict(report) for report in reports]}, indent=1, default=iso))
    if any(report.error for report in reports):
        raise SystemExit(1)


def _chosen(sources: Sequence[Source], name: str | None) -> Sequence[Source]:
    names = [source.name for source in sources]
    if name is not None and name not in names:
        raise UsageError(f"there is no configured source {name!r}", hint=f"configured: {', '.join(names)}")
    return [source for source in sources if name in (None, source.name)]


def _pull_all(sources: Sequence[Source], database: str, since: datetime | None, until: datetime) -> list[PullReport]:
    from correlator.ports import PullWindow
    from correlator.pulling.pull import pull_source
    from correlator.store.database import open_store

    engine = open_store(database)
    reports = []
    try:
        for source in sources:
            click.echo(f"{source.name}: pulling {', '.join(source.streams)} …", err=True)
            report = pull_source(engine, _Told(source), PullWindow(until=until, since=since), datetime.now(UTC))
            click.echo(f"{source.name}: {_said(report)}", err=True)
            reports.append(report)
    finally:
        engine.dispose()
    return reports


class _Told:
    """A source that says on standard error how far it has come, every few seconds."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.name, self.streams = source.name, source.streams

    def pages(self, stream: str, position: dict[str, Any] | None, window: PullWindow) -> Iterator[Page]:
        count, told_at = 0, time.monotonic()
        for page in self._source.pages(stream, position, window):
            count += len(page.facts)
            if time.monotonic() - told_at > _TELL_SECONDS:
                told_at = time.monotonic()
                click.echo(f"{self.name}: {count} {stream.replace('_', ' ')} so far …", err=True)
            yield page


def _said(report: PullReport) -> str:
    """`312 runs, 4 incidents stored, 12 repeated, 1 set aside, 30 requests`; what is missing, and the error, if any."""
    kinds = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in report.stored.items() if count)
    parts = [f"{kinds or 'nothing new'} stored", f"{report.repeated} repeated", f"{report.set_aside} set aside"]
    words = "\n".join(
        [f"{', '.join(parts)}, {report.requests} requests", *(f"notice: {text}" for text in report.notices)]
    )
    if report.error is None:
        return words
    return f"{words}\nerror: {report.error}" + (f"\nhint: {report.hint}" if report.hint else "")
