"""`correlator draft`: a root-cause write-up or a runbook of a finding that is over, as Markdown to edit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from correlator.cli.options import config_option, configured_store, say
from correlator.errors import UsageError

if TYPE_CHECKING:
    from correlator.drafting.material import Material

_finding = click.argument("finding_id", metavar="FINDING")
_out = click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="A new file instead of the screen.",
)


@click.group(epilog="Example: correlator draft root-cause F-ABCDEFGHIJ -o write-up.md")
def draft() -> None:
    """A root-cause write-up or runbook: facts filled in, the rest marked for a person."""


@draft.command("root-cause", epilog="Example: correlator draft root-cause F-ABCDEFGHIJ -o write-up.md")
@_finding
@_out
@config_option
def root_cause_(finding_id: str, out: Path | None, config: Path | None) -> None:
    """What broke, why, what it did, what fixed it."""
    from correlator.drafting.root_cause import root_cause

    _draft(finding_id, root_cause, out, config)


@draft.command("runbook", epilog="Example: correlator draft runbook F-ABCDEFGHIJ -o runbook.md")
@_finding
@_out
@config_option
def runbook_(finding_id: str, out: Path | None, config: Path | None) -> None:
    """What to do when the same comes again."""
    from correlator.drafting.runbook import runbook

    _draft(finding_id, runbook, out, config)


def _draft(finding_id: str, make: Callable[[Material], str], out: Path | None, config: Path | None) -> None:
    from correlator.drafting.material import read_material

    engine = configured_store(config)
    try:
        text = make(read_material(engine, finding_id))
    finally:
        engine.dispose()
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        hint = "an edited draft is not overwritten; name another file" if isinstance(error, FileExistsError) else ""
        raise UsageError(f"{out}: {error.strerror}", hint=hint) from error
    say(f"{out} written")
