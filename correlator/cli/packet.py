"""`correlator packet`: what an owner or an incident gets to read, without making a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from correlator.cli.options import config_option, say
from correlator.errors import UsageError

if TYPE_CHECKING:
    from correlator.settings import Settings

FORMS: Final = {"markdown": "packet.md", "html": "packet.html", "note": "note.txt", "ticket": "ticket.txt"}


@click.command(epilog="Example: correlator packet F-7KQ2M4XA3B --as ticket")
@click.argument("finding_id", metavar="FINDING")
@click.option("--as", "form", type=click.Choice(list(FORMS)), default="markdown", help="Which form to print.")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write, instead of printing."
)
@config_option
def packet(finding_id: str, *, form: str, out: Path | None, config: Path | None) -> None:
    """Print the packet about a stored finding: Markdown, HTML with its pictures, a note of ten lines, or a ticket.

    It is what a bundle would hold, made of the history as it was known when the finding was last looked at.
    """
    from correlator.settings import load_settings

    content = _made(load_settings(config), finding_id, FORMS[form])
    if out is None:
        click.echo(content, nl=False)
        return
    try:
        out.write_bytes(content)
    except OSError as error:
        raise UsageError(f"{out}: cannot be written: {error.strerror or error}") from error
    say(f"written to {out} ({len(content):,} bytes)")


def _made(settings: Settings, finding_id: str, name: str) -> bytes:
    from correlator.cli.rules_shared import configured_rules
    from correlator.evidence.from_store import packet_file
    from correlator.store.database import open_store

    engine = open_store(settings.database_url())
    try:
        return packet_file(engine, finding_id, name, configured_rules(settings), settings)
    finally:
        engine.dispose()
