"""`correlator findings`: what is stored, all of it or one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from correlator.cli import life
from correlator.cli.listing import findings_text, table_text
from correlator.cli.options import config_option, configured_store, json_option, print_json
from correlator.errors import UsageError
from correlator.evidence.words import sure
from correlator.model import Finding, iso
from correlator.text.quantities import expected

if TYPE_CHECKING:
    from correlator.store.findings import StoredFinding, Version


@click.group(epilog="Example: correlator findings list --json")
def findings() -> None:
    """List findings, show one, or say what becomes of one."""


for command in (life.confirm, life.dismiss, life.escalate, life.answer, life.fixed, life.life):
    findings.add_command(command)


@findings.command("list", epilog="Example: correlator findings list --json")
@json_option
@config_option
def list_(*, as_json: bool, config: Path | None) -> None:
    """The findings that stand, by tenant and job."""
    from correlator.store.findings import list_findings

    engine = configured_store(config)
    stored = list_findings(engine)
    engine.dispose()
    if as_json:
        print_json({"findings": [one.document for one in stored]})
    elif stored:
        click.echo(findings_text([one.finding for one in stored], [one.id for one in stored]))
    else:
        click.echo("No findings stored; `correlator correlate` makes them.")


@findings.command(epilog="Example: correlator findings show F-ABCDEFGHIJ --json")
@click.argument("finding_id", metavar="ID")
@json_option
@config_option
def show(finding_id: str, *, as_json: bool, config: Path | None) -> None:
    """One finding, with what was said about the job before."""
    from correlator.store.findings import finding_history, get_finding

    engine = configured_store(config)
    stored = get_finding(engine, finding_id)
    history = finding_history(engine, finding_id)
    engine.dispose()
    if stored is None:
        raise UsageError(f"there is no finding {finding_id}", hint="`correlator findings list` shows their ids")
    if as_json:
        print_json(_document(stored, history))
    else:
        click.echo(_text(stored, history))


def _document(stored: StoredFinding, history: list[Version]) -> dict[str, object]:
    return stored.document | {
        "first_raised_at": iso(stored.first_raised_at),
        "changed_at": iso(stored.changed_at),
        "updated_at": iso(stored.updated_at),
        "gone_at": iso(stored.gone_at) if stored.gone_at else None,
        "versions": [
            {"at": iso(one.at), "verdict": one.verdict, "cause": one.cause, "root_job": one.root_job} for one in history
        ],
    }


def _aligned(finding: Finding) -> str:
    if finding.observed is None or finding.expected_by_chance is None:
        return "-"
    return f"{finding.observed} observed, {expected(finding.expected_by_chance)} expected by chance"


def _text(stored: StoredFinding, history: list[Version]) -> str:
    finding = stored.finding
    rows = [
        ("job", finding.job),
        ("tenant", finding.tenant or "the unnamed tenant"),
        ("verdict", f"{finding.verdict.value}, cause: {finding.cause.value}"),
        ("path", " -> ".join(finding.path) or "-"),
        ("failed first", f"{finding.failed_first} of {finding.runs} runs, {finding.recovered_by_retry} recovered"),
        ("aligned", _aligned(finding)),
        ("confidence", "-" if finding.confidence is None else sure(finding.confidence)),
        ("needs", finding.needs or "-"),
        *((f"said {iso(one.at)}", f"{one.verdict}, {one.cause}, root {one.root_job or '-'}") for one in history),
    ]
    lead = f"{finding.summary}\n\n" if finding.summary else ""
    return lead + table_text([stored.id, ""], rows)
