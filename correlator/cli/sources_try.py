"""`correlator sources try`: what a source's items would become, before anything is stored."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from correlator.cli.options import config_option, json_option, print_json
from correlator.cli.times import moment_or_ago
from correlator.errors import SettingsError, UsageError
from correlator.model import Attempt, iso

if TYPE_CHECKING:
    from correlator.ports import Fact, Source
    from correlator.pulling.trial import StreamTrial, Trial
    from correlator.settings import Settings

_LENGTHS: Final = {"m": "minutes", "h": "hours", "d": "days"}
_JOBS: Final = 20


@click.command(
    "try",
    short_help="Show what the latest items of a source become.",
    epilog="Example: correlator sources try datadog --since 1h",
)
@click.argument("kind")
@config_option
@click.option("--since", default="1h", show_default=True, metavar="TIME", help="How far back: 30m, 1h, 2d, or a time.")
@json_option
def try_command(kind: str, config: Path | None, since: str, *, as_json: bool) -> None:
    """Read the latest items of the source KIND and show what they become: ten rows of each stream, what could not be
    mapped and why, and how many attempts of each job carry their number.

    Nothing is stored, and where the next pull begins does not change. Exit status 1 when a stream could not be read.
    """
    from correlator.ports import PullWindow
    from correlator.pulling.trial import try_source
    from correlator.settings import load_settings

    settings = load_settings(config)
    until = datetime.now(UTC)
    begin = moment_or_ago("--since", since, until)
    if begin >= until:
        raise UsageError(f"--since {since} does not lie in the past", hint="for example --since 1h")
    trial = try_source(_source(kind, settings), PullWindow(until=until, since=begin))
    if as_json:
        print_json(_document(trial))
    else:
        click.echo("\n".join(_lines(trial)))
    if any(stream.error for stream in trial.streams):
        raise SystemExit(1)


def _source(kind: str, settings: Settings) -> Source:
    from connectors.registry import build_sources

    sources = {source.name: source for source in build_sources(settings)}
    if kind not in sources:
        raise SettingsError(
            f"{kind} is not enabled, or is no source",
            hint=f"enabled: {', '.join(sources) or 'none'}; set {kind}.enabled",
        )
    return sources[kind]


def _document(trial: Trial) -> dict[str, Any]:
    return {
        "source": trial.source,
        "streams": [_stream_document(stream) for stream in trial.streams],
        "coverage": [asdict(row) | {"numbered_share": round(row.numbered_share, 4)} for row in trial.coverage],
        "jobs_in_several_streams": [
            {"tenant": tenant, "job": job, "streams": list(streams)} for tenant, job, streams in trial.shared_jobs
        ],
    }


def _stream_document(stream: StreamTrial) -> dict[str, Any]:
    return {
        "stream": stream.stream,
        "facts": stream.facts,
        "requests": stream.requests,
        "there_is_more": stream.cut,
        "rows": [{"kind": type(row).__name__} | _plain(row) for row in stream.rows],
        "set_aside": [
            {"reason": one.reason, "count": one.count, "example": one.example.payload} for one in stream.reasons
        ],
        "error": stream.error or None,
        "hint": stream.hint or None,
    }


def _plain(row: Fact) -> dict[str, Any]:
    return {name: iso(value) if isinstance(value, datetime) else value for name, value in asdict(row).items()}


def _lines(trial: Trial) -> list[str]:
    lines = [line for stream in trial.streams for line in _stream_lines(stream)]
    if trial.coverage:
        lines += ["attempts by job, those with the fewest numbered ones first:"]
        lines += [
            f"  {_named(row.tenant, row.job)}: {row.attempts} attempts, {row.numbered_share:.0%} with a number, "
            f"{row.firsts} first ones, {row.running} without an end"
            for row in trial.coverage[:_JOBS]
        ]
        lines += [f"  … and {len(trial.coverage) - _JOBS} more jobs"] if len(trial.coverage) > _JOBS else []
    for tenant, job, streams in trial.shared_jobs[:_JOBS]:
        lines.append(
            f"{_named(tenant, job)} comes from {' and '.join(streams)}: its runs would count twice; "
            "narrow one of the queries"
        )
    return lines


def _stream_lines(stream: StreamTrial) -> list[str]:
    more = ", and there is more" if stream.cut else ""
    lines = [f"{stream.stream}: {stream.facts} mapped, {stream.set_aside} set aside, {stream.requests} requests{more}"]
    lines += [f"  {_said(row)}" for row in stream.rows]
    lines += [f"  set aside: {one.count} × {one.reason} (e.g. {one.example.item_id})" for one in stream.reasons[:10]]
    lines += [f"  error: {stream.error}"] if stream.error else []
    lines += [f"  hint: {stream.hint}"] if stream.hint else []
    return lines


def _said(row: Fact) -> str:
    if not isinstance(row, Attempt):
        values = ", ".join(f"{name} {value}" for name, value in _plain(row).items() if value not in (None, "", {}))
        return values[:160]
    number = f"attempt {row.attempt}" if row.attempt else "no attempt number"
    end = f" to {iso(row.finished_at)}" if row.finished_at else ""
    error = f", {row.error.splitlines()[0][:60]}" if row.error else ""
    return f"{_named(row.tenant, row.job)} {row.run_id}: {row.status}, {number}, {iso(row.started_at)}{end}{error}"


def _named(tenant: str, job: str) -> str:
    return f"{tenant}/{job}" if tenant else job
