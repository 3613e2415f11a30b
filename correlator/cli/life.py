"""`correlator findings confirm|dismiss|escalate|answer|fixed|life`: what people do about a finding, and what became of
it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from correlator.cli.listing import table_text
from correlator.cli.noting import note
from correlator.cli.options import config_option, json_option, print_json
from correlator.cli.times import moment_of
from correlator.errors import UsageError
from correlator.model import iso

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Engine

    from correlator.lifecycle.life import Life
    from correlator.lifecycle.transitions import Transition
    from correlator.settings import Settings
    from correlator.store.findings import StoredFinding

    MakeTransition = Callable[["Engine", "StoredFinding", "Settings", "datetime"], "Transition"]

_Command = Callable[..., None]
_finding = click.argument("finding_id", metavar="ID")
_by = click.option("--by", "actor", metavar="NAME", help="Who says so; kept as given. Default: $USER.")


def _reason(text: str, *, required: bool = True) -> Callable[[_Command], _Command]:
    return click.option("--reason", required=required, default=None if required else "", metavar="TEXT", help=text)


@click.command(epilog='Example: correlator findings confirm F-ABCDEFGHIJ --reason "seen in the ingest log too"')
@_finding
@_reason("Why it is real.")
@_by
@json_option
@config_option
def confirm(finding_id: str, reason: str, actor: str | None, *, as_json: bool, config: Path | None) -> None:
    """Confirm that it is real. Also takes back a dismissal or a claimed fix."""
    from correlator.lifecycle import transitions

    _do(
        finding_id, config, lambda _e, _s, _settings, at: transitions.confirm(_name(actor), reason, at), as_json=as_json
    )


@click.command(epilog='Example: correlator findings dismiss F-ABCDEFGHIJ --reason "a planned test of the quota"')
@_finding
@_reason("Why there is nothing to act on.")
@_by
@json_option
@config_option
def dismiss(finding_id: str, reason: str, actor: str | None, *, as_json: bool, config: Path | None) -> None:
    """Dismiss it: there is nothing to act on."""
    from correlator.lifecycle import transitions

    _do(
        finding_id, config, lambda _e, _s, _settings, at: transitions.dismiss(_name(actor), reason, at), as_json=as_json
    )


@click.command(
    short_help="Record that it was handed to the owning team.",
    epilog="Example: correlator findings escalate F-ABCDEFGHIJ --link https://example.com/tickets/118",
)
@_finding
@click.option("--to", "team", default="", metavar="TEAM", help="Whom to ask, where it is not the rule's owner.")
@click.option("--ask", default="", metavar="TEXT", help="What to ask for, where it is not what the rule says.")
@click.option("--link", default="", metavar="URL", help="Where it was asked, a ticket for example.")
@_reason("A note for those who read on.", required=False)
@_by
@json_option
@config_option
def escalate(
    finding_id: str,
    team: str,
    ask: str,
    link: str,
    reason: str,
    actor: str | None,
    *,
    as_json: bool,
    config: Path | None,
) -> None:
    """A confirmed finding was handed to the team that can end it; from now on the ledger of asks counts."""
    from correlator.lifecycle.asking import Handover
    from correlator.lifecycle.asking import escalate as handed

    def transition(_: Engine, stored: StoredFinding, settings: Settings, at: datetime) -> Transition:
        return handed(stored, _name(actor), Handover(team, ask, link), settings, at, note=reason)

    _do(finding_id, config, transition, as_json=as_json)


@click.command(epilog='Example: correlator findings answer F-ABCDEFGHIJ send-more --reason "they want the heap dump"')
@_finding
@click.argument("said", metavar="accepted|bounced|send-more", type=click.Choice(["accepted", "bounced", "send-more"]))
@_reason("Their words, or what they want; needed for bounced and send-more.", required=False)
@click.option("--at", "answered_at", metavar="TIME", help="When they answered; ISO 8601 with an offset. Default: now.")
@_by
@json_option
@config_option
def answer(
    finding_id: str,
    said: str,
    reason: str,
    answered_at: str | None,
    actor: str | None,
    *,
    as_json: bool,
    config: Path | None,
) -> None:
    """Record what the team that was asked answered."""
    from correlator.lifecycle import transitions
    from correlator.lifecycle.steps import Answer

    def transition(_: Engine, _stored: StoredFinding, _settings: Settings, now: datetime) -> Transition:
        at = moment_of("--at", answered_at) or now
        if at > now:
            raise UsageError(f"--at: {iso(at)} has not come yet", hint="give the time at which they answered")
        return transitions.answer(_name(actor), Answer(said.replace("-", " ")), reason, at)

    _do(finding_id, config, transition, as_json=as_json)


@click.command(
    "claim-fix",
    short_help="Claim a fix, and count clean runs from then on.",
    epilog='Example: correlator findings claim-fix F-ABCDEFGHIJ --reason "memory raised to 16 GiB"',
)
@_finding
@_reason("What was done.")
@click.option(
    "--since", metavar="TIME", help="From when on runs are to be clean; ISO 8601 with an offset. Default: now."
)
@_by
@json_option
@config_option
def claim_fix_(
    finding_id: str, reason: str, since: str | None, actor: str | None, *, as_json: bool, config: Path | None
) -> None:
    """Somebody says that it is fixed: from now on each look counts clean first attempts until that is shown."""
    from correlator.lifecycle.fixing import claim_fix
    from correlator.store.findings import finding_history

    def transition(engine: Engine, stored: StoredFinding, _settings: Settings, at: datetime) -> Transition:
        versions = finding_history(engine, stored.id)
        return claim_fix(stored, versions, _name(actor), reason, at, since=moment_of("--since", since))

    _do(finding_id, config, transition, as_json=as_json)


@click.command(
    short_help="Its history, and how far the proof of a fix is.",
    epilog="Example: correlator findings life F-ABCDEFGHIJ --json",
)
@_finding
@json_option
@config_option
def life(finding_id: str, *, as_json: bool, config: Path | None) -> None:
    """Who said what when about a finding, how far the watch of a fix is, and what was there before."""
    from correlator.lifecycle.life import wanted_finding
    from correlator.lifecycle.report import life_document, read_report
    from correlator.settings import load_settings
    from correlator.store.database import open_store

    engine = open_store(load_settings(config).database_url())
    report = read_report(engine, wanted_finding(engine, finding_id))
    engine.dispose()
    if as_json:
        print_json(life_document(report))
    else:
        click.echo(_text(report.life, report.count))


def _do(finding_id: str, config: Path | None, make: MakeTransition, *, as_json: bool) -> None:
    """Take one step on a stored finding, and say where it stands then."""
    from correlator.correlating.look import utc_now
    from correlator.lifecycle.life import wanted_finding
    from correlator.lifecycle.transitions import enter_step
    from correlator.settings import load_settings
    from correlator.store.database import open_store

    settings = load_settings(config)
    engine = open_store(settings.database_url())
    try:
        stored = wanted_finding(engine, finding_id)
        transition = make(engine, stored, settings, utc_now())
        found = enter_step(engine, stored, transition)
        note(engine, transition.step.value, finding_id, by=transition.actor)
    finally:
        engine.dispose()
    if as_json:
        print_json(found.to_dict())
    else:
        click.echo(_text(found, None))


def _name(given: str | None) -> str:
    """Who acts. Raises UsageError where nobody is named."""
    name = os.environ.get("USER", "") if given is None else given
    if not name.strip():
        raise UsageError("nobody is named", hint="say who does this: --by NAME")
    return name


def _text(found: Life, count: Mapping[str, Any] | None) -> str:
    from correlator.lifecycle.words import counted_words, step_words, told

    if found.state is None:
        return f"{found.finding_id} was never a suspect: the program does not find it systemic."
    rows = [(iso(event.at), event.actor, step_words(event), _said(told(event), event.reason)) for event in found.events]
    next_ = f"What can follow: {', '.join(found.may)}"
    so_far = [f"So far: {counted_words(count)}"] if count else []
    head = f"{found.finding_id} is {found.state}"
    return "\n".join([head, "", table_text(("AT", "WHO", "WHAT", ""), rows), "", *so_far, next_])


def _said(*texts: str) -> str:
    return "; ".join(text for text in texts if text)
