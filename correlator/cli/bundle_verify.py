"""`correlator bundle verify`: whether a bundle is intact, whether its verdict follows, and what the sources say now."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from correlator.cli.options import config_option, json_option, print_json, say

if TYPE_CHECKING:
    from correlator.evidence.drift import Drifted
    from correlator.evidence.quotes import Quote
    from correlator.evidence.verify import VerifyReport
    from correlator.ports import Asker


@click.command(
    short_help="Check every hash, and compute the verdict again.",
    epilog="Example: correlator bundle verify evidence.zip",
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--pictures", "redraw", is_flag=True, help="Draw the pictures again too, and compare them.")
@click.option("--online", is_flag=True, help="Ask the configured sources again for what is quoted, and show drift.")
@json_option
@config_option
@click.pass_context
def verify(ctx: click.Context, file: Path, *, redraw: bool, online: bool, as_json: bool, config: Path | None) -> None:
    """Check a bundle without network: every hash, and whether the verdict follows from the history in it.

    Prints `same`, or what differs (exit status 1). With --online it then asks the sources for each quoted answer once
    more; an answer that changed or is gone, or could not be asked for, is listed (exit status 1). A file that is not an
    intact bundle ends with exit status 2.
    """
    from correlator.evidence.opening import errors_named, open_bundle
    from correlator.evidence.verify import verify_opened

    with errors_named(file):
        bundle = open_bundle(file)
        report, _ = verify_opened(bundle, redraw=redraw)
    drifted = list(_asked_again(bundle.quotes, config)) if online else None
    if as_json:
        print_json(_document(report, drifted))
    else:
        _print(report, drifted)
    ctx.exit(0 if report.same and not _news(drifted) else 1)


def _asked_again(quotes: tuple[Quote, ...], config: Path | None) -> Iterator[Drifted]:
    from connectors.registry import build_asker
    from correlator.evidence.drift import ask_again
    from correlator.settings import load_settings

    settings = load_settings(config)

    @cache
    def asker(source: str) -> Asker:
        return build_asker(source, settings)

    return ask_again(quotes, asker)


def _news(drifted: list[Drifted] | None) -> list[Drifted]:
    return [one for one in drifted or () if one.drift != "same"]


def _print(report: VerifyReport, drifted: list[Drifted] | None) -> None:
    for difference in report.differences:
        click.echo(f"differs: {difference}")
    if report.same:
        click.echo("same")
    for one in _news(drifted):
        click.echo(str(one))
    if drifted:
        say(f"{len(drifted) - len(_news(drifted)):,} of {len(drifted):,} quoted answers are the same at their source")
    elif drifted is not None:
        say("no answer of a source is quoted, so none was asked for again")
    say(f"{report.finding_id}: {report.verdict}")
    say(f"{report.files} files checked, {report.quotes} quoted answers")
    for note in report.notes:
        say(f"note: {note}")


def _document(report: VerifyReport, drifted: list[Drifted] | None) -> dict[str, Any]:
    document: dict[str, Any] = {
        "same": report.same,
        "finding_id": report.finding_id,
        "verdict": report.verdict,
        "files": report.files,
        "quotes": report.quotes,
        "differences": list(report.differences),
        "notes": list(report.notes),
    }
    if drifted is None:
        return document
    online = [
        {"source": one.source, "fact_id": one.fact_id, "drift": one.drift.value, "said": one.said} for one in drifted
    ]
    return document | {"online": online}
