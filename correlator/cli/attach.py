"""`correlator attach`: what is known about one incident as its one note, or one finding wherever evidence goes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from connectors.registry import KINDS
from correlator.cli.noting import note
from correlator.cli.options import config_option
from correlator.errors import UsageError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from correlator.attaching import Outcome
    from correlator.errors import SettingsError
    from correlator.settings import Settings

_KIND: Final = "pagerduty"
_FINDING: Final = re.compile(r"F-[A-Z2-7]{10}")
_SINKS: Final = [kind for kind in KINDS if KINDS[kind].writes]


@click.command(epilog="Example: correlator attach PT4KHLK --dry-run; correlator attach F-7KQ2MZ4XHV --to slack")
@click.argument("subject")
@config_option
@click.option("--to", "sinks", multiple=True, type=click.Choice(_SINKS), help="Where a finding goes; again for more.")
@click.option("--dry-run", is_flag=True, help="Print what would be written and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def attach(subject: str, config: Path | None, *, sinks: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Write what is known about the PagerDuty incident SUBJECT as its one note, or update that note.

    With a finding as SUBJECT, its note goes to each sink named with --to (without one: to all that write by
    themselves), however long it has been there, or its rule would wait: as a message, a delivery or an event, on the
    open incidents it explains, on the tickets that name it.

    What is written is printed. When nothing systemic was found this is said, and no note is written; a note that stands
    there from before is updated to say so. Exit status 1 when a sink could not be reached or refused the note.
    """
    from correlator.logs import set_up_logs
    from correlator.settings import load_settings
    from correlator.store.database import open_store

    settings = load_settings(config)
    set_up_logs(settings)
    engine = open_store(settings.database_url())
    unusable: Mapping[str, SettingsError] = {}
    try:
        if _FINDING.fullmatch(subject):
            outcomes, unusable = _attach_finding(engine, settings, subject, sinks, dry_run=dry_run)
        else:
            outcomes = [_attach_incident(engine, settings, subject, sinks, dry_run=dry_run)]
        for outcome in () if dry_run else outcomes:
            note(engine, "attach", subject, sink=outcome.sink)
    finally:
        engine.dispose()
    _print(subject, outcomes, as_json=as_json)
    for sink, refused in unusable.items():
        click.echo(f"error: {sink} cannot be used: {refused.message}\nhint: {refused.hint}", err=True)
    for outcome in outcomes:
        if outcome.error is not None:
            raise outcome.error
    if unusable:
        raise click.exceptions.Exit(1)


def _attach_incident(
    engine: Engine, settings: Settings, incident_id: str, sinks: tuple[str, ...], *, dry_run: bool
) -> Outcome:
    from connectors.registry import build_sink
    from correlator.attaching import attach_incident, preview, read_knowledge
    from correlator.store.incidents import get_incident

    if sinks and sinks != (_KIND,):
        raise UsageError(
            f"{incident_id!r} is no finding, and only findings go elsewhere than to PagerDuty",
            hint="`correlator findings list` shows the ids of findings",
        )
    sink = None if dry_run else build_sink(_KIND, settings)
    incident = get_incident(engine, incident_id, source=_KIND)
    if incident is None:
        raise UsageError(
            f"no PagerDuty incident {incident_id!r} is in the store",
            hint="`correlator pull --source pagerduty` brings in new ones; is the id right?",
        )
    now = datetime.now(UTC)
    knowledge = read_knowledge(engine, settings, now)
    if sink is None:
        return preview(engine, knowledge, _KIND, incident)
    return attach_incident(engine, knowledge, sink, incident, now, always=True)


def _attach_finding(
    engine: Engine, settings: Settings, finding_id: str, sinks: tuple[str, ...], *, dry_run: bool
) -> tuple[list[Outcome], Mapping[str, SettingsError]]:
    """What became of it at each sink that can be used, and why others cannot. Raises SettingsError where none can."""
    from connectors.registry import build_sinks, writing_kinds
    from correlator.attaching import attach_finding, read_knowledge
    from correlator.store.findings import get_finding

    kinds = sinks or writing_kinds(settings)
    if not kinds:
        raise UsageError("no sink writes by itself", hint=f"name one with --to: {', '.join(_SINKS)}")
    built = build_sinks(settings, dict.fromkeys(kinds))
    if not built.usable:
        raise next(iter(built.unusable.values()))
    stored = get_finding(engine, finding_id)
    if stored is None:
        raise UsageError(f"there is no finding {finding_id}", hint="`correlator findings list` shows them all")
    now = datetime.now(UTC)
    knowledge = read_knowledge(engine, settings, now, heed_waits=False)
    rounds = (attach_finding(engine, knowledge, sink, stored, now, dry=dry_run) for sink in built.usable)
    return [outcome for outcomes in rounds for outcome in outcomes], built.unusable


def _print(subject: str, outcomes: list[Outcome], *, as_json: bool) -> None:
    for outcome in outcomes:
        click.echo(f"{outcome.sink} {outcome.target}: {outcome.said}", err=True)
    if not outcomes:
        click.echo(f"{subject}: nothing is systemic, or nothing open matches: nothing was written", err=True)
    if as_json:
        documents = [_document(outcome) for outcome in outcomes]
        alone = not _FINDING.fullmatch(subject)
        click.echo(json.dumps(documents[0] if alone else documents, indent=1, ensure_ascii=False))
        return
    for outcome in outcomes:
        click.echo(outcome.text or outcome.said)


def _document(outcome: Outcome) -> dict[str, str | None]:
    return {
        "sink": outcome.sink,
        "target": outcome.target,
        "done": outcome.done.value,
        "said": outcome.said,
        "finding_id": outcome.finding_id,
        "note_id": outcome.note_id,
        "note": outcome.text,
        "missing": outcome.missing or None,
    }
