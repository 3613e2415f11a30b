"""`correlator audit`: who wrote what, and who took evidence along."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from correlator.cli.listing import table_text
from correlator.cli.options import config_option, configured_store, json_option, print_json
from correlator.errors import UsageError
from correlator.model import iso
from correlator.text.quantities import moment

if TYPE_CHECKING:
    from correlator.store.audit import Entry


@click.command(epilog="Example: correlator audit --action bundle --json")
@click.option("--actor", default="", metavar="NAME", help="What one person or program did.")
@click.option("--action", default="", metavar="WORD", help="One kind of action, such as `bundle` or `confirm`.")
@click.option("--target", default="", metavar="ID", help="What was done to one finding, token or handover.")
@click.option("--before", default=0, type=int, metavar="NUMBER", help="Entries older than this one, for going on.")
@click.option("--most", default=50, show_default=True, type=int, help="At most so many entries.")
@json_option
@config_option
def audit(actor: str, action: str, target: str, before: int, most: int, *, as_json: bool, config: Path | None) -> None:
    """The audit log, newest first: every write on the pages and in the API, and every download of evidence."""
    from correlator.store.audit import Wanted, entries

    if most < 1 or before < 0:
        raise UsageError("--most and --before are numbers from 1 on")
    engine = configured_store(config)
    found = entries(engine, Wanted(actor, action, target, before), most)
    engine.dispose()
    if as_json:
        print_json([entry_document(entry) for entry in found])
    elif found:
        heads = ("NUMBER", "WHEN", "WHO", "ROLE", "BY", "DID", "TO")
        click.echo(table_text(heads, [_cells(entry) for entry in found]))
    else:
        click.echo("Nothing like that was done.")


def entry_document(entry: Entry) -> dict[str, Any]:
    """An entry as JSON-ready values."""
    texts = {name: getattr(entry, name) for name in ("actor", "role", "via", "action", "target")}
    return {"number": entry.id, "at": iso(entry.at), **texts, "details": dict(entry.details)}


def _cells(entry: Entry) -> tuple[str, ...]:
    who = entry.actor or "-"
    return str(entry.id), moment(entry.at), who, entry.role, entry.via, entry.action, entry.target or "-"
