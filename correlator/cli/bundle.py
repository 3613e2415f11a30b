"""`correlator bundle create|verify|redact|diff`: one zip that carries the evidence, and the proof that it follows."""

from __future__ import annotations

import json
from pathlib import Path

import click

from correlator.cli.bundle_diff import diff
from correlator.cli.bundle_redact import redact
from correlator.cli.bundle_verify import verify
from correlator.cli.noting import note
from correlator.cli.options import config_option


class _CreateByDefault(click.Group):
    """`correlator bundle F-... -o FILE` means `correlator bundle create F-... -o FILE`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0].startswith("F-"):
            args = ["create", *args]
        return super().resolve_command(ctx, args)


@click.group(cls=_CreateByDefault, epilog="Example: correlator bundle create F-7KQ2M4XA3B -o evidence.zip")
def bundle() -> None:
    """Make evidence bundles, verify, redact and compare them."""


@bundle.command(epilog="Example: correlator bundle create F-7KQ2M4XA3B -o evidence.zip")
@click.argument("finding_id", metavar="FINDING")
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="File to write.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
@click.option("--noted", is_flag=True, hidden=True, help="The pages, which call this, enter who asked for it.")
@config_option
def create(finding_id: str, out: Path, *, as_json: bool, noted: bool, config: Path | None) -> None:
    """Pack everything behind a stored finding into one zip.

    The verdict is computed again from the history that goes in, as it was known when the finding was last looked at.
    """
    from correlator.cli.rules_shared import configured_rules
    from correlator.evidence.from_store import bundle_from_store
    from correlator.evidence.words import verdict_line
    from correlator.settings import load_settings
    from correlator.store.database import open_store

    settings = load_settings(config)
    engine = open_store(settings.database_url())
    finding = bundle_from_store(engine, finding_id, out, configured_rules(settings), settings)
    if not noted:
        note(engine, "bundle", finding_id)
    if as_json:
        document = {"file": str(out), "size": out.stat().st_size, "finding_id": finding_id}
        click.echo(json.dumps({**document, "verdict": verdict_line(finding)}, ensure_ascii=False))
        return
    click.echo(verdict_line(finding))
    click.echo(f"written to {out} ({out.stat().st_size:,} bytes)", err=True)


for _command in (verify, redact, diff):
    bundle.add_command(_command)
