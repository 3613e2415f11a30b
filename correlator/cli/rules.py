"""`correlator rules lint|list|explain`: check the rule files, see them, try them on a finding."""

from __future__ import annotations

import json
from pathlib import Path

import click

from correlator.cli.options import config_option
from correlator.errors import UsageError
from correlator.settings import Settings, load_settings
from rules import RuleSet, Trial, load_rules
from rules.examples import run_examples, shadowed

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(epilog="Example: correlator rules lint my-rules")
def rules() -> None:
    """Check the rule files and try them."""


def configured_rules(settings: Settings, folder: Path | None = None) -> RuleSet:
    """The rules of one folder, or of `rules.folders`, before the built-in ones."""
    folders = [folder] if folder else [Path(name) for name in settings["rules.folders"]]
    return load_rules(folders)


@rules.command(epilog="Example: correlator rules lint my-rules")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@json_option
@config_option
@click.pass_context
def lint(ctx: click.Context, folder: Path | None, *, as_json: bool, config: Path | None) -> None:
    """Check every rule against the schema and run its examples.

    Without FOLDER the folders of `rules.folders` are checked; the built-in rules always are. Exit status 1 when an
    example does not come out as written, 2 when a file is wrong.
    """
    found = configured_rules(load_settings(config), folder)
    failures, behind = run_examples(found), shadowed(found)
    count = sum(len(rule.must_match) + len(rule.must_not_match) for rule in found.rules)
    if as_json:
        document = {
            "rules": len(found.rules),
            "examples": count,
            "failures": [
                {"rule": f.rule_id, "place": f.place, "example": f.example, "reason": f.reason} for f in failures
            ],
            "shadowed": behind,
        }
        click.echo(json.dumps(document, indent=1, ensure_ascii=False))
    else:
        for failure in failures:
            click.echo(f"{failure.place}: {failure.example} of `{failure.rule_id}`: {failure.reason}")
        for line in behind:
            click.echo(f"note: {line}", err=True)
        click.echo(f"{len(found.rules)} rules, {count} examples, {len(failures)} failed")
    ctx.exit(1 if failures else 0)


@rules.command("list", epilog="Example: correlator rules list")
@json_option
@config_option
def list_(*, as_json: bool, config: Path | None) -> None:
    """The rules in the order they are tried."""
    found = configured_rules(load_settings(config))
    if as_json:
        entries = [
            {
                "id": rule.id,
                "title": rule.title,
                "severity": rule.severity,
                "version": rule.version,
                "place": rule.place,
            }
            for rule in found.rules
        ]
        owners = [{"job": o.job, "tenant": o.tenant, "team": o.team, "contact": o.contact} for o in found.owners]
        click.echo(json.dumps({"rules": entries, "owners": owners}, indent=1, ensure_ascii=False))
        return
    for number, rule in enumerate(found.rules, 1):
        click.echo(f"{number:3} {rule.id:42} {rule.severity:9} {rule.title}")
    for owner in found.owners:
        click.echo(f"owner of {owner.job} (tenant {owner.tenant}): {owner.team} {owner.contact}".rstrip())


@rules.command(epilog="Example: correlator rules explain F-7KQ2M4XA3B")
@click.argument("finding_id", metavar="FINDING")
@json_option
@config_option
def explain(finding_id: str, *, as_json: bool, config: Path | None) -> None:
    """Which rule speaks about a stored finding, and why each one before it does not."""
    from correlator.store.database import open_store
    from correlator.store.findings import get_finding

    settings = load_settings(config)
    stored = get_finding(open_store(settings["database.url"]), finding_id)
    if stored is None:
        raise UsageError(f"there is no finding {finding_id}", hint="`correlator findings list` shows them")
    found = configured_rules(settings)
    trials, match = found.explain(stored.finding), found.match(stored.finding)
    if as_json:
        document = {"match": match.to_dict(), "trials": [_trial(trial) for trial in trials]}
        click.echo(json.dumps(document, indent=1, ensure_ascii=False))
        return
    for trial in trials:
        _show(trial)
    click.echo(f"\nask: {match.ask}\nto: {match.owner} ({match.owner_reason})")
    for words in match.missing:
        click.echo(f"missing: {words}")


def _trial(trial: Trial) -> dict[str, object]:
    clauses = [{"name": c.name, "wanted": c.wanted, "seen": c.seen, "holds": c.holds} for c in trial.clauses]
    return {"rule": trial.rule_id, "title": trial.title, "holds": trial.holds, "clauses": clauses}


def _show(trial: Trial) -> None:
    click.echo(f"{'✓' if trial.holds else '✗'} {trial.rule_id}: {trial.title}")
    for clause in trial.clauses:
        click.echo(f"    {'✓' if clause.holds else '✗'} {clause.name}: wanted {clause.wanted}; seen {clause.seen}")
