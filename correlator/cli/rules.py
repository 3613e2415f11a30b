"""`correlator rules lint|list|test|explain|backtest|replay|schema`: check the rule files, see them, try them."""

from __future__ import annotations

from pathlib import Path

import click

from correlator.cli.options import config_option, json_option, print_json
from correlator.cli.rules_backtest import backtest
from correlator.cli.rules_explain import explain, test
from correlator.cli.rules_replay import replay
from correlator.cli.rules_shared import configured_rules
from correlator.settings import load_settings
from rules.checking import SCHEMA_FILE
from rules.examples import examples_of, run_examples, shadowed


@click.group(epilog="Example: correlator rules lint my-rules")
def rules() -> None:
    """Check the rule files and try them."""


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
    count = sum(1 for rule in found.rules for _ in examples_of(rule))
    if as_json:
        document = {
            "rules": len(found.rules),
            "examples": count,
            "failures": [
                {"rule": f.rule_id, "place": f.place, "example": f.example, "reason": f.reason} for f in failures
            ],
            "shadowed": behind,
        }
        print_json(document)
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
        print_json({"rules": entries, "owners": owners})
        return
    for number, rule in enumerate(found.rules, 1):
        click.echo(f"{number:3} {rule.id:42} {rule.severity:9} {rule.title}")
    for owner in found.owners:
        click.echo(f"owner of {owner.job} (tenant {owner.tenant}): {owner.team} {owner.contact}".rstrip())


@rules.command(
    short_help="Print the JSON schema of rule files.", epilog="Example: correlator rules schema > rules.schema.json"
)
@config_option
def schema(config: Path | None) -> None:
    """The JSON schema of rule files, for editors that complete and check as you type."""
    load_settings(config)  # as everywhere: a wrong setting is said
    click.echo(SCHEMA_FILE.read_text(encoding="utf-8"), nl=False)


rules.add_command(test)
rules.add_command(explain)
rules.add_command(backtest)
rules.add_command(replay)
