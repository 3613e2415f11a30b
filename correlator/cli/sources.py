"""`correlator sources`: what each source did last, how far it was read, and what could not be understood."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from correlator.cli.options import config_option
from correlator.cli.sources_check import check
from correlator.cli.sources_try import try_command
from correlator.model import iso

CLOCK_TOLD_SECONDS: Final = 5.0
"""A vendor's clock that is off by less is not worth a word: answers take a while to come."""

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Engine

    from correlator.store.sources import SourceStatus, StoredSetAside


@click.group(
    invoke_without_command=True,
    epilog="Examples: correlator sources --json, correlator sources check, correlator sources try datadog --since 1h",
)
@click.pass_context
@config_option
@click.option(
    "--set-aside", "listed", type=click.IntRange(0, 10_000), default=10, show_default=True, help="How many to list."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def sources(context: click.Context, config: Path | None, listed: int, *, as_json: bool) -> None:
    """Each source: the last good pull, the newest event, counts, errors, and where each stream stands.

    The latest items that were set aside are listed with their reasons.
    """
    if context.invoked_subcommand is not None:
        return
    from correlator.settings import load_settings
    from correlator.store.database import open_store

    engine = open_store(load_settings(config).database_url())
    try:
        document = _document(engine, listed)
    finally:
        engine.dispose()
    click.echo(json.dumps(document, indent=1, ensure_ascii=False) if as_json else "\n".join(_lines(document)))


sources.add_command(check)
sources.add_command(try_command)


def _document(engine: Engine, listed: int) -> dict[str, Any]:
    from correlator.store.sources import count_set_aside, list_set_aside, list_sources, list_watermarks

    aside = count_set_aside(engine)
    streams: dict[str, dict[str, str | None]] = {}
    for mark in list_watermarks(engine):
        streams.setdefault(mark.source, {})[mark.stream] = mark.position.get("watermark")
    return {
        "sources": [
            _status(status)
            | {"set_aside_in_all": aside.get(status.source, 0), "read_up_to": streams.get(status.source, {})}
            for status in list_sources(engine)
        ],
        "set_aside": _set_aside(list_set_aside(engine, limit=listed) if listed else []),
    }


def _status(status: SourceStatus) -> dict[str, Any]:
    return {
        "source": status.source,
        "last_attempt_at": _iso(status.last_attempt_at),
        "last_good_at": _iso(status.last_good_at),
        "newest_event_at": _iso(status.newest_event_at),
        "failures_in_a_row": status.failures_in_a_row,
        "error": status.error or None,
        "hint": status.hint or None,
        "permanent": status.permanent,
        "failing_since": _iso(status.failing_since),
        "notices": [{"text": notice.text, "since": _iso(notice.since)} for notice in status.notices],
        "limits": [asdict(limit) | {"resets_at": _iso(limit.resets_at)} for limit in status.limits],
        "clock_offset_seconds": status.clock_offset_seconds,
        "requests": status.requests,
        "stored": dict(status.stored),
        "repeated": status.repeated,
        "set_aside": status.set_aside,
    }


def _set_aside(items: Sequence[StoredSetAside]) -> list[dict[str, Any]]:
    return [
        {"source": item.source, "item_id": item.item_id, "reason": item.reason, "last_at": _iso(item.last_at)}
        for item in items
    ]


def _iso(at: datetime | None) -> str | None:
    return None if at is None else iso(at)


def _lines(document: dict[str, Any]) -> list[str]:
    if not document["sources"]:
        return ["Nothing was pulled or imported yet. Start with `correlator pull` or `correlator import FOLDER`."]
    lines = [line for source in document["sources"] for line in _source_lines(source)]
    aside = [f"  {item['source']} {item['item_id']}: {item['reason']}" for item in document["set_aside"]]
    return [*lines, *(["set aside, newest first:", *aside] if aside else [])]


def _source_lines(source: dict[str, Any]) -> list[str]:
    stored = ", ".join(f"{count} {kind}" for kind, count in source["stored"].items() if count) or "nothing new"
    good, newest = source["last_good_at"] or "never", source["newest_event_at"] or "none"
    aside = f"{source['set_aside']} set aside ({source['set_aside_in_all']} in all)"
    lines = [
        f"{source['source']}: last good pull {good}, newest event {newest}",
        f"  last pull: {stored}; {source['repeated']} repeated, {aside}, {source['requests']} requests",
    ]
    lines += [f"  {stream} read up to {at or 'nothing yet'}" for stream, at in source["read_up_to"].items()]
    if source["error"]:
        person = "; it needs a person" if source["permanent"] else ""
        lines += [f"  error ({source['failures_in_a_row']} in a row): {source['error']}"]
        lines += [f"  failing since {source['failing_since']}{person}"] if source["failing_since"] else []
        lines += [f"  hint: {source['hint']}"] if source["hint"] else []
    return [*lines, *_remarks(source)]


def _remarks(source: dict[str, Any]) -> list[str]:
    """Notices, rate limits and the clock, where there is something to say."""
    lines = [f"  notice: {notice['text']} (since {notice['since']})" for notice in source["notices"]]
    lines += [f"  rate limit {_limit_words(limit)}" for limit in source["limits"]]
    if (offset := source["clock_offset_seconds"]) is not None and abs(offset) >= CLOCK_TOLD_SECONDS:
        lines.append(f"  its clock is about {abs(offset):.0f} s {'ahead of' if offset > 0 else 'behind'} ours")
    return lines


def _limit_words(limit: dict[str, Any]) -> str:
    """`spans: 12 of 300 left until 2026-03-01T02:00:00Z`, as far as it is known."""
    left = "?" if limit["remaining"] is None else limit["remaining"]
    whole = f" of {limit['limit']}" if limit["limit"] is not None else ""
    until = f" until {limit['resets_at']}" if limit["resets_at"] else ""
    return f"{limit['name']}: {left}{whole} left{until}"
