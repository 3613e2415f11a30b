"""`correlator access`: which ways in are configured, what groups may do, and who is logged out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from correlator.cli.listing import table_text
from correlator.cli.noting import note
from correlator.cli.options import config_option, configured_store, json_option, print_json
from correlator.errors import UsageError

if TYPE_CHECKING:
    from correlator.settings import Settings


@click.group(epilog="Example: correlator access show")
def access() -> None:
    """Who may come in: what the settings say, and ending sessions."""


@access.command(epilog="Example: correlator access show --json")
@json_option
@config_option
def show(*, as_json: bool, config: Path | None) -> None:
    """Which ways in are configured, and what each group may do and see. Settings that cannot be right are refused."""
    from correlator.settings import load_settings
    from web.access.checking import check_access

    settings = load_settings(config)
    check_access(settings)
    document = access_document(settings)
    if as_json:
        print_json(document)
        return
    ways = [name for name, on in document["ways"].items() if on]
    click.echo(f"Ways in: {', '.join(ways)}" if ways else "No access is configured: pages are for this machine alone.")
    if document["groups"]:
        rows = [(one["group"], one["role"], " ".join(one["tenants"] or ["all"])) for one in document["groups"]]
        click.echo(table_text(("GROUP", "ROLE", "TENANTS"), rows))


def access_document(settings: Settings) -> dict[str, Any]:
    """The ways in, and of each group its role and tenants (None: all)."""
    from web.access.methods import by_oidc, by_proxy, by_token

    roles = dict(settings["access.roles"])
    if settings["access.default_role"]:
        roles["default"] = settings["access.default_role"]
    tenants = settings["access.tenants"]
    groups = [
        {"group": group, "role": role, "tenants": tenants[group].split() if group in tenants else None}
        for group, role in roles.items()
    ]
    ways = {"oidc": by_oidc(settings), "proxy": by_proxy(settings), "tokens": by_token(settings)}
    return {"ways": ways, "groups": groups}


@access.command(
    short_help="End all sessions of a person.", epilog="Example: correlator access logout responder-1@example.com"
)
@click.argument("name", required=False)
@click.option("--all", "everybody", is_flag=True, help="Everybody.")
@json_option
@config_option
def logout(name: str | None, *, everybody: bool, as_json: bool, config: Path | None) -> None:
    """End all sessions of somebody: their next request asks them to log in. Tokens go on; `tokens revoke` ends one."""
    from correlator.store.web_sessions import end_all

    if bool(name) == everybody:
        raise UsageError("whose sessions?", hint="a name, or --all")
    engine = configured_store(config)
    number = end_all(engine, name or "")
    note(engine, "log out", name or "everybody")
    engine.dispose()
    if as_json:
        print_json({"ended": number})
    else:
        click.echo(f"{number} ended")
