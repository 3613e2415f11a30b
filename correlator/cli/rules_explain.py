"""`correlator rules explain FINDING` and `correlator rules test RULE`: clause by clause, with the values seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from correlator.cli.options import config_option, configured_store, json_option, print_json
from correlator.cli.rules_shared import (
    clause_line,
    configured_rules,
    rule_named,
    rules_option,
    trial_document,
    trial_lines,
)
from correlator.errors import UsageError
from correlator.settings import load_settings
from rules import Rule, RuleSet
from rules.examples import examples_of, finding_of, run_examples


@click.command(
    short_help="Why a rule applies to a finding, and others do not.",
    epilog="Example: correlator rules explain F-7KQ2M4XA3B",
)
@click.argument("finding_id", metavar="FINDING")
@json_option
@config_option
def explain(finding_id: str, *, as_json: bool, config: Path | None) -> None:
    """Which rule speaks about a stored finding, why each one before it does not, and which nearly would."""
    from correlator.store.findings import get_finding

    stored = get_finding(configured_store(config), finding_id)
    if stored is None:
        raise UsageError(f"there is no finding {finding_id}", hint="`correlator findings list` shows them")
    found = configured_rules(load_settings(config))
    trials, match, nearly = (
        found.explain(stored.finding),
        found.match(stored.finding),
        found.nearly(stored.finding),
    )
    if as_json:
        document = {
            "match": match.to_dict(),
            "trials": [trial_document(trial) for trial in trials],
            "nearly": [trial_document(trial) for trial in nearly],
        }
        print_json(document)
        return
    for trial in trials:
        click.echo("\n".join(trial_lines(trial)))
    for trial in nearly:
        (missed,) = trial.failed
        click.echo(f"nearly: {trial.rule_id} ({missed.name}: wanted {missed.wanted}; seen {missed.seen})")
    click.echo(f"\nask: {match.ask}\nto: {match.owner} ({match.owner_reason})")
    for words in match.missing:
        click.echo(f"missing: {words}")


@click.command(
    short_help="Run the examples of a rule, clause by clause.", epilog="Example: correlator rules test disk-full"
)
@click.argument("rule_id", metavar="[RULE]", required=False)
@rules_option
@json_option
@config_option
@click.pass_context
def test(ctx: click.Context, rule_id: str | None, own: Path | None, *, as_json: bool, config: Path | None) -> None:
    """Run the examples of RULE, or of all rules, and show what each clause wanted and saw.

    Exit status 1 when an example does not come out as written.
    """
    rules = configured_rules(load_settings(config), own)
    chosen = [rule_named(rules, rule_id)] if rule_id else list(rules.rules)
    failures = run_examples(RuleSet(tuple(chosen)))
    examples = {rule.id: _examples(rules, rule) for rule in chosen}
    if as_json:
        print_json(examples)
    else:
        click.echo("\n".join(line for name, rows in examples.items() for row in rows for line in _lines(name, row)))
    ctx.exit(1 if failures else 0)


def _examples(rules: RuleSet, rule: Rule) -> list[dict[str, Any]]:
    rows = []
    for example in examples_of(rule):
        trial = rules.trial(rule, finding_of(rule, example.fragment))
        as_written = trial.holds is example.must
        rows.append({"example": example.name, "as_written": as_written, "trial": trial_document(trial)})
    return rows


def _lines(rule_id: str, row: dict[str, Any]) -> list[str]:
    head = f"{row['example']} of `{rule_id}`: {'as written' if row['as_written'] else 'NOT as written'}"
    return [head, *(clause_line(**clause) for clause in row["trial"]["clauses"])]
