"""`correlator attach`: what is known about one incident, as its one note."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from correlator.cli.options import config_option
from correlator.errors import UsageError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from correlator.attaching import Outcome
    from correlator.settings import Settings

_KIND = "pagerduty"


@click.command(epilog="Example: correlator attach PT4KHLK --dry-run")
@click.argument("incident_id")
@config_option
@click.option("--dry-run", is_flag=True, help="Print the note and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def attach(incident_id: str, config: Path | None, *, dry_run: bool, as_json: bool) -> None:
    """Write what is known about the PagerDuty incident INCIDENT_ID as its one note, or update that note.

    The note is printed. When nothing systemic was found this is said, and no note is written; a note that stands there
    from before is updated to say so. Exit status 1 when PagerDuty could not be reached or refused the note.
    """
    from correlator.logs import set_up_logs
    from correlator.settings import load_settings
    from correlator.store.database import open_store

    settings = load_settings(config)
    set_up_logs(settings)
    engine = open_store(settings.database_url())
    try:
        outcome = _attach(engine, settings, incident_id, dry_run=dry_run)
    finally:
        engine.dispose()
    if outcome.error is not None:
        raise outcome.error
    click.echo(f"{incident_id}: {outcome.said}", err=True)
    if as_json:
        click.echo(json.dumps(_document(outcome), indent=1, ensure_ascii=False))
    else:
        click.echo(outcome.text or outcome.said)


def _attach(engine: Engine, settings: Settings, incident_id: str, *, dry_run: bool) -> Outcome:
    from connectors.registry import build_sink
    from correlator.attaching import attach_incident, preview, read_knowledge
    from correlator.store.incidents import get_incident

    sink = None if dry_run else build_sink(_KIND, settings)
    incident = get_incident(engine, incident_id, source=_KIND)
    if incident is None:
        raise UsageError(
            f"no PagerDuty incident {incident_id!r} is in the store",
            hint="`correlator pull --source pagerduty` brings in new ones; is the id right?",
        )
    knowledge = read_knowledge(engine, settings)
    if sink is None:
        return preview(engine, knowledge, incident)
    return attach_incident(engine, knowledge, sink, incident, datetime.now(UTC), always=True)


def _document(outcome: Outcome) -> dict[str, str | None]:
    return {
        "incident_id": outcome.incident_id,
        "done": outcome.done.value,
        "said": outcome.said,
        "finding_id": outcome.finding_id,
        "note_id": outcome.note_id,
        "note": outcome.text,
        "missing": outcome.missing or None,
    }
