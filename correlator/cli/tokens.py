"""`correlator tokens create|list|revoke`: what programs show instead of logging in."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from correlator.cli.listing import table_text
from correlator.cli.noting import note
from correlator.cli.options import config_option, configured_store, json_option, print_json, say
from correlator.model import iso
from correlator.text.lengths import interval
from correlator.text.quantities import moment

if TYPE_CHECKING:
    from correlator.store.tokens import Token

_LASTS = "90d"


@click.group(epilog="Example: correlator tokens create ticket-bot --role responder --tenant tenant-07")
def tokens() -> None:
    """API tokens: make, list and revoke them. `access.tokens` says whether they are taken."""


@tokens.command(epilog="Example: correlator tokens create ticket-bot --role responder --tenant tenant-07 --lasts 30d")
@click.argument("name")
@click.option("--role", default="viewer", show_default=True, help="`viewer`, `responder` or `admin`.")
@click.option("--tenant", "tenants", multiple=True, help="A tenant it may see, repeatable; all without one.")
@click.option("--lasts", default=_LASTS, show_default=True, metavar="TIME", help="How long it works, or `forever`.")
@json_option
@config_option
def create(name: str, *, role: str, tenants: tuple[str, ...], lasts: str, as_json: bool, config: Path | None) -> None:
    """Make a token. It is printed once, on standard output, and kept nowhere: only its hash is stored."""
    from correlator.correlating.look import utc_now
    from correlator.store.tokens import NewToken, as_tenants, create_token

    now = utc_now()
    wanted = NewToken(name, role, as_tenants(tenants), _until(lasts, now), "the command line")
    engine = configured_store(config)
    shown, token = create_token(engine, wanted, now)
    note(engine, "token created", f"token {token.id}", name=name)
    engine.dispose()
    if as_json:
        print_json({"token": shown, **token_document(token)})
    else:
        click.echo(shown)
        say("This is the only time it is shown. Programs send it as `Authorization: Bearer TOKEN`.")


def _until(lasts: str, now: datetime) -> datetime | None:
    if lasts == "forever":
        return None
    length: timedelta = interval(lasts, "--lasts")
    return now + length


@tokens.command("list", epilog="Example: correlator tokens list --json")
@json_option
@config_option
def list_(*, as_json: bool, config: Path | None) -> None:
    """All tokens there ever were, without their secret part."""
    from correlator.correlating.look import utc_now
    from correlator.store.tokens import list_tokens

    engine = configured_store(config)
    found, now = list_tokens(engine), utc_now()
    engine.dispose()
    if as_json:
        print_json([token_document(token) for token in found])
    elif found:
        heads = ("ID", "NAME", "ROLE", "TENANTS", "STATE", "EXPIRES", "LAST USED", "MADE BY")
        click.echo(table_text(heads, [_cells(token, now) for token in found]))
    else:
        click.echo("There are no tokens; `correlator tokens create NAME` makes one.")


@tokens.command(epilog="Example: correlator tokens revoke 1f3a9c0b77")
@click.argument("token_id", metavar="ID")
@json_option
@config_option
def revoke(token_id: str, *, as_json: bool, config: Path | None) -> None:
    """Refuse a token from now on. What it did stays in the audit log."""
    from correlator.correlating.look import utc_now
    from correlator.store.tokens import revoke_token

    engine, now = configured_store(config), utc_now()
    token = revoke_token(engine, token_id, now)
    note(engine, "token revoked", f"token {token.id}", name=token.name)
    engine.dispose()
    if as_json:
        print_json(token_document(token))
    else:
        click.echo(f"{token.name} ({token.id}) is refused from now on")


def token_document(token: Token) -> dict[str, Any]:
    """What is known of a token, as JSON-ready values; not the token itself."""
    times = ("created_at", "expires_at", "revoked_at", "last_used_at")
    known = {name: getattr(token, name) for name in times}
    return {
        "id": token.id,
        "name": token.name,
        "role": token.role,
        "tenants": None if token.tenants is None else sorted(token.tenants),
        "created_by": token.created_by,
        **{name: iso(at) if at else None for name, at in known.items()},
    }


def _cells(token: Token, now: datetime) -> tuple[str, ...]:
    state = "works" if token.works_at(now) else "revoked" if token.revoked_at else "expired"
    return (
        token.id,
        token.name,
        token.role,
        "all" if token.tenants is None else " ".join(sorted(token.tenants)),
        state,
        moment(token.expires_at) if token.expires_at else "never",
        moment(token.last_used_at) if token.last_used_at else "-",
        token.created_by,
    )
