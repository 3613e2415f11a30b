"""`correlator bundle create|verify`: one zip that carries the evidence, and the proof that it follows."""

from __future__ import annotations

import json
from pathlib import Path

import click

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
    """Make evidence bundles and verify them."""


@bundle.command(epilog="Example: correlator bundle create F-7KQ2M4XA3B -o evidence.zip")
@click.argument("finding_id", metavar="FINDING")
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="File to write.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
@config_option
def create(finding_id: str, out: Path, *, as_json: bool, config: Path | None) -> None:
    """Pack everything behind a stored finding into one zip.

    The verdict is computed again from the history that goes in, as it was known when the finding was last looked at.
    """
    from correlator.cli.rules import configured_rules
    from correlator.evidence.from_store import bundle_from_store
    from correlator.evidence.words import verdict_line
    from correlator.settings import load_settings
    from correlator.store.database import open_store

    settings = load_settings(config)
    engine = open_store(settings["database.url"])
    finding = bundle_from_store(engine, finding_id, out, configured_rules(settings), settings)
    if as_json:
        document = {"file": str(out), "size": out.stat().st_size, "finding_id": finding_id}
        click.echo(json.dumps({**document, "verdict": verdict_line(finding)}, ensure_ascii=False))
        return
    click.echo(verdict_line(finding))
    click.echo(f"written to {out} ({out.stat().st_size:,} bytes)", err=True)


@bundle.command(epilog="Example: correlator bundle verify evidence.zip")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--pictures", "redraw", is_flag=True, help="Draw the pictures again too, and compare them.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@config_option
@click.pass_context
def verify(ctx: click.Context, file: Path, *, redraw: bool, as_json: bool, config: Path | None) -> None:
    """Check a bundle without network: every hash, and whether the verdict follows from the history in it.

    Prints `same`, or what differs (exit status 1). A file that is not an intact bundle ends with exit status 2.
    """
    from correlator.evidence.verify import verify_bundle

    report = verify_bundle(file, redraw=redraw)
    if as_json:
        document = {
            "same": report.same,
            "finding_id": report.finding_id,
            "verdict": report.verdict,
            "files": report.files,
            "quotes": report.quotes,
            "differences": list(report.differences),
            "notes": list(report.notes),
        }
        click.echo(json.dumps(document, indent=1, ensure_ascii=False))
    else:
        for difference in report.differences:
            click.echo(f"differs: {difference}")
        if report.same:
            click.echo("same")
        click.echo(f"{report.finding_id}: {report.verdict}", err=True)
        click.echo(f"{report.files} files checked, {report.quotes} quoted answers", err=True)
        for note in report.notes:
            click.echo(f"note: {note}", err=True)
    ctx.exit(0 if report.same else 1)
