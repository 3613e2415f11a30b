"""`correlator actions list|show|approve|refuse|run`: what rules would do about known errors, and who lets them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from correlator.cli.listing import table_text
from correlator.cli.noting import note
from correlator.cli.options import config_option, configured_store, json_option, print_json
from correlator.model import iso

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from correlator.store.actions import StepTaken, StoredAction

    Decide = Callable[[Engine, str, str, str, datetime], StoredAction]

by_option = click.option("--by", "actor", required=True, metavar="NAME", help="Who decides: a name or an address.")
reason_option = click.option("--reason", required=True, metavar="TEXT", help="Why; it stays with the action.")


@click.group(epilog="Example: correlator actions list")
def actions() -> None:
    """What rules may do about known errors: proposed, allowed, done once, checked."""


@actions.command("list", epilog="Example: correlator actions list --json")
@json_option
@config_option
def list_(*, as_json: bool, config: Path | None) -> None:
    """Every action and where it stands, oldest first."""
    from correlator.store.actions import list_actions

    found = list_actions(configured_store(config))
    if as_json:
        print_json({"actions": [_document(action) for action in found]})
        return
    header = ["ID", "STATE", "RULE", "KIND", "TARGET", "FINDING", "PROPOSED"]
    rows = [[a.id, a.state, a.rule_id, a.kind, a.target, a.finding_id, iso(a.proposed_at)] for a in found]
    click.echo(table_text(header, rows) if rows else "No action was proposed.")


@actions.command(epilog="Example: correlator actions show A-0123456789")
@click.argument("action_id", metavar="ACTION")
@json_option
@config_option
def show(action_id: str, *, as_json: bool, config: Path | None) -> None:
    """What would go out, or did, and every step that was taken."""
    from correlator.actions.deciding import wanted_action
    from correlator.store.actions import steps_of

    engine = configured_store(config)
    action, steps = wanted_action(engine, action_id), steps_of(engine, action_id)
    if as_json:
        print_json(_document(action) | {"request": dict(action.request), "steps": [_step(step) for step in steps]})
        return
    click.echo(
        f"{action.id} is {action.state}: {action.kind} {action.target} by {action.rule_id} for {action.finding_id}"
    )
    for step in steps:
        click.echo(f"{iso(step.at)} {step.step} by {step.actor}: {step.words}")


@actions.command(
    short_help="Approve a proposed action.",
    epilog='Example: correlator actions approve A-0123456789 --by "on-call" --reason "known, harmless"',
)
@click.argument("action_id", metavar="ACTION")
@by_option
@reason_option
@config_option
def approve(action_id: str, actor: str, reason: str, *, config: Path | None) -> None:
    """Let a proposed action go out with the next `correlator actions run`."""
    from correlator.actions.deciding import approve

    _decide(approve, "action approved", action_id, actor, reason, config)


@actions.command(epilog='Example: correlator actions refuse A-0123456789 --by "on-call" --reason "we are in a freeze"')
@click.argument("action_id", metavar="ACTION")
@by_option
@reason_option
@config_option
def refuse(action_id: str, actor: str, reason: str, *, config: Path | None) -> None:
    """Keep an action from going out."""
    from correlator.actions.deciding import refuse

    _decide(refuse, "action refused", action_id, actor, reason, config)


def _decide(decide: Decide, deed: str, action_id: str, actor: str, reason: str, config: Path | None) -> None:
    engine = configured_store(config)
    found = decide(engine, action_id, actor, reason, _now())
    note(engine, deed, action_id, by=actor)
    click.echo(f"{found.id} is {found.state}")


@actions.command(
    short_help="Propose, send what is approved, check what helped.", epilog="Example: correlator actions run"
)
@json_option
@config_option
@click.pass_context
def run(ctx: click.Context, *, as_json: bool, config: Path | None) -> None:
    """Propose what is new, send what is approved, and check what helped.

    Nothing while `actions.mode` is `never`; nothing goes out while it is `rehearse`. Exit status 1 when one failed.
    """
    from correlator.actions.round import act
    from correlator.settings import load_settings

    done = act(configured_store(config), load_settings(config), _now())
    if as_json:
        print_json(done.parts | {"outcomes": done.outcomes, "why held back": done.ran.held})
    else:
        click.echo(done.said)
        for name, why in done.ran.held.items():
            click.echo(f"{name} is held back: {why}")
    ctx.exit(1 if done.ran.failed else 0)


def _document(action: StoredAction) -> dict[str, Any]:
    names = ("id", "state", "rule_id", "kind", "target", "finding_id", "answer")
    times = {
        name: iso(at) if at else None for name, at in (("proposed_at", action.proposed_at), ("sent_at", action.sent_at))
    }
    return {name: getattr(action, name) for name in names} | times


def _step(step: StepTaken) -> dict[str, Any]:
    return {"at": iso(step.at), "step": step.step, "actor": step.actor, "words": step.words}


def _now() -> datetime:
    return datetime.now(UTC)
