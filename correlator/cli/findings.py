"""`correlator findings`: what is stored, all of it or one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from correlator.cli import life
from correlator.cli.listing import findings_text, table_text
from correlator.cli.options import config_option, configured_store, json_option, print_json
from correlator.errors import UsageError
from correlator.evidence.words import sure
from correlator.model import Finding, Verdict, iso
from correlator.text.quantities import expected, plural

if TYPE_CHECKING:
    from correlator.store.findings import StoredFinding, Version


@click.group(epilog="Example: correlator findings list --json")
def findings() -> None:
    """List findings, show one, or record what was decided about one."""


for command in (life.confirm, life.dismiss, life.escalate, life.answer, life.claim_fix_, life.life):
    findings.add_command(command)


@findings.command(
    "list",
    short_help="All open findings.",
    epilog="Example: correlator findings list --verdict systemic --tenant tenant-07",
)
@click.option("--verdict", type=click.Choice([one.value for one in Verdict]), help="Only those with this verdict.")
@click.option("--tenant", metavar="TENANT", help="Only those of this tenant.")
@click.option("--job", metavar="JOB", help="Only those of this job.")
@json_option
@config_option
def list_(verdict: str | None, tenant: str | None, job: str | None, *, as_json: bool, config: Path | None) -> None:
    """All open findings, by tenant and job."""
    from correlator.store.findings import list_findings

    engine = configured_store(config)
    every = list_findings(engine)
    engine.dispose()
    wanted = {"verdict": verdict, "tenant": tenant, "job": job}
    stored = [one for one in every if _is_wanted(one.finding, wanted)]
    if as_json:
        print_json({"findings": [one.document for one in stored]})
    elif stored:
        click.echo(findings_text([one.finding for one in stored], [one.id for one in stored]))
    elif every:
        click.echo(f"No match among {plural(len(every), 'finding')}.")
    else:
        click.echo("No findings stored; `correlator correlate` makes them.")


def _is_wanted(finding: Finding, wanted: Mapping[str, str | None]) -> bool:
    """Whether it has every value that is given."""
    return all(value is None or getattr(finding, name) == value for name, value in wanted.items())


@findings.command(epilog="Example: correlator findings show F-ABCDEFGHIJ --json")
@click.argument("finding_id", metavar="ID")
@json_option
@config_option
def show(finding_id: str, *, as_json: bool, config: Path | None) -> None:
    """One finding, with its earlier versions."""
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
